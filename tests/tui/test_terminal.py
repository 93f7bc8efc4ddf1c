"""`watchdog top` in a real terminal, as a person sees and uses it."""

from __future__ import annotations

import os
import pty
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system.harness import Watchdog, World, is_alive, wait_until

TMUX = pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux shows what a terminal would")
CONFIG = """
[programs.bot]
command = ["sh", "-c", "echo born; exec sleep 600"]
restart = { initial = "2s", maximum = "2s" }
"""


class Terminal:
    """A tmux with one pane."""

    def __init__(self, world: World, *words: str, **environment: str) -> None:
        self._tmux = ["tmux", "-u", "-f", "/dev/null", "-S", str(world.place / "tmux")]
        wanted = {**world.environment, "TERM": "tmux-256color", **environment}
        words = ("env", "-i", *(f"{k}={v}" for k, v in wanted.items()), *words)
        command = f"{shlex.join(words)}; echo ended $?; exec sleep 100"
        self("new-session", "-d", "-x", "80", "-y", "24", command)

    def __call__(self, *words: str) -> str:
        done = subprocess.run([*self._tmux, *words], capture_output=True, text=True, check=True)
        return done.stdout

    def screen(self) -> str:
        return self("capture-pane", "-p")

    def press(self, *keys: str) -> None:
        self("send-keys", *keys)

    def shows(self, *texts: str) -> str:
        """The screen, once all of this is on it."""

        def there() -> str:
            seen = self.screen()
            return seen if all(text in seen for text in texts) else ""

        try:
            return str(wait_until(there, str(texts)))
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.screen()}") from None


@pytest.fixture
def opened(world: World) -> Iterator[list[Terminal]]:
    """Terminals that are closed with the test."""
    terminals: list[Terminal] = []
    yield terminals
    for terminal in terminals:
        terminal("kill-server")


def top(world: World, opened: list[Terminal], *words: str, **environment: str) -> Terminal:
    command = (sys.executable, "-m", "watchdog", "top", *words)
    opened.append(Terminal(world, *command, **environment))
    return opened[-1]


def next_pid(watchdog: Watchdog, last: int) -> int:
    """Of the process that comes after this one."""
    found: int = watchdog.wait("bot", lambda p: p["pid"] not in (None, last), "another")["pid"]
    return found


@TMUX
def test_a_person_sees_a_program_die_and_come_back_and_uses_keys(
    world: World, opened: list[Terminal]
) -> None:
    """Dead, waiting, alive again; stopped by a key after one question; quit leaves all as it is."""
    watchdog = world.up(CONFIG)
    pid = watchdog.wait_state("bot", "RUNNING")["pid"]
    terminal = top(world, opened, "-c", watchdog.config)
    seen = terminal.shows("1 program", "RUNNING", "born", "Quit")
    assert "▸ bot" in seen and all(len(line) <= 80 for line in seen.splitlines())
    for _ in range(2):  # the first crash is answered at once, the second one waits
        os.kill(pid, 9)
        pid = next_pid(watchdog, pid)
    terminal.shows("RUNNING", str(pid), "incarnation 3")
    terminal.press("2")
    terminal.shows("crash", "SIGKILL")
    terminal.press("x")
    terminal.shows("Stop bot?", "It will stay down")
    terminal.press("y")
    terminal.shows("bot stopped", "STOPPED")
    assert not is_alive(pid)
    terminal.press("s")
    terminal.shows("bot started")
    terminal.press("q")
    terminal.shows("ended 0")
    assert watchdog.program("bot")["state"] in ("STARTING", "RUNNING")


@TMUX
def test_in_a_poor_terminal_all_is_ascii(world: World, opened: list[Terminal]) -> None:
    """Where the locale has no Unicode none is sent, and the keys are the same."""
    watchdog = world.up(CONFIG)
    poor = {"LC_ALL": "C", "LANG": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    terminal = top(world, opened, "-c", watchdog.config, TERM="screen", **poor)
    seen = terminal.shows("> bot", "RUNNING", "born", "Quit")
    assert seen.isascii(), seen
    terminal.press("?")
    assert terminal.shows("restart it").isascii()


def test_without_a_terminal_it_says_so(world: World) -> None:
    """A pipe gets a sentence and what to use instead."""
    ended = world.call("top")
    assert ended.returncode == 2
    assert ended.stdout == (
        "watchdog: `top` needs a terminal; `watchdog status` is for pipes and scripts\n"
    )


@pytest.mark.parametrize(("command", "module"), [("top", "textual"), ("web", "textual_serve")])
def test_a_missing_package_is_named_with_the_way_to_get_it(
    world: World, command: str, module: str
) -> None:
    """Without the extra there is a sentence and 78, no trace."""
    hidden = world.place / "hidden"
    hidden.mkdir()
    (hidden / "sitecustomize.py").write_text(
        "import importlib.util as u\nfind = u.find_spec\n"
        f"u.find_spec = lambda name, *a: None if name == {module!r} else find(name, *a)\n"
    )
    world.environment["PYTHONPATH"] += f":{hidden}"
    ended = world.call(command)
    assert ended.returncode == 78
    assert "pip install 'watchdog-supervisor[" in ended.stdout and "Trace" not in ended.stdout


def test_a_password_is_asked_for_before_the_first_screen(world: World, tmp_path: Path) -> None:
    """A wrong one ends it with a sentence; the view never opens."""
    text = '[watchdog]\nstate = "state"\n' + CONFIG
    text = text.replace("[programs", 'socket_username = "me"\nsocket_password = "right"\n[programs')
    watchdog = world.start(text)
    wait_until(lambda: watchdog.socket.exists(), "the socket")
    environment = {**world.environment, "WATCHDOG_PASSWORD": "wrong", "TERM": "xterm"}
    main, side = pty.openpty()
    try:
        words = ("-m", "watchdog", "top", "-s", str(watchdog.socket), "--user", "me")
        process = subprocess.run(
            [sys.executable, *words],
            stdin=side,
            stdout=side,
            stderr=side,
            env=environment,
            timeout=60,
        )
        said = os.read(main, 4096).decode()
    finally:
        os.close(main)
        os.close(side)
    assert process.returncode == 4 and "the user or the password is wrong" in said
