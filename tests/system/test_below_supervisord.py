"""Below the real supervisord, with the configuration that is shipped."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system.harness import World, is_alive, unused_key, wait_until
from tests.system.supervised import Supervisord, bot_of, moved, status_of

GRACEFUL = (
    "trap 'echo $$$$ >> ended; exit 0' TERM; echo $$$$ >> begun; "
    "while :; do echo line; sleep 0.1 & wait; done"
)


@pytest.fixture
def place(world: World) -> Iterator[Path]:
    """A world with a program that writes down when it begins and when it is told to end."""
    world.write(
        f'[programs.bot]\ncommand = ["sh", "-c", "{GRACEFUL}"]\nsingleton = "{unused_key()}"\n'
    )
    yield world.place


def begun(place: Path) -> list[int]:
    """The pids of all copies that ever began."""
    path = place / "begun"
    return [int(line) for line in path.read_text().split()] if path.exists() else []


def test_it_runs_at_boot_and_ends_in_order(world: World, place: Path) -> None:
    """supervisord starts it; on its end the program has its graceful one, and nothing is left."""
    above = Supervisord(world)
    bot = bot_of(world)
    above.wait_state("RUNNING")
    assert begun(place) == [bot["pid"]]
    assert above.leave() == 0
    assert (place / "ended").read_text().split() == [str(bot["pid"])]
    assert not list(world.marked())
    assert "everything is down" in above.text


def test_stop_and_start_by_supervisorctl(world: World, place: Path) -> None:
    """`stop` ends the program gracefully before it returns, `start` begins anew."""
    above = Supervisord(world)
    first = bot_of(world)
    assert above.call("stop", "watchdog") == (0, "watchdog: stopped\n")
    assert not is_alive(first["pid"])
    assert (place / "ended").read_text().split() == [str(first["pid"])]
    assert above.call("start", "watchdog")[0] == 0
    assert bot_of(world)["pid"] != first["pid"]
    assert len(begun(place)) == 2


def test_a_killed_watchdog_is_started_again_and_adopts(world: World, place: Path) -> None:
    """SIGKILL of the watchdog: supervisord's next one has the same process, and no second began."""
    above = Supervisord(world)
    above.wait_state("RUNNING")
    before = bot_of(world)
    for _ in range(2):
        pid = above.pid()
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda old=pid: above.pid() not in (0, old), "the next watchdog")
        after = bot_of(world, above.pid())
        assert (after["pid"], after["incarnation"]) == (before["pid"], 1)
    assert begun(place) == [before["pid"]]


def test_a_killed_supervisord_is_followed_by_one_that_adopts(world: World, place: Path) -> None:
    """SIGKILL of supervisord: its watchdog gives way to the next one's; the program never notices.

    Also after the orphan was upgraded in place, and with a watchdog that was killed, too.
    """
    first = Supervisord(world)
    before, orphan = bot_of(world), first.pid()
    first.kill()
    assert world.call("upgrade", "-c", "w.toml").returncode == 0
    assert bot_of(world, orphan)["pid"] == before["pid"]  # alone, it goes on
    second = Supervisord(world)
    wait_until(lambda: not is_alive(orphan), "the orphan to be gone")
    assert bot_of(world, second.pid())["pid"] == before["pid"]
    assert f"the one with pid {orphan}, left behind, gives way" in second.text
    killed = second.pid()
    second.kill()
    os.kill(killed, signal.SIGKILL)
    third = Supervisord(world)
    assert bot_of(world)["pid"] == before["pid"]
    assert status_of(world)["watchdog"]["pid"] == third.pid()
    assert begun(place) == [before["pid"]]
    assert third.leave() == 0
    assert (place / "ended").read_text().split() == [str(before["pid"])]
    assert not list(world.marked())


def test_one_that_is_looked_after_does_not_give_way(world: World, place: Path) -> None:
    """A second supervisord is refused and told by whom, in the end it says FATAL; never two."""
    first = Supervisord(world)
    before, pid = bot_of(world), first.pid()
    text = (
        moved(place)
        .replace("supervisor.sock", "second.sock")
        .replace("startretries=10", "startretries=1")
    )
    text = text.replace("supervisord.pid", "second.pid")
    second = Supervisord(world, text.replace("watchdog.log", "second.log"))
    second.wait_state("FATAL")
    said = (place / "second.log").read_text()
    assert f"whoever started it still runs (pid {first.process.pid})" in said
    assert f"held by pid {pid}" in said
    assert bot_of(world, pid)["pid"] == before["pid"]
    assert begun(place) == [before["pid"]]
    assert second.leave() == 0
    assert is_alive(before["pid"])


