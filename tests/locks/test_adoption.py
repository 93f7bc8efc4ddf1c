"""Locks and the next watchdog: shared with the living process, healed, and never let go."""

from __future__ import annotations

# Conditions are polled with a deadline, and starting a process returns at once.
# ruff: noqa: ASYNC110, ASYNC220
import asyncio
import contextlib
import fcntl
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from watchdog.core.events import Event, Granted, Refused
from watchdog.core.model import Need
from watchdog.locks import Locks, PairLock, find_keepers
from watchdog.locks.file import FileLock
from watchdog.locks.holders import ourselves

if sys.platform != "linux":
    pytest.skip("only Linux lets descriptors be fetched", allow_module_level=True)

ROOT = Path(__file__).parents[2]

# A watchdog that gives its locks to a child, says its pid, and waits to be killed.
WATCHDOG = """
import os, subprocess, sys
from watchdog.locks import Locks
locks, key, code = Locks(), sys.argv[1], sys.argv[2]
assert locks.claim_now("bot", key) == ""
fds, names = locks.descriptors("bot")
command = [sys.executable, "-S", "-c", code]
null = subprocess.DEVNULL
child = subprocess.Popen(
    command, pass_fds=fds, env={**os.environ, **names}, stdin=null, stdout=null)
locks.describe("bot", child.pid, "the bot")
print(child.pid, flush=True)
sys.stdin.read()
"""
BOT = "import time; time.sleep(1000)"
HELPER = "import os,time\nif os.fork() == 0: os.setsid()\ntime.sleep(1000)"
FILELESS = "import os,time\nos.close(int(os.environ['WATCHDOG_LOCK_FD']))\ntime.sleep(1000)"
# Tries for both locks without a pause, and writes down every time that it gets them.
CONTENDER = """
import os, sys
from watchdog.locks import PairLock
from watchdog.locks.holders import ourselves
key = sys.argv[1]
print("up", flush=True)
rounds = 0
while True:
    lock = PairLock(key)
    if lock.acquire(ourselves("thief", key)) is None:
        print("got", flush=True)
    lock.close()
    rounds += 1
    if rounds % 50 == 0:
        print(rounds, flush=True)
"""

Orphan = Callable[..., int]


class Posted(list[tuple[str, Event]]):
    """What was posted, and a way to wait for it."""

    async def reaches(self, count: int) -> None:
        async with asyncio.timeout(20):
            while len(self) < count:
                await asyncio.sleep(0.005)


@pytest.fixture
def posted() -> Posted:
    return Posted()


@pytest.fixture
async def locks(place: Path, posted: Posted) -> AsyncIterator[Locks]:
    made = Locks(lambda program, event: posted.append((program, event)), period=0.02)
    yield made
    made.close()


@pytest.fixture
def orphan(place: Path) -> Iterator[Orphan]:
    """A process that holds the locks, left by a watchdog that was killed."""
    left: list[int] = []

    def leave(key: str, code: str = BOT) -> int:
        watchdog = subprocess.Popen(
            [sys.executable, "-c", WATCHDOG, key, code],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        assert watchdog.stdout is not None
        left.append(int(watchdog.stdout.readline()))
        watchdog.kill()
        watchdog.communicate()
        return left[-1]

    yield leave
    for pid in left:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, 9)


def is_free(key: str) -> bool:
    lock = PairLock(key)
    try:
        return lock.acquire(ourselves("other", key)) is None
    finally:
        lock.close()


def the_file(key: str) -> Path:
    return FileLock(key).path


def until(condition: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + 20
    while not (value := condition()):
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.005)
    return value


async def test_adopted_lock_outlives_the_process(locks: Locks, key: str, orphan: Orphan) -> None:
    """We hold the very lock that the process holds, so after its death it is still ours."""
    pid = orphan(key)
    assert "held by pid" in locks.claim_now("bot", key)
    assert locks.adopt("bot", key, pid) is True
    os.kill(pid, 9)
    until(lambda: [holder.pid for holder in locks.holders(key)] == [os.getpid()])
    assert not is_free(key)
    with the_file(key).open() as again, pytest.raises(BlockingIOError):
        fcntl.flock(again, fcntl.LOCK_EX | fcntl.LOCK_NB)
    locks.release("bot")
    assert is_free(key)


