"""Completion in the real shells: commands, options, names of programs, of incidents, and files."""

from __future__ import annotations

import os
import pty
import select
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.conftest import Call
from tests.control.fake import FakeDaemon
from watchdog.cli.completion import SHELLS
from watchdog.cli.main import COMMANDS

BIN = Path(sys.executable).parent

_IN_BASH = """
source ./script
COMP_LINE=$1; COMP_POINT=${#1}; COMP_WORDS=($1); COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
_watchdog
printf '%s\\n' "${COMPREPLY[@]}"
"""


def need(shell: str) -> str:
    """The path of the shell."""
    found = shutil.which(shell)
    if found is None:
        pytest.skip(f"needs {shell}")
    return found


def environment() -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith("BASH")}
    return kept | {"PATH": f"{BIN}:{os.environ['PATH']}", "TERM": "xterm"}


def script_of(shell: str, directory: Path) -> Path:
    """The script, written by the installed command."""
    script = directory / "script"
    made = subprocess.run(
        [BIN / "watchdog", "completion", shell], capture_output=True, text=True, timeout=60
    )
    assert (made.returncode, made.stderr) == (0, "")
    script.write_text(made.stdout)
    return script


def complete(shell: str, line: str, directory: Path) -> set[str]:
    """What the shell offers at the end of this line."""
    words = {
        "bash": ["bash", "--norc", "--noprofile", "-c", _IN_BASH, "bash", line],
        "fish": ["fish", "--no-config", "-c", "source ./script; complete -C $argv[1]", line],
    }[shell]
    told = subprocess.run(
        words, cwd=directory, env=environment(), capture_output=True, text=True, timeout=60
    )
    assert told.stderr == ""
    return {offered.split("\t")[0] for offered in told.stdout.splitlines() if offered}


@pytest.mark.parametrize("shell", ["bash", "fish"])
def test_everything_is_completed(shell: str, daemon: FakeDaemon, directory: Path) -> None:
    """Commands, options, choices, programs of the running watchdog, and files."""
    need(shell)
    script_of(shell, directory)
    (directory / "bot.toml").write_text("")
    assert complete(shell, "watchdog st", directory) == {"start", "status", "stop"}
    assert complete(shell, "watchdog ", directory) >= set(COMMANDS)
    assert "watchdog.toml" in complete(shell, "watchdog -c watch", directory)
    assert complete(shell, "watchdog logs --st", directory) == {"--stderr"}
    assert complete(shell, "watchdog start ", directory) == {"all", "bot", "web", "late"}
    assert complete(shell, "watchdog -c watchdog.toml logs bot w", directory) == {"web"}
    assert complete(shell, "watchdog completion z", directory) == {"zsh"}
    assert "bot.toml" in complete(shell, "watchdog status -c bo", directory)
    assert complete(shell, "watchdog signal US", directory) >= {"USR1", "USR2"}


def test_names_come_from_the_configuration_without_a_watchdog(directory: Path, call: Call) -> None:
    """Of a TOML that may be half written elsewhere, and of a supervisord.conf."""
    (directory / "watchdog.toml").write_text("[programs.a]\nnonsense = 1\n[programs.b]\n")
    assert call("completion", "--list", "programs") == (0, "a\nb\n", "")
    (directory / "s.conf").write_text("[program:c]\ncommand = x\n")
    assert call("completion", "--list", "programs", "-c", "s.conf") == (0, "c\n", "")
    (directory / "bad.toml").write_text("[programs\n")
    assert call("completion", "--list", "programs", "-c", "bad.toml") == (0, "\n", "")
    assert call("completion", "--list", "incidents") == (0, "\n", "")


def test_bash_replaces_only_what_follows_a_colon(daemon: FakeDaemon, directory: Path) -> None:
    """bash takes group:name for several words, and would double the group."""
    script_of("bash", directory)
    (directory / "g.toml").write_text('[programs."g:one"]\n[programs."g:two"]\n')
    assert complete("bash", "watchdog logs -c g.toml g:o", directory) == {"one"}


def test_zsh_completes_as_it_is_typed(daemon: FakeDaemon, directory: Path) -> None:
    """A TAB in a real zsh completes a command, and the name of a program."""
    need("zsh")
    script_of("zsh", directory)
    shown = type_into(
        ["zsh", "-f", "-i"],
        directory,
        [
            "autoload -Uz compinit && compinit -u -d ./dump && source ./script && echo rea''dy\n",
            "watchdog relo\t",
            "\x15watchdog logs --std\t",
            "\x15watchdog logs la\t",
        ],
        ["ready", "watchdog reload", "logs --stderr", "logs late"],
    )
    assert shown is None, shown


def type_into(
    command: list[str], directory: Path, typed: list[str], awaited: list[str]
) -> str | None:
    """Type each text and wait for what must appear; what was seen if one did not."""
    pid, terminal = pty.fork()
    if not pid:
        os.chdir(directory)
        os.execvpe(command[0], command, {**environment(), "PS1": "$ "})
    try:
        for text, wanted in zip(typed, awaited, strict=True):
            os.write(terminal, text.encode())
            seen = _read_until(terminal, wanted)
            if wanted not in seen:
                return f"{wanted!r} is not in {seen!r}"
    finally:
        os.kill(pid, 9)
        os.close(terminal)
        os.waitpid(pid, 0)
    return None


def _read_until(terminal: int, wanted: str) -> str:
    seen, end = "", time.monotonic() + 30
    while wanted not in seen and time.monotonic() < end:
        if select.select([terminal], [], [], 0.5)[0]:
            seen += os.read(terminal, 65536).decode(errors="replace")
    return seen


@pytest.mark.parametrize("shell", SHELLS)
def test_no_command_and_no_option_is_missing(shell: str, directory: Path) -> None:
    """The script is made of the parsers themselves."""
    text = script_of(shell, directory).read_text()
    for command in COMMANDS:
        assert command in text
    for option in ("take-over", "password-file", "no-wait", "since", "uninstall", "plain"):
        assert option in text
