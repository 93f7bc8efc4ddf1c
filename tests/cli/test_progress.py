"""Waiting is shown on a terminal and nowhere else; every command's help has an example."""

from __future__ import annotations

import io
import os
import pty
import select
import sys
import time

import pytest

from watchdog.cli.main import COMMANDS
from watchdog.cli.progress import Waiting, picture
from watchdog.cli.request import under_way
from watchdog_supervisor import start_demo

CODE = """
import sys, time
from watchdog.cli.progress import Waiting
with Waiting("stopping bot", lambda: "bot STOPPING") as waiting:
    time.sleep(float(sys.argv[1]))
    waiting.say("a line")
    time.sleep(0.3)
print("done")
"""


def on_terminal(seconds: float, **environment: str) -> str:
    """What a terminal gets of a wait of so many seconds."""
    pid, terminal = pty.fork()
    if not pid:
        os.environ.update({"TERM": "xterm", "COLUMNS": "60", **environment})
        os.execv(sys.executable, [sys.executable, "-c", CODE, str(seconds)])
    shown = b""
    end = time.monotonic() + 60
    while time.monotonic() < end and select.select([terminal], [], [], 60)[0]:
        try:
            shown += os.read(terminal, 65536)
        except OSError:  # the terminal is gone with its last process
            break
    os.close(terminal)
    os.waitpid(pid, 0)
    return shown.decode()


def test_a_long_wait_is_shown_and_cleared() -> None:
    """After a second there is a line with what is awaited; at the end nothing of it is left."""
    shown = on_terminal(3.0, NO_COLOR="1")
    assert "stopping bot: bot STOPPING" in shown
    assert "\r\x1b[Ka line" in shown
    assert shown.endswith("\r\x1b[Kdone\r\n")
    assert "\x1b[36m" not in shown
    assert "\x1b[36m" in on_terminal(1.5)


def test_a_short_wait_or_a_dumb_terminal_shows_nothing() -> None:
    """Below a second, and where a line cannot be cleared, only the output is there."""
    assert on_terminal(0.0) == "a line\r\ndone\r\n"
    assert on_terminal(1.5, TERM="dumb") == "a line\r\ndone\r\n"


def test_a_pipe_gets_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Standard error that is no terminal stays clean, and no thread is started."""
    error = io.StringIO()
    monkeypatch.setattr(sys, "stderr", error)
    with Waiting("x") as waiting:
        assert waiting._thread is None
    assert error.getvalue() == ""


def test_the_line_never_wraps() -> None:
    """However much is to be said, it stays below the width."""
    for width in (5, 20, 80):
        assert len(picture("stopping all", "a STOPPING, " * 20, 12.3, width)) <= width - 3
    assert picture("stopping", "bot STOPPING", 2.4, 80) == "stopping: bot STOPPING  2 s"


def test_what_is_under_way_is_named() -> None:
    """Only named programs, and only those between two states."""
    programs = [
        {"name": "bot", "state": "STOPPING"},
        {"name": "web", "state": "RUNNING"},
        {"name": "job", "state": "BACKOFF"},
    ]
    assert under_way(programs, ["all"]) == "bot STOPPING, job BACKOFF"
    assert under_way(programs, ["job", "web"]) == "job BACKOFF"


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_help_shows_an_example(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Every command's --help has a line that can be typed as it is."""
    from watchdog.cli.main import main

    assert main([command, "--help"], demo=start_demo, run=lambda config, names: 0) == 0
    assert f"example:\n  watchdog {command}" in capsys.readouterr().out