async def test_adopted_lock_stays_with_the_process(locks: Locks, key: str, orphan: Orphan) -> None:
    """Our letting go takes nothing from the process."""
    pid = orphan(key)
    assert locks.adopt("bot", key, pid)
    locks.release("bot")
    assert not is_free(key)
    os.kill(pid, 9)
    until(lambda: is_free(key))


async def test_adopted_lock_is_granted_and_passed_on(
    locks: Locks, posted: Posted, key: str, orphan: Orphan
) -> None:
    """The next incarnation inherits it as usual, and the record names the adopted process."""
    pid = orphan(key)
    assert locks.adopt("bot", key, pid)
    locks.acquire("bot", key, False, 4)
    assert posted == [("bot", Granted(Need.LOCK, claim=4))]
    fds, names = locks.descriptors("bot")
    assert len(fds) == 2
    assert names["WATCHDOG_LOCK_FD"] == str(fds[0])
    assert not any(os.get_inheritable(fd) for fd in fds)
    record = json.loads(the_file(key).read_text())
    assert (record["pid"], record["watchdog_pid"]) == (pid, os.getpid())
    assert record["program"] == "bot"
    assert locks.tampered() == {}


@pytest.mark.parametrize("deed", ["rm", "mv", "mv out", "replace"])
async def test_lock_that_was_tampered_with_is_adopted_and_said_so(
    locks: Locks, key: str, orphan: Orphan, deed: str, tmp_path: Path
) -> None:
    """The held file is fetched although it is not at its path any more; healing puts it right."""
    pid = orphan(key)
    file = the_file(key)
    inode = file.stat().st_ino
    do(deed, file, tmp_path)
    assert locks.adopt("bot", key, pid) is True
    assert "removed, moved or replaced" in locks.tampered()["bot"]
    assert locks.heal("bot").healed
    assert locks.tampered() == {}
    assert (file.stat().st_ino == inode) is deed.startswith("mv")
    assert not is_free(key)
    os.kill(pid, 9)
    assert json.loads(file.read_text())["key"] == key


def do(deed: str, file: Path, elsewhere: Path) -> None:
    if deed == "rm":
        file.unlink()
    elif deed == "mv":
        file.rename(file.with_name(f"aside-{time.monotonic_ns()}"))
    elif deed == "mv out":
        file.rename(elsewhere / f"aside-{time.monotonic_ns()}")
    elif deed == "replace":
        file.with_name("new").write_text("{}")
        file.with_name("new").replace(file)
    elif deed == "symlink":
        file.unlink()
        file.symlink_to(elsewhere / "nowhere")
    else:
        for other in file.parent.iterdir():
            other.unlink()
        file.parent.rmdir()


async def test_process_that_closed_the_file_is_adopted_by_the_rest(
    locks: Locks, key: str, orphan: Orphan
) -> None:
    """What the process has let go is taken anew; what it has is fetched."""
    pid = orphan(key, FILELESS)
    until(lambda: [h.note for h in find_keepers(key)] == ["it keeps the socket"])
    assert locks.adopt("bot", key, pid) is True
    assert not is_free(key)
    notes = {holder.pid: holder.note for holder in locks.holders(key)}
    assert notes[os.getpid()] == "it keeps the lock file and the socket"


async def test_lock_of_somebody_else_is_not_adopted(
    locks: Locks, posted: Posted, key: str, orphan: Orphan
) -> None:
    """A process that has neither lock gives us none while another holds them."""
    orphan(key)
    stranger = subprocess.Popen(["sleep", "1000"])
    try:
        assert locks.adopt("bot", key, stranger.pid) is False
        assert "held by pid" in locks.shadow("bot")
        assert locks.descriptors("bot") == ((), {})
    finally:
        stranger.kill()
        stranger.wait()


