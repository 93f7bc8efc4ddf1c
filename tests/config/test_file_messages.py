"""What a person reads whose mistake is in the whole file, or in a file beside it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from watchdog.config import Config, ConfigError, load

COMMAND = 'a list of words such as ["python", "-m", "bot"], or one string'
ADDRESS = 'an address and port such as "127.0.0.1:9877"'

WHOLE = [
    (
        "",
        "watchdog.toml: programs: there is no program; "
        'add a table such as [programs.bot] with command = ["python", "-m", "bot"]',
    ),
    ("programs = 1", "watchdog.toml:1: programs: found 1; allowed: a table"),
    (
        "[programs]\nbot = 1",
        "watchdog.toml:2: programs.bot: found 1; allowed: a table\n"
        f"watchdog.toml:2: programs.bot: command is missing; allowed: {COMMAND}",
    ),
    (
        "[programs.bot]",
        f"watchdog.toml:1: programs.bot: command is missing; allowed: {COMMAND}",
    ),
    (
        "[programs.bot]\ncommand = []",
        "watchdog.toml:2: programs.bot.command: found a list (not shown); "
        f"allowed: {COMMAND}\n    it is empty",
    ),
    (
        "[programs.bot]\ncommand = [\n'a',\n1]",
        f"watchdog.toml:4: programs.bot.command[1]: found a number (not shown); allowed: {COMMAND}",
    ),
    (
        '[programs.bot]\ncommand = "a \'b"',
        "watchdog.toml:2: programs.bot.command: found a string (not shown); "
        f"allowed: {COMMAND}\n    no closing quotation in the string",
    ),
    (
        "[programs.all]\ncommand='x'",
        "watchdog.toml:1: programs.all: a program cannot be named all; "
        "commands such as `watchdog stop all` mean every program by it",
    ),
    (
        "[programs.'a:b:c']\ncommand='x'",
        'watchdog.toml:1: programs."a:b:c": not a name for a program; allowed: letters, digits, '
        "_, ., @, + and -, at most 64 of them, beginning with a letter, a digit or _; "
        "in front of it there may be a group and a colon",
    ),
    (
        "[program.bot]\ncommand='x'\n[programs.b]\ncommand='x'",
        'watchdog.toml:1: program: unknown table; did you mean "programs"?',
    ),
    (
        "[zzz]\n[programs.b]\ncommand='x'",
        "watchdog.toml:1: zzz: unknown table; allowed: watchdog, programs, alerts",
    ),
    (
        "[watchdog]\nhttp = 'nope'\n[programs.b]\ncommand='x'",
        f'watchdog.toml:2: watchdog.http: found "nope"; allowed: {ADDRESS}',
    ),
    (
        "[programs.a]\ncommand='x'\nsingleton='telegram:7:aaaaaaaa'\n"
        "[programs.b]\ncommand='x'\nsingleton='telegram:07:bbbbbbbb'",
        "watchdog.toml:6: programs.b.singleton: telegram:7 is already that of programs.a",
    ),
    (
        "[programs.a]\ncommand='x'\nlogs.path='o.log'\n"
        "[programs.b]\ncommand='x'\nlogs={stderr='o.log'}",
        "watchdog.toml:6: programs.b.logs: o.log is already that of programs.a",
    ),
    (
        "[programs.a]\ncommand='x'\ndepends_on=['b']\n[programs.b]\ncommand='x'\n"
        "depends_on=['c']\n[programs.c]\ncommand='x'\ndepends_on=['b']",
        "watchdog.toml:6: programs.b.depends_on: programs wait for each other: b -> c -> b; "
        "take one of these out",
    ),
    (
        "[programs.a]\ncommand=?\n",
        "watchdog.toml:2: not valid TOML: Invalid value, column 9",
    ),
    (
        "[programs.a\ncommand='x'",
        "watchdog.toml:1: not valid TOML: Expected ']' at the end of a table declaration, "
        "column 12",
    ),
    (
        "[programs.a]\ncommand='x'\ncommand='y'\n",
        "watchdog.toml:3: a key or table is given twice (Cannot overwrite a value, column 12)",
    ),
    ("a = " + "[" * 5000, "watchdog.toml: nested too deeply"),
    ("a = " + "9" * 5000, "watchdog.toml: a value is no valid TOML"),
]


@pytest.mark.parametrize(("text", "message"), WHOLE, ids=[row[0][:40] for row in WHOLE])
def test_mistake_in_a_file(text: str, message: str, complaint: Callable[..., str]) -> None:
    """A mistake in the shape of the whole file is told in the same way."""
    assert complaint(text) == message


def test_all_mistakes_at_once(complaint: Callable[..., str]) -> None:
    """One reading tells every mistake, in the order of the lines."""
    told = complaint("[programs.a]\nx=1\ncommand='a'\nuser=1\n[watchdog]\nhttp=1\n").splitlines()
    assert [line.split(":")[1] for line in told] == ["2", "4", "6"]


def test_lines_of_a_file_from_windows(tmp_path: Path) -> None:
    """Carriage returns do not keep a line from being found."""
    (tmp_path / "w.toml").write_bytes(b"[programs.a]\r\n# c\r\ncommand = 1\r\n")
    with pytest.raises(ConfigError, match=r"w\.toml:3: programs\.a\.command: "):
        load(tmp_path / "w.toml", {"HOME": "/h"})


def test_a_bad_line_in_an_env_file(complaint: Callable[..., str]) -> None:
    """A malformed .env is told with its own name and line, and nothing of the line is shown."""
    told = complaint(
        '[programs.a]\ncommand = "${A} ${C}"\nenv_file = ".env"\n',
        env="A=1\nhunter2 is it\nB='x\n",
    )
    allowed = 'allowed: KEY=value, KEY="quoted value", or a comment that begins with #'
    assert told == (
        f".env:2: found no KEY= at the start of the line; {allowed}\n"
        f".env:3: found a quote that is not closed, or something after the closing one; {allowed}"
    )


def test_a_missing_variable_names_where_it_was_looked_for(complaint: Callable[..., str]) -> None:
    """A missing variable is told with both places that were looked at."""
    told = complaint('[programs.a]\ncommand = "${NOPE}"\nenv_file = ".env"\n', env="A=1")
    assert told == (
        "watchdog.toml:2: programs.a.command: the variable NOPE is set neither in .env "
        "nor in the environment; set it, or write ${NAME:-default}"
    )


def test_a_socket_path_that_is_too_long(complaint: Callable[..., str]) -> None:
    """A socket path over the system's limit is refused with its length, the limit and the key."""
    path = "/" + "s" * 107
    assert complaint(f'[programs.a]\ncommand="x"\n[watchdog]\nsocket = "{path}"\n') == (
        f"watchdog.toml:4: watchdog.socket: found a path of 108 bytes, {path}; "
        "allowed: at most 107 bytes, the limit of the system\n"
        "    set `socket` under [watchdog] to a shorter path, such as /tmp/watchdog-bot.sock"
    )


