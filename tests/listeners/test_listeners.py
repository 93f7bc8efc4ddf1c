"""Pools and pipes together, with a listener's ends in the test's own hands."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Iterator

import pytest

from watchdog.config.model import ListenerConfig
from watchdog.listeners import listeners as module
from watchdog.listeners.listeners import Listeners, pack, unpack
from watchdog.listeners.pipes import ChildEnds
from watchdog.listeners.ticks import Ticks

EVENT = "REMOTE_COMMUNICATION"


class Desk:
    """The listeners, and what was said of them."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.listeners = Listeners(lambda: "w", self.said.append)
        self.ends: dict[str, ChildEnds] = {}

    def hire(self, name: str, pool: str = "p", buffer: int = 3) -> ChildEnds:
        """A listener whose process runs."""
        self.listeners.configure(name, ListenerConfig(pool, (EVENT,), buffer))
        self.ends[name] = self.listeners.open(name)
        self.listeners.set_up(name, True)
        os.set_blocking(self.ends[name].stdin, False)
        return self.ends[name]

    def read(self, name: str) -> str:
        """What the listener finds on its stdin."""
        with contextlib.suppress(BlockingIOError):
            return os.read(self.ends[name].stdin, 2**20).decode()
        return ""

    def say(self, name: str, text: bytes) -> None:
        """The listener says this."""
        os.write(self.ends[name].stdout, text)


@pytest.fixture
async def desk() -> Iterator[Desk]:
    """Closed at the end."""
    desk = Desk()
    yield desk
    desk.listeners.close()
    for ends in desk.ends.values():
        with contextlib.suppress(OSError):
            ends.close()


async def turn() -> None:
    """Let the loop see what is readable."""
    for _ in range(3):
        await asyncio.sleep(0.005)


async def test_a_failed_event_comes_again_after_a_rest(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A listener that fails at once is not asked again at once."""
    monkeypatch.setattr(module, "REST", 0.1)
    desk.hire("a")
    desk.listeners.publish(EVENT, "one")
    desk.say("a", b"READY\n")
    await turn()
    assert desk.read("a").endswith("one")
    desk.say("a", b"RESULT 4\nFAILREADY\n")
    await turn()
    assert desk.read("a") == ""
    await asyncio.sleep(0.3)
    assert desk.read("a").endswith("one")


async def test_what_a_dead_listener_held_goes_to_another(desk: Desk) -> None:
    """The same event, with the same serial."""
    desk.hire("a")
    desk.say("a", b"READY\n")
    await turn()
    desk.listeners.publish(EVENT, "one")
    first = desk.read("a")
    desk.hire("b")
    desk.say("b", b"READY\n")
    await turn()
    desk.listeners.end("a")
    assert desk.read("b") == first != ""


async def test_the_last_word_of_a_listener_counts(desk: Desk) -> None:
    """One that answers OK and ends has done its event."""
    desk.hire("a")
    desk.say("a", b"READY\n")
    await turn()
    desk.listeners.publish(EVENT, "one")
    desk.say("a", b"RESULT 2\nOK")
    desk.listeners.end("a")
    desk.hire("a")
    desk.say("a", b"READY\n")
    await turn()
    assert desk.read("a") == ""


async def test_a_listener_that_closed_its_stdin_gets_nothing(desk: Desk) -> None:
    """The event goes to another one; nothing is lost by trying."""
    ends = desk.hire("a")
    desk.say("a", b"READY\n")
    await turn()
    os.close(ends.stdin)
    desk.ends["a"] = ChildEnds(os.dup(ends.stdout), ends.stdout)
    desk.listeners.publish(EVENT, "one")
    desk.hire("b")
    desk.say("b", b"READY\n")
    await turn()
    assert desk.read("b").endswith("one")


async def test_a_broken_protocol_is_said_once(desk: Desk) -> None:
    """It is told which program, and what to do; whatever it says then is not heard."""
    desk.hire("a")
    desk.say("a", b"hello world\n")
    await turn()
    desk.say("a", b"READY\n")
    await turn()
    desk.listeners.publish(EVENT, "one")
    assert desk.read("a") == ""
    assert len(desk.said) == 1
    assert "watchdog restart a" in desk.said[0]


async def test_an_event_that_fills_the_pipe_waits_in_memory(desk: Desk) -> None:
    """It is written on as the listener reads, and nobody waits for that."""
    desk.hire("a")
    desk.say("a", b"READY\n")
    await turn()
    desk.listeners.publish(EVENT, "x" * 300_000)
    found = ""
    for _ in range(200):
        found += desk.read("a")
        await asyncio.sleep(0.001)
    assert found.count("x") == 300_000
    desk.say("a", b"RESULT 2\nOKREADY\n")
    await turn()
    desk.listeners.publish(EVENT, "next")
    assert desk.read("a").endswith("next")


async def test_a_flood_is_bounded_and_told(desk: Desk) -> None:
    """The newest events stay; what was dropped is said twice: when it begins, and how many."""
    desk.hire("a", buffer=3)
    for number in range(10_000):
        desk.listeners.publish(EVENT, str(number))
    kept, _ = desk.listeners.keep()
    assert [notice.payload for notice in kept.pools["p"].waiting] == ["9997", "9998", "9999"]
    desk.say("a", b"READY\n")
    await turn()
    desk.say("a", b"RESULT 2\nOK")
    await turn()
    assert desk.said == [
        "listeners p: more than 3 events wait, the oldest is dropped",
        "listeners p: events are taken again; 9997 were dropped",
    ]


async def test_another_version_goes_on_in_the_middle_of_everything(desk: Desk) -> None:
    """Half-sent, half-answered and waiting events survive the handing over."""
    desk.hire("a")
    desk.say("a", b"READY\n")
    await turn()
    desk.listeners.publish(EVENT, "x" * 300_000)
    desk.listeners.publish(EVENT, "second")
    kept, pipes = desk.listeners.keep()
    pipes = {name: (os.dup(pair[0]), os.dup(pair[1])) for name, pair in pipes.items()}
    data = pack(kept)
    desk.listeners.close()
    desk.listeners = Listeners(lambda: "w", desk.said.append)
    desk.listeners.configure("a", ListenerConfig("p", (EVENT,), 3))
    desk.listeners.resume(unpack(data), pipes)
    found = ""
    for _ in range(200):
        found += desk.read("a")
        await asyncio.sleep(0.001)
    assert found.count("x") == 300_000
    desk.say("a", b"RESULT 2\nOKREADY\n")
    await turn()
    assert desk.read("a").endswith("second")


async def test_ticks_are_at_multiples_and_only_for_who_asked() -> None:
    """One timer, for the nearest tick; without subscribers there is none."""
    told: list[tuple[str, str]] = []
    wanted, now = {"TICK_5", "TICK_60"}, 1_000_000_003.97
    ticks = Ticks(lambda *event: told.append(event), lambda name: name in wanted, lambda: now)
    ticks.arm()
    assert ticks._timer is not None
    assert ticks._timer.when() - asyncio.get_running_loop().time() < 1.1
    now = 1_000_000_005.0
    ticks._ring()
    assert told == [("TICK_5", "when:1000000005")]
    now = 1_000_000_021.0  # late: both are told once
    ticks._ring()
    assert told[1:] == [("TICK_5", "when:1000000020"), ("TICK_60", "when:1000000020")]
    wanted.clear()
    ticks.arm()
    assert ticks._timer is None
