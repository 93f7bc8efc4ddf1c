"""The adapter: what is posted, what is kept, what a child gets, and standing by."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from watchdog.core.events import Event, Granted, Refused
from watchdog.core.model import Need
from watchdog.locks import Locks, PairLock
from watchdog.locks.holders import ourselves


class Posted(list[tuple[str, Event]]):
    """The events, and a way to wait for their number."""

    def __init__(self) -> None:
        self._news = asyncio.Event()

    def __call__(self, program: str, event: Event) -> None:
        self.append((program, event))
        self._news.set()

    async def reaches(self, number: int) -> None:
        async with asyncio.timeout(20):
            while len(self) < number:
                self._news.clear()
                await self._news.wait()


@pytest.fixture
def posted() -> Posted:
    return Posted()


@pytest.fixture
async def locks(posted: Posted, place: Path) -> AsyncIterator[Locks]:
    made = Locks(posted, period=0.02)
    yield made
    made.close()


def other(key: str) -> PairLock:
    """Somebody else who holds the lock."""
    lock = PairLock(key)
    assert lock.acquire(ourselves("", key)) is None
    return lock


async def test_free_lock_is_granted(locks: Locks, posted: Posted, key: str) -> None:
    """Granted carries the claim; asked again, what is held is granted again."""
    locks.acquire("bot", key, False, 7)
    locks.acquire("bot", key, False, 8)
    assert posted == [
        ("bot", Granted(Need.LOCK, claim=7)),
        ("bot", Granted(Need.LOCK, claim=8)),
    ]


async def test_held_lock_is_refused_for_good(locks: Locks, posted: Posted, key: str) -> None:
    """Without waiting the refusal is final and names the holder."""
    holder = other(key)
    locks.acquire("bot", key, False, 1)
    [(_, event)] = posted
    assert isinstance(event, Refused)
    assert (event.need, event.final, event.claim) == (Need.LOCK, True, 1)
    assert event.reason.startswith(f"{key} is held by pid {os.getpid()} (user ")
    holder.close()


async def test_standby_is_told_once_and_granted_later(
    locks: Locks, posted: Posted, key: str
) -> None:
    """One that waits gets one Refused, and Granted when the holder is gone."""
    holder = other(key)
    locks.acquire("bot", key, True, 3)
    await asyncio.sleep(0.1)
    [(_, event)] = posted
    assert isinstance(event, Refused)
    assert not event.final
    holder.close()
    await posted.reaches(2)
    assert posted[1] == ("bot", Granted(Need.LOCK, claim=3))
    assert locks.descriptors("bot")[0]


async def test_released_standby_stops(locks: Locks, posted: Posted, key: str) -> None:
    """After release nothing is taken behind anybody's back, and no timer is left."""
    holder = other(key)
    locks.acquire("bot", key, True)
    locks.release("bot")
    holder.close()
    await asyncio.sleep(0.1)
    assert len(posted) == 1
    assert PairLock(key).acquire(ourselves("", key)) is None
    assert not locks._waiting


async def test_new_claim_replaces_a_waiting_one(locks: Locks, posted: Posted, key: str) -> None:
    """Only the last claim of a program is granted in the end."""
    holder = other(key)
    locks.acquire("bot", key, True, 1)
    locks.acquire("bot", key, True, 2)
    holder.close()
    await posted.reaches(3)
    await asyncio.sleep(0.1)
    assert posted[2:] == [("bot", Granted(Need.LOCK, claim=2))]


async def test_lock_claimed_before_the_start_is_kept(
    locks: Locks, posted: Posted, key: str
) -> None:
    """A preflight takes the lock for good; the later acquire only reports it."""
    assert locks.claim_now("bot", key) == ""
    fds = locks.descriptors("bot")[0]
    refused = Locks().claim_now("bot", key)
    assert "is held by pid" in refused
    locks.acquire("bot", key, False)
    assert locks.descriptors("bot")[0] == fds
    assert posted == [("bot", Granted(Need.LOCK))]


async def test_changed_key_lets_go_of_the_old_one(locks: Locks, posted: Posted, key: str) -> None:
    """A program has the lock of its present key alone."""
    locks.acquire("bot", key, False)
    locks.acquire("bot", f"{key}2", False)
    other(key).close()
    assert locks.descriptors("bot")[1]["WATCHDOG_LOCK_KEY"] == f"{key}2"


async def test_two_programs_with_one_key(locks: Locks, posted: Posted, key: str) -> None:
    """Even within one watchdog a singleton is one."""
    locks.acquire("bot", key, False)
    locks.acquire("web", key, False)
    assert isinstance(posted[1][1], Refused)
    assert f"held by pid {os.getpid()}" in posted[1][1].reason


async def test_child_inherits_both_and_is_written_down(
    locks: Locks, posted: Posted, key: str, place: Path
) -> None:
    """The descriptors keep the lock in the child; the record names the child."""
    locks.acquire("bot", key, False)
    fds, environment = locks.descriptors("bot")
    assert len(fds) == 2
    assert environment == {"WATCHDOG_LOCK_FD": str(fds[0]), "WATCHDOG_LOCK_KEY": key}
    child = await asyncio.create_subprocess_exec("sleep", "1000", pass_fds=fds)
    locks.describe("bot", child.pid, "sleep 1000")
    [file] = place.iterdir()
    record = json.loads(file.read_text())
    assert (record["pid"], record["command"], record["watchdog_pid"]) == (
        child.pid,
        "sleep 1000",
        os.getpid(),
    )
    locks.release("bot")
    locks.acquire("bot", key, False)
    event = posted[-1][1]
    assert isinstance(event, Refused)
    assert f"held by pid {child.pid} " in event.reason
    child.kill()
    await child.wait()
    locks.acquire("bot", key, False)
    assert isinstance(posted[-1][1], Granted)


async def test_visitors_do_not_fill_the_queue(locks: Locks, posted: Posted, key: str) -> None:
    """While the watchdog's loop runs, contenders by the hundred can read its name."""
    from watchdog.locks.abstract import BACKLOG, AbstractLock

    locks.acquire("bot", key, False)
    for _ in range(2 * BACKLOG):
        contender = AbstractLock(key)
        assert contender.take() is not None
        await asyncio.sleep(0)
        assert contender._peer() is not None
        await asyncio.sleep(0)


async def test_tampering_is_reported(locks: Locks, key: str, place: Path) -> None:
    """A removed lock file is told, with its program."""
    locks.acquire("bot", key, False)
    assert locks.tampered() == {}
    [file] = place.iterdir()
    file.unlink()
    assert "was removed" in locks.tampered()["bot"]


async def test_unusable_directory_is_a_refusal_in_words(
    locks: Locks, posted: Posted, key: str, place: Path
) -> None:
    """No lock to be had: no start, and the reason is said."""
    place.mkdir()
    place.chmod(0o777)
    locks.acquire("bot", key, False)
    [(_, event)] = posted
    assert isinstance(event, Refused)
    assert "can be written by others" in event.reason
    place.chmod(0o700)


async def test_nothing_is_held_for_an_unknown_program(locks: Locks) -> None:
    """Asking about or releasing what was never acquired does nothing."""
    locks.release("bot")
    locks.describe("bot", 1, "x")
    assert locks.descriptors("bot") == ((), {})
