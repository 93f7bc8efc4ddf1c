"""Who keeps a lock, and how it is freed: with real processes and real locks."""

from __future__ import annotations

import fcntl
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.rescue.conftest import Hold
from watchdog.cli.ports import Keeper, Survey, Trouble
from watchdog.locks import Holder, PairLock
from watchdog.rescue import free, look_up
from watchdog.rescue.freeing import end_keepers
from watchdog.rescue.roles import Kin, role_of

HELPER = """
pid = os.fork()
if pid == 0:
    os.setsid()
    time.sleep(1000)
pids.append(pid)
"""
STUBBORN = "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
# On SIGTERM it leaves a child behind that has the lock and was seen by nobody before.
REBORN = """
def leave(*_):
    if os.fork():
        os._exit(0)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    os.setsid()
    time.sleep(1000)
signal.signal(signal.SIGTERM, leave)
"""


def roles(survey: Survey) -> dict[int, str]:
    return {keeper.pid: keeper.role for keeper in survey.keepers}


def end_of(process: subprocess.Popen[str]) -> int:
    return process.wait(20)


def test_the_program_and_its_helper_are_told_apart(hold: Hold, key: str) -> None:
    """Both keep both locks; who they are, since when, and which is the program."""
    process, (helper,) = hold(HELPER)
    survey = look_up(key)
    assert roles(survey) == {process.pid: "program", helper: "helper"}
    assert {keeper.keeps for keeper in survey.keepers} == {("file", "socket")}
    assert all(keeper.user and keeper.since and keeper.command for keeper in survey.keepers)


def test_a_helper_whose_program_is_gone_is_a_stray(hold: Hold, key: str) -> None:
    """It merely inherited the lock, and is found although nothing names it."""
    process, (helper,) = hold(HELPER)
    process.kill()
    process.wait()
    assert roles(look_up(key)) == {helper: "stray"}


def test_nobody_holds_a_free_lock(place: Path, key: str) -> None:
    """Looking takes nothing and makes nothing."""
    assert not look_up(key).is_held
    assert not place.exists()


def test_looking_does_not_disturb(hold: Hold, key: str) -> None:
    """A survey leaves the lock with whom it found it."""
    process, _ = hold()
    assert look_up(key) == look_up(key)
    assert list(roles(look_up(key))) == [process.pid]


def test_no_secret_of_a_command_is_shown(hold: Hold, key: str) -> None:
    """A token in the arguments of a keeper is masked."""
    hold("", "--token=123456789:AAExampleExampleExampleExampleExamp")
    (keeper,) = look_up(key).keepers
    assert "AAExample" not in keeper.command
    assert "123456789:***" in keeper.command


def test_a_moved_lock_file_hides_nobody(hold: Hold, key: str, place: Path) -> None:
    """Who holds the file that was at the path is still named, with its role."""
    process, _ = hold()
    (file,) = place.iterdir()
    file.unlink()
    assert roles(look_up(key)) == {process.pid: "program"}


def test_an_empty_key_is_refused_in_words(place: Path) -> None:
    """It is the user's mistake, and no trace is shown of it."""
    with pytest.raises(Trouble, match="empty"):
        look_up("  ")


def test_all_keepers_are_ended_and_the_lock_is_proved_free(
    hold: Hold, key: str, place: Path
) -> None:
    """Politely where they listen; the lock file is still the same one."""
    process, (helper,) = hold(HELPER)
    (file,) = place.iterdir()
    inode = file.stat().st_ino
    said: list[str] = []
    release = free(look_up(key), "TERM", 10.0, said.append)
    assert release.free, release.text
    assert end_of(process) == -signal.SIGTERM
    assert {f"pid {process.pid}", f"pid {helper}"} == {line.partition(":")[0] for line in said}
    assert file.stat().st_ino == inode
    assert not look_up(key).is_held


def test_who_ignores_the_signal_is_killed_after_the_grace(hold: Hold, key: str) -> None:
    """Not before it."""
    process, _ = hold(STUBBORN)
    began = time.monotonic()
    assert free(look_up(key), "TERM", 0.5, print).free
    assert time.monotonic() - began >= 0.5
    assert end_of(process) == -signal.SIGKILL