async def test_shadow_takes_the_lock_at_the_end_of_the_process(
    locks: Locks, posted: Posted, key: str, orphan: Orphan, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where nothing may be fetched, a claim waits for the process, and is granted when it ends."""
    forbid(monkeypatch)
    pid = orphan(key)
    assert locks.adopt("bot", key, pid) is False
    assert "does not let us fetch" in locks.shadow("bot")
    locks.acquire("bot", key, False, 9)
    [(_, refused)] = posted
    assert isinstance(refused, Refused)
    assert refused.final is False
    os.kill(pid, 9)
    await posted.reaches(2)
    assert posted[1] == ("bot", Granted(Need.LOCK, claim=9))
    assert locks.shadow("bot") == ""
    assert len(locks.descriptors("bot")[0]) == 2


async def test_shadow_is_first_in_line_without_a_claim(
    locks: Locks, key: str, orphan: Orphan, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the process ends before anybody asked, the lock is ours for the coming claim."""
    forbid(monkeypatch)
    pid = orphan(key)
    assert locks.adopt("bot", key, pid) is False
    os.kill(pid, 9)
    async with asyncio.timeout(20):
        while locks.shadow("bot"):
            await asyncio.sleep(0.005)
    assert not is_free(key)
    assert locks.claim_now("bot", key) == ""


def forbid(monkeypatch: pytest.MonkeyPatch) -> None:
    """As the system does where a user may not trace; as root there is no such process here."""
    from watchdog.locks import borrow

    def refuse(pid: int, number: int) -> int:
        raise borrow.Forbidden("Operation not permitted")

    monkeypatch.setattr(borrow, "fetch", refuse)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may become nobody")
def test_process_that_may_not_be_traced_is_met_in_words(key: str) -> None:
    """A user whose process has made itself untraceable gets a shadow, by the real refusal."""
    code = f"""
import ctypes, datetime, os, pwd, signal, sys, time
from watchdog.locks import Locks, adoption
os.setgid(65534); os.setuid(65534)
first, second = Locks(), Locks()
assert first.claim_now("bot", {key!r}) == ""
read, write = os.pipe()
child = os.fork()
if child == 0:
    ctypes.CDLL(None).prctl(4, 0)  # PR_SET_DUMPABLE
    os.write(write, b"x")
    time.sleep(60)
os.read(read, 1)
first.close()
print(second.adopt("bot", {key!r}, child), second.shadow("bot"))
os.kill(child, signal.SIGKILL)
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, "WATCHDOG_LOCK_DIR": str(reachable())},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.startswith("False the system does not let us fetch the lock"), done.stderr


def reachable() -> Path:
    """A directory for nobody, below directories that others may enter."""
    made = Path(tempfile.mkdtemp())
    made.chmod(0o777)
    return made / "locks"


# --- who keeps it ---------------------------------------------------------------------------------


async def test_all_keepers_are_named(locks: Locks, key: str, orphan: Orphan) -> None:
    """Also a helper that called setsid, and a watchdog that shares the lock; nobody else."""
    pid = orphan(key, HELPER)
    until(lambda: len(find_keepers(key)) == 2)
    assert locks.adopt("bot", key, pid)
    found = locks.holders(key)
    assert len(found) == 3
    assert {pid, os.getpid()} < {holder.pid for holder in found}
    assert all(h.note == "it keeps the lock file and the socket" for h in found)
    assert find_keepers(key + "x") == []
    for holder in found:
        if holder.pid != os.getpid():
            os.kill(holder.pid or 0, 9)


@pytest.mark.parametrize("deed", ["rm", "mv", "mv out"])
async def test_keepers_of_a_missing_file_are_named(
    key: str, orphan: Orphan, deed: str, tmp_path: Path, place: Path
) -> None:
    """Who keeps a file that is not at its path any more is found by the file and the socket."""
    pid = orphan(key)
    do(deed, the_file(key), tmp_path)
    [holder] = find_keepers(key)
    assert holder.pid == pid
    assert holder.note.endswith("the socket")
    if deed != "mv out":
        assert "the lock file that was at" in holder.note


# --- healing --------------------------------------------------------------------------------------


@pytest.mark.parametrize("deed", ["rm", "mv", "mv out", "replace", "rm -r"])
async def test_tampering_is_noticed_at_once_and_healed(
    locks: Locks, key: str, orphan: Orphan, deed: str, tmp_path: Path
) -> None:
    """Without a timer the holder is told, and puts the file right, twice in a row."""
    assert locks.claim_now("bot", key) == ""
    file, told = the_file(key), []

    def tampered(program: str, text: str) -> None:
        told.append((program, text))
        assert locks.heal(program).healed

    assert locks.watch(file.parent, tampered)
    for count in (1, 2):
        do(deed, file, tmp_path)
        async with asyncio.timeout(20):
            while len(told) < count or locks.tampered():
                await asyncio.sleep(0.002)
        assert file.stat().st_nlink > 0
        assert not is_free(key)
        assert json.loads(file.read_text())["key"] == key
    assert [program for program, _ in told] == ["bot", "bot"]
    held = locks.descriptors("bot")[0]
    assert len(held) == (2 if deed.startswith("mv") else 4)


async def test_intruder_with_the_replaced_file_is_named(
    locks: Locks, key: str, orphan: Orphan, place: Path
) -> None:
    """A file at the path that somebody else has locked is left to him, and he is named."""
    assert locks.claim_now("bot", key) == ""
    the_file(key).unlink()
    intruder = FileLock(key)
    assert intruder.take() is None
    healing = locks.heal("bot")
    assert not healing.healed
    assert f"held by pid {os.getpid()}" in healing.text
    assert locks.tampered()
    intruder.close()
    assert locks.heal("bot").healed
    assert locks.tampered() == {}


async def test_link_in_the_place_of_the_file_is_reported(
    locks: Locks, key: str, tmp_path: Path
) -> None:
    """A symbolic link is never followed; it is said what to remove."""
    assert locks.claim_now("bot", key) == ""
    do("symlink", the_file(key), tmp_path)
    healing = locks.heal("bot")
    assert not healing.healed
    assert "symbolic link; remove it" in healing.text
    assert not (tmp_path / "nowhere").exists()


async def test_nothing_to_heal(locks: Locks, key: str) -> None:
    """An intact lock is left alone, and one that is not held is not invented."""
    assert not locks.heal("bot").healed
    assert locks.claim_now("bot", key) == ""
    inode = the_file(key).stat().st_ino
    assert "in its place" in locks.heal("bot").text
    assert the_file(key).stat().st_ino == inode


# --- never two ------------------------------------------------------------------------------------


async def test_contender_gets_nothing_while_watchdogs_come_and_go(
    key: str, orphan: Orphan, place: Path, tmp_path: Path
) -> None:
    """Through adoptions, tampering and healing a contender without pause never gets the lock."""
    pid = orphan(key)
    command = [sys.executable, "-c", CONTENDER, key]
    contender = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert contender.stdout is not None
    try:
        assert contender.stdout.readline() == "up\n"
        for turn in range(24):
            following = Locks()
            assert following.adopt("bot", key, pid)
            if turn % 3 == 0:
                do(("rm", "mv", "replace")[turn // 3 % 3], the_file(key), tmp_path)
            await heal_at_leisure(following)
            following.close()
        assert contender.stdout.readline().strip().isdigit()
    finally:
        contender.kill()
        rest, _ = contender.communicate()
    assert "got" not in rest
    os.kill(pid, 9)
    until(lambda: is_free(key))


async def heal_at_leisure(locks: Locks) -> None:
    """The contender may be looking at the file just now; then the next try succeeds."""
    async with asyncio.timeout(20):
        while not locks.heal("bot").healed:
            await asyncio.sleep(0.001)