def test_an_orphan_that_is_stuck_is_named_and_nothing_starts_beside_it(
    world: World, place: Path
) -> None:
    """The next one is refused, and told why; once the orphan is killed, the program is adopted."""
    first = Supervisord(world)
    before, orphan = bot_of(world), first.pid()
    first.kill()
    os.kill(orphan, signal.SIGSTOP)  # after it: the kernel wakes a group that becomes an orphan
    second = Supervisord(world, moved(place).replace("startretries=10", "startretries=1"))
    second.wait_state("FATAL")
    assert "cannot be asked to give way" in second.text
    assert f"held by pid {orphan}" in second.text
    os.kill(orphan, signal.SIGKILL)
    assert second.call("start", "watchdog")[0] == 0
    assert bot_of(world, second.pid())["pid"] == before["pid"]
    assert begun(place) == [before["pid"]]


def test_a_bad_configuration_is_not_tried_for_ever(world: World, place: Path) -> None:
    """Exit code 78 ends in FATAL, and the reason is in the log."""
    world.write('[programs.bot]\ncomand = "x"\n')
    above = Supervisord(world, moved(place).replace("startretries=10", "startretries=1"))
    above.wait_state("FATAL")
    assert "exit status 78" in above.text
    assert "did you mean" in above.text or "comand" in above.text
    assert status_of(world) is None


def test_an_end_that_was_ordered_stays_one(world: World, place: Path) -> None:
    """After `watchdog shutdown` supervisord starts nothing: 0 is an expected exit code."""
    above = Supervisord(world)
    above.wait_state("RUNNING")
    assert world.call("shutdown", "-c", "w.toml").returncode == 0
    above.wait_state("EXITED")
    assert not begun(place)[1:]


def test_supervisorctl_has_our_commands(world: World, place: Path) -> None:
    """`health`, `why` and `incidents` tell of the programs, with exit codes as `status` has."""
    above = Supervisord(world)
    bot = bot_of(world)
    code, text = above.call("health")
    assert code == 0
    assert re.search(rf"bot +RUNNING +\w+ +{bot['pid']} ", text)
    assert above.call("health", "nobody") == (4, "nobody: ERROR (no such program)\n")
    code, text = above.call("why", "bot")
    assert code == 0
    assert text.startswith("bot") or "bot" in text
    assert above.call("why")[0] == 2
    code, text = above.call("why", "nobody")
    assert code == 1
    assert "nobody" in text
    assert above.call("incidents") == (0, "no incidents\n")
    os.kill(bot["pid"], signal.SIGKILL)
    wait_until(lambda: "SIGKILL" in above.call("incidents", "bot")[1], "the incident")
    assert "killed by SIGKILL" in above.call("why", "bot")[1]
    assert "health" in above.call("help")[1]
    assert "Exit code" in above.call("help", "health")[1]
    assert "No help" not in above.call("help", "status")[1]
    world.call("stop", "-c", "w.toml", "bot")
    code, text = above.call("health")
    assert code == 3
    assert "STOPPED" in text


def test_without_a_watchdog_the_commands_say_so(world: World, place: Path) -> None:
    """A watchdog that does not run, and an interface that is not configured, are no traces."""
    above = Supervisord(world)
    bot_of(world)
    above.call("stop", "watchdog")
    code, text = above.call("health")
    assert code == 1
    assert "it is not running" in text
    above.leave()
    text = re.sub(r"\[rpcinterface:watchdog\][^\[]*", "", moved(place))
    code, text = Supervisord(world, text).call("health")
    wait_until(lambda: "no such file" not in above.call("avail")[1], "the next supervisord")
    code, text = above.call("health")
    assert code == 1
    assert "[rpcinterface:watchdog]" in text


def test_a_watchdog_that_is_stuck_does_not_hold_up_supervisord_for_long(
    world: World, place: Path
) -> None:
    """With the watchdog stopped, `health` says so within seconds, and supervisord goes on."""
    above = Supervisord(world)
    bot_of(world)
    above.wait_state("RUNNING")
    os.kill(above.pid(), signal.SIGSTOP)
    code, text = above.call("health")
    assert code == 1
    assert "does not answer" in text
    assert above.call("status", "watchdog")[0] == 0


def test_the_service_can_be_installed_changed_and_removed(world: World, place: Path) -> None:
    """`watchdog service supervisord` with a supervisord that runs: one command each."""
    text = re.sub(r"\[program:watchdog\].*(?=\[include\])", "", moved(place), flags=re.DOTALL)
    above = Supervisord(world, text)
    wait_until(lambda: above.call("avail")[0] == 0, "supervisord to answer")
    options = ("--name", "bots", "--conf-dir", str(place / "conf.d"), "--log-dir", str(place))
    words = ("service", "supervisord", "-c", "w.toml", *options)
    done = world.call(*words, "--install")
    assert done.returncode == 0, done.stdout
    assert "bots: added process group" in done.stdout
    before = bot_of(world)
    again = world.call(*words, "--install")
    assert (again.returncode, "unchanged" in again.stdout) == (0, True)
    assert bot_of(world)["pid"] == before["pid"]
    done = world.call(*words, "--uninstall")
    assert "bots: removed process group" in done.stdout
    assert not is_alive(before["pid"])
    assert not list((place / "conf.d").iterdir())
