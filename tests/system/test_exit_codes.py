"""How `watchdog run` itself ends: its exit codes."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from tests.system.harness import PATIENCE, World, is_alive, unused_key, wait_until

SLEEPER = '[programs.a]\ncommand = "sleep 600"\n'

ENDS = [
    ("exit 5", 5),
    ("exit 77", 77),
    ("kill -KILL $$$$", 128 + signal.SIGKILL),
    ("kill -SEGV $$$$", 128 + signal.SIGSEGV),
]


@pytest.mark.parametrize(("script", "code"), ENDS)
def test_then_exit_passes_the_childs_failure_upward(world: World, script: str, code: int) -> None:
    """With `then = "exit"` the watchdog ends as the program did: its code, or 128 + the signal."""
    watchdog = world.start(
        f'[programs.a]\ncommand = ["sh", "-c", "{script}"]\n'
        'restart = { when = "always", limit = 0, then = "exit" }\n'
    )
    assert watchdog.wait_exit() == code
    assert "everything is down" in watchdog.text


def test_then_exit_stops_the_others_first(world: World) -> None:
    """The other programs are stopped in good order before the code travels upward."""
    watchdog = world.start(
        '[programs.a]\ncommand = ["sh", "-c", "sleep 1; exit 9"]\n'
        'restart = { limit = 0, then = "exit" }\n'
        "[programs.other]\n"
        """command = ["sh", "-c", "trap 'echo farewell; exit 0' TERM; sleep 600 & wait"]\n"""
    )
    assert watchdog.wait_exit() == 9
    assert "farewell" in watchdog.log("other")


def test_a_clean_stop_is_zero(world: World) -> None:
    """SIGTERM and `watchdog shutdown` end it with 0, and nothing of it is left."""
    watchdog = world.up(SLEEPER)
    pid = watchdog.wait("a", lambda p: p["pid"], "a pid")["pid"]
    assert watchdog.leave() == 0
    assert not is_alive(pid)
    again = world.up(SLEEPER)
    told = again.call("shutdown")
    assert told.returncode == 0, told.stdout
    assert again.wait_exit() == 0
    assert not list(world.marked())


def test_a_second_watchdog_is_refused_and_told_who_runs(world: World) -> None:
    """The same configuration twice is exit 69 with the pid, the user, the time and what to do."""
    watchdog = world.up(SLEEPER)
    second = world.call("run", "-c", watchdog.config)
    assert second.returncode == 69
    assert f"pid {watchdog.process.pid}" in second.stdout
    assert "since 20" in second.stdout
    assert f"watchdog status -c {watchdog.config}" in second.stdout
    assert watchdog.program("a")["restarts"] == 0


def test_a_singleton_that_runs_elsewhere_is_refused(world: World) -> None:
    """Another configuration with the same singleton is exit 69, and names the process that runs."""
    key = unused_key()
    program = f'[programs.{{}}]\ncommand = "sleep 600"\nsingleton = "{key}"\n'
    watchdog = world.up(program.format("one"))
    pid = watchdog.wait("one", lambda p: p["pid"], "a pid")["pid"]
    text = '[watchdog]\nstate = "elsewhere"\n' + program.format("two")
    second = world.start(text, name="second.toml")
    assert second.wait_exit() == 69
    assert "two is already running elsewhere" in second.text
    assert f"pid {pid}" in second.text
    assert "Traceback" not in second.text


def test_a_bad_configuration_is_78(world: World) -> None:
    """What cannot be read is exit 78, and nothing was started."""
    watchdog = world.start("[programs.a]\ncommand = 5\n")
    assert watchdog.wait_exit() == 78
    assert "nothing was started" in watchdog.text


def test_an_internal_error_is_70_in_one_line(world: World) -> None:
    """A bug of the watchdog itself is exit 70 and one line; the trace is in a file of the state."""
    path = world.write(SLEEPER)
    broken = (
        "import watchdog.daemon.diet, watchdog.daemon.main as m, watchdog_supervisor as w, sys\n"
        "def greet(*_): raise RuntimeError('made on purpose')\n"
        "m.greet = greet\n"
        f"sys.argv[1:] = ['run', '-c', {str(path)!r}]\n"
        "sys.exit(w.main())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", broken],
        cwd=world.place,
        env=world.environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert done.returncode == 70
    assert done.stderr.startswith("watchdog: internal error: RuntimeError: made on purpose")
    assert len(done.stderr.splitlines()) == 1
    assert "everything is down" not in done.stdout
    assert "Traceback" in (world.place / "state" / "crash.log").read_text()


def test_a_supervisor_above_sees_the_same(world: World) -> None:
    """A watchdog that is killed by its shell's group is found gone; its socket refuses clearly."""
    watchdog = world.up(SLEEPER)
    watchdog.signal(signal.SIGKILL)
    watchdog.wait_exit()
    told = wait_until(lambda: watchdog.call("status"), "an answer")
    assert told.returncode == 4
    assert "not running" in told.stdout or "does not answer" in told.stdout
