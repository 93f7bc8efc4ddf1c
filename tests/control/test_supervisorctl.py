"""The real supervisorctl, unmodified, against our server."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.control.fake import FakeBackend, FakeDaemon, view
from watchdog.core.model import State

SUPERVISORCTL = Path(sys.executable).with_name("supervisorctl")


def supervisorctl(daemon: FakeDaemon, *words: str, text: str = "") -> tuple[int, str]:
    """Its exit code, and all that it printed."""
    done = subprocess.run(
        [SUPERVISORCTL, "-s", f"unix://{daemon.path}", *words],
        input=text,
        capture_output=True,
        text=True,
        timeout=60,
        cwd=daemon.path.parent,  # no configuration is found here
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("words", "code", "expected"),
    [
        ("version", 0, "0.1.0\n"),
        ("start web", 0, "web: started\n"),
        ("start bot", 0, "bot: ERROR (already started)\n"),
        ("start nope", 1, "nope: ERROR (no such process)\n"),
        ("start nope:*", 2, "nope: ERROR (no such group)\n"),
        ("start all", 0, "web: started\n"),
        ("stop bot", 0, "bot: stopped\n"),
        ("stop web", 0, "web: ERROR (not running)\n"),
        ("stop all", 0, "bot: stopped\nlate: stopped\n"),
        ("restart bot", 0, "bot: stopped\nbot: started\n"),
        ("signal HUP bot", 0, "bot: signalled\n"),
        ("signal HUP all", 0, "bot: signalled\n"),
        ("signal HUP web", 7, "web: ERROR (not running)\n"),
        ("signal FOO bot", 1, "bot: ERROR (bad signal name)\n"),
        ("tail -8 bot", 0, "line 99\n\n"),
        ("tail web", 1, "web: ERROR (no log file)\n"),
        ("maintail -5", 0, "main\n\n"),
        ("status nope", 4, "nope: ERROR (no such process)\n"),
        ("shutdown", 0, "Shut down\n"),
    ],
)
def test_a_command_prints_and_exits_as_with_supervisord(
    daemon: FakeDaemon, words: str, code: int, expected: str
) -> None:
    """Each command of supervisorctl works, down to its exit code."""
    directory = daemon.backend.directory
    (directory / "bot.stdout").write_text("".join(f"line {n}\n" for n in range(100)))
    (directory / "main.log").write_text("main\n")
    assert supervisorctl(daemon, *words.split()) == (code, expected)


def test_status_shows_states_and_descriptions(daemon: FakeDaemon) -> None:
    """WAITING is shown as STARTING with its reason; the rest as supervisor words it."""
    code, text = supervisorctl(daemon, "status")
    lines = [line.split(None, 2) for line in text.splitlines()]
    assert code == 3
    assert lines[0][:2] == ["bot", "RUNNING"]
    assert lines[0][2].startswith("pid 4711, uptime 0:00:1")
    assert lines[1] == ["late", "STARTING", "waits for the lock"]
    assert lines[2] == ["web", "STOPPED", "Not started"]


def test_avail_lists_every_program(daemon: FakeDaemon) -> None:
    """avail works, and shows autostart and priorities."""
    code, text = supervisorctl(daemon, "avail")
    assert code == 0
    assert text.splitlines()[0].split() == ["bot", "in", "use", "auto", "999:999"]


def test_a_spawn_failure_exits_with_7(daemon: FakeDaemon, backend: FakeBackend) -> None:
    """A program that cannot be spawned is a dead program, as with supervisord."""
    backend.failing["web"] = "no such file"
    assert supervisorctl(daemon, "start", "web") == (7, "web: ERROR (spawn error)\n")


def test_groups_are_addressed_by_name(daemon: FakeDaemon, backend: FakeBackend) -> None:
    """group:name and group:* mean what they mean for supervisord."""
    backend.views["w1"] = view("w1", State.STOPPED, group="workers")
    backend.views["w2"] = view("w2", State.STOPPED, group="workers")
    assert supervisorctl(daemon, "start", "workers:w1") == (0, "workers:w1: started\n")
    assert supervisorctl(daemon, "start", "workers:*") == (0, "workers:w2: started\n")
    assert supervisorctl(daemon, "start", "w1") == (1, "w1: ERROR (no such process)\n")


def test_the_interactive_shell_keeps_its_connection(daemon: FakeDaemon) -> None:
    """Several commands go over one connection, and a wrong one does not end it."""
    code, text = supervisorctl(daemon, text="pid bot\nnonsense\nstart web\nexit\n")
    assert "4711" in text
    assert "*** Unknown syntax: nonsense" in text
    assert "web: started" in text
    assert code in (0, 1)


def test_tail_f_follows(daemon: FakeDaemon) -> None:
    """tail -f shows the end of the log, and what is written while it runs."""
    log = daemon.backend.directory / "bot.stdout"
    log.write_text("before\n")
    command = [SUPERVISORCTL, "-s", f"unix://{daemon.path}", "tail", "-f", "bot"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as tail:
        assert tail.stdout is not None
        assert tail.stdout.readline() == "==> Press Ctrl-C to exit <==\n"
        assert tail.stdout.readline() == "before\n"
        with log.open("a") as file:
            file.write("after\n")
        assert tail.stdout.readline() == "after\n"
        tail.terminate()
