"""The watchdog's end of the sender: started when needed, killed when it hangs, never waited for."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from tests.alerts.receiver import receiving
from watchdog.alerts import courier
from watchdog.alerts.courier import Courier
from watchdog.alerts.model import Alert, Task
from watchdog.alerts.outbox import Outbox

if sys.platform != "linux":
    pytest.skip("the tests of processes are for Linux", allow_module_level=True)


class Office:
    """An outbox, a courier, and what it said."""

    def __init__(self, place: Path, *urls: str) -> None:
        self.outbox = Outbox(place)
        self.outbox.prepare()
        self.said: list[str] = []
        task = Task(urls, group=0.0, limit=20, title="test", linger=0.2)
        self.courier = Courier(task, self.outbox, self.said.append)

    def put(self, text: str) -> None:
        self.outbox.add(Alert(self.outbox.name(), "down", "begins", time.time(), text, "bot"))
        self.courier.rouse()

    @property
    def pid(self) -> int:
        child = self.courier._child
        return 0 if child is None else child.pid


@pytest.fixture
async def offices(tmp_path: Path) -> AsyncIterator[Callable[..., Office]]:
    made: list[Office] = []

    def make(*urls: str) -> Office:
        made.append(Office(tmp_path / f"alerts-{len(made)}", *urls))
        return made[-1]

    yield make
    for office in made:
        pid = office.pid
        office.courier.close()
        if pid:
            os.kill(pid, signal.SIGKILL)
            await until(lambda p=pid: os.waitpid(p, os.WNOHANG)[0], "its end")  # type: ignore[misc]


async def until(condition: Callable[[], object], what: str) -> None:
    end = time.monotonic() + 40
    while not condition():
        assert time.monotonic() < end, what
        await asyncio.sleep(0.02)


async def test_a_sender_runs_only_while_there_is_something_to_send(
    offices: Callable[..., Office],
) -> None:
    """It is started with the first alert, ends by itself, and is started again with the next."""
    with receiving() as receiver:
        office = offices(receiver.url)
        assert not office.pid
        for number in (1, 2):
            office.put(f"alert {number}.")
            assert office.pid
            await until(lambda: not office.pid, "the sender to end")
        assert [message.body for message in receiver.messages] == ["alert 1.", "alert 2."]
    assert office.said == []


async def test_a_sender_that_is_killed_is_started_again(offices: Callable[..., Office]) -> None:
    """What it had not sent is sent by the next."""
    with receiving() as receiver:
        office = offices(receiver.url)
        office.put("alert.")
        os.kill(office.pid, signal.SIGKILL)
        await until(lambda: receiver.messages, "the message")
    assert office.said == ["alerts: the sender ended (-9); it is started again"]


async def test_a_sender_that_hangs_is_killed(
    offices: Callable[..., Office], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One without a sign of life is replaced, also if it is stopped and deaf to all but SIGKILL."""
    monkeypatch.setattr(courier, "LOOK", 0.1)
    monkeypatch.setattr(courier, "HUNG", 0.5)
    with receiving() as receiver:
        office = offices(receiver.url)
        office.put("alert.")
        os.kill(office.pid, signal.SIGSTOP)
        await until(lambda: office.said, "the courier to notice")
        monkeypatch.setattr(courier, "HUNG", 60)
        await until(lambda: receiver.messages, "the message")
    assert "hangs; it is killed" in office.said[0]


async def test_a_missing_apprise_is_said_once_an_alert(
    offices: Callable[..., Office], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody is told, and the log says what to do about that."""
    (tmp_path / "apprise.py").write_text("raise ImportError('it is not here')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    office = offices("json://127.0.0.1:9/")
    office.put("alert.")
    await until(lambda: office.said and not office.pid, "the courier to say so")
    assert office.said == [
        "alerts: apprise is not installed, so nobody is told; "
        "do: pip install 'watchdog-supervisor[alerts]'"
    ]
    assert not office.outbox.is_empty()