def test_a_stopped_keeper_hears_the_signal(hold: Hold, key: str) -> None:
    """SIGSTOP does not cost it its graceful end."""
    process, _ = hold()
    process.send_signal(signal.SIGSTOP)
    assert free(look_up(key), "TERM", 20.0, print).free
    assert end_of(process) == -signal.SIGTERM


def test_what_inherits_the_lock_meanwhile_is_ended_too(hold: Hold, key: str) -> None:
    """A child that is born of the signal itself has the very same socket, and goes as well."""
    hold(REBORN)
    said: list[str] = []
    release = free(look_up(key), "TERM", 5.0, said.append)
    assert release.free, release.text
    assert len(said) == 2


def test_who_came_anew_is_not_touched(hold: Hold, key: str) -> None:
    """The lock is free no more, and whoever took it was never agreed upon."""
    first, _ = hold()
    shown = look_up(key)
    first.kill()
    first.wait()
    second, _ = hold()
    release = free(shown, "TERM", 1.0, print)
    assert not release.free
    assert str(second.pid) in release.text
    assert second.poll() is None


def test_a_process_that_gave_the_lock_up_is_not_ended(hold: Hold, key: str) -> None:
    """Its number alone is no reason: by then it may be another's."""
    process, _ = hold("signal.signal(signal.SIGUSR1, lambda *_: lock.close())")
    shown = look_up(key)
    process.send_signal(signal.SIGUSR1)
    deadline = time.monotonic() + 20
    while look_up(key).is_held:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert free(shown, "TERM", 1.0, print).free
    assert process.poll() is None


def test_a_watchdog_is_never_ended(hold: Hold, key: str) -> None:
    """Not even if it was shown: one that stood by and has the lock now is what was wanted."""
    process, _ = hold('lock.describe(ourselves("bot", sys.argv[1]))')
    survey = look_up(key)
    assert (survey.program, survey.watchdog_pid) == ("bot", process.pid)
    release = free(survey, "TERM", 1.0, print)
    assert release.free
    assert "stood by" in release.text
    assert process.poll() is None


def test_a_number_that_became_anothers_is_not_ended(hold: Hold, key: str) -> None:
    """Once a descriptor pins the process, it must be seen to keep the lock."""
    hold()
    with subprocess.Popen(["sleep", "1000"]) as other:
        try:
            mistaken = Keeper(other.pid, "", "", "", ("socket",), "stray")
            assert end_keepers([mistaken], key, "TERM", 1.0, print) == {}
            assert other.poll() is None
        finally:
            other.kill()


def test_a_lock_file_alone_counts(place: Path, key: str) -> None:
    """Whoever holds only one of the two locks keeps the others away all the same."""
    place.mkdir(mode=0o700)
    path = PairLock(key).file.path
    process = subprocess.Popen(["flock", str(path), "sleep", "1000"])
    try:
        deadline = time.monotonic() + 20
        while len(look_up(key).keepers) < 2:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        assert {keeper.keeps for keeper in look_up(key).keepers} == {("file",)}
        assert free(look_up(key), "TERM", 10.0, print).free
    finally:
        process.kill()
        process.wait()
    with path.open() as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_roles_are_read_from_the_record_and_the_kin() -> None:
    """The record names the program and its watchdog; kin are known by descent or by the mark."""
    record = Holder(pid=10, watchdog_pid=5)
    kin = {5: Kin(), 10: Kin((5, 1), "m"), 11: Kin((10, 5)), 12: Kin((1,), "m"), 13: Kin((1,))}
    found = {pid: role_of(pid, record, kin) for pid in kin}
    assert found == {5: "watchdog", 10: "program", 11: "helper", 12: "helper", 13: "stray"}
    assert role_of(12, Holder(pid=99), {12: kin[12]}) == "stray"
    assert role_of(13, record, {10: Kin(), 13: Kin()}) == "stray"