def test_a_socket_path_of_just_the_limit(read: Callable[..., Config]) -> None:
    """The limit itself is allowed."""
    path = "/" + "s" * 106
    assert str(read(f'watchdog.socket = "{path}"\n[programs.a]\ncommand="x"').socket) == path


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    """A missing file, a directory, an endless file and an unusable name have their own words."""
    unusable = {
        tmp_path / "none.toml": "no such file",
        tmp_path: "a directory, not a file",
        Path("/dev/zero"): "a file larger than 4 MB",
        tmp_path / ("x" * 300): "cannot be read: File name too long",
        tmp_path / "a\0b": "cannot be read: not a usable file name",
    }
    for path, words in unusable.items():
        with pytest.raises(ConfigError) as caught:
            load(path, {})
        assert str(caught.value) == f"{path}: {words}"


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    """A file in another encoding is told with the line of its first foreign byte."""
    (tmp_path / "latin.toml").write_bytes(b"a = 1\nb = '\xe9'")
    with pytest.raises(ConfigError, match=r"latin\.toml:2: not UTF-8 text"):
        load(tmp_path / "latin.toml", {})


def test_an_ini_file_by_its_suffix(tmp_path: Path) -> None:
    """A file with supervisor's suffix is read as such, whatever is in it."""
    (tmp_path / "supervisord.conf").write_text("[watchdog]\nstate = here\n")
    with pytest.raises(ConfigError, match="there is no program"):
        load(tmp_path / "supervisord.conf", {})


def test_a_named_pipe_is_not_waited_for(tmp_path: Path) -> None:
    """It would hold up a watchdog that reloads until somebody writes, and may be anybody's."""
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ConfigError, match="a named pipe, not a file"):
        load(tmp_path / "pipe", {})


def test_a_configuration_may_come_from_a_command(tmp_path: Path) -> None:
    """What a shell gives as `<(command)` is waited for, and read to its end."""
    script = "watchdog check -c <(sleep 0.3; echo '[programs.bot]'; echo 'command = \"true\"')"
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=tmp_path,
        env=os.environ | {"PATH": path},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert "is usable" in done.stdout, done.stderr
