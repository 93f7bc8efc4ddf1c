"""The sender as a real process, with a real receiver."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from tests.alerts.receiver import Receiver, receiving
from tests.system.harness import wait_until
from watchdog.alerts.courier import environment
from watchdog.alerts.model import Alert, Mark, Phase, Task
from watchdog.alerts.outbox import Outbox
from watchdog.alerts.plan import attempt
from watchdog.alerts.sender import Sender

if sys.platform != "linux":
    pytest.skip("the tests of processes are for Linux", allow_module_level=True)

Start = Callable[..., subprocess.Popen[bytes]]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


@pytest.fixture
def outbox(tmp_path: Path) -> Outbox:
    outbox = Outbox(tmp_path / "alerts")
    outbox.prepare()
    return outbox


@pytest.fixture
def start(outbox: Outbox) -> Iterator[Start]:
    """Starts senders of the outbox; none is left behind."""
    started = []

    def start(*urls: str, **task: float) -> subprocess.Popen[bytes]:
        options = {"group": 0.05, "limit": 20, "linger": 60.0} | task
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "watchdog.alerts", str(outbox.place)],
            env=environment(),
            stdin=subprocess.PIPE,
        )
        started.append(process)
        told = msgspec.convert({"urls": urls, "title": "test", **options}, Task)
        assert process.stdin is not None
        process.stdin.write(msgspec.json.encode(told))
        process.stdin.close()
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()


def put(outbox: Outbox, text: str, phase: Phase = "begins", opener: str = "") -> Alert:
    kind = "down" if phase == "begins" else "recovered"
    alert = Alert(outbox.name(), kind, phase, time.time(), text, "bot", opener)
    outbox.add(alert)
    return alert


def test_it_empties_the_outbox_and_ends(outbox: Outbox, receiver: Receiver, start: Start) -> None:
    """What waits is sent, then nothing is resident any more."""
    put(outbox, "bot is down.")
    process = start(receiver.url, linger=0.5)
    assert process.wait(40) == 0
    assert [message.body for message in receiver.messages] == ["bot is down."]
    assert receiver.messages[0].title == "test: bot is down"
    assert outbox.is_empty()


def test_an_outage_delays_and_loses_nothing(
    outbox: Outbox, receiver: Receiver, start: Start
) -> None:
    """Down and recovered arrive once the receiver is there again: in order, and once."""
    receiver.down()
    down = put(outbox, "bot is down.")
    start(receiver.url)
    wait_until(lambda: (outbox.place / "sender.log").exists(), "an attempt that failed")
    put(outbox, "bot is up again.", "over", down.id)
    receiver.up()
    wait_until(lambda: outbox.is_empty(), "everything to be sent")
    assert receiver.text.count("bot is down.") == receiver.text.count("bot is up again.") == 1
    assert receiver.text.index("is down.") < receiver.text.index("is up again.")
    log = (outbox.place / "sender.log").read_text()
    assert "0 json://127.0.0.1" in log and "again in" in log
    assert "PassPhrase77" not in log and "SecretPath99" not in log


def test_one_that_is_killed_in_mid_send_sends_again(
    outbox: Outbox, receiver: Receiver, start: Start
) -> None:
    """At least once: the message that was under way is sent by the next sender."""
    receiver.silent.set()
    put(outbox, "bot is down.")
    first = start(receiver.url)
    wait_until(lambda: receiver.asked, "the message to be under way")
    first.kill()
    first.wait()
    receiver.silent.clear()
    wait_until(lambda: len(receiver.messages) == 1, "the first to be answered")
    start(receiver.url)
    wait_until(lambda: outbox.is_empty(), "everything to be sent")
    assert [message.body for message in receiver.messages] == ["bot is down."] * 2


def test_one_that_hangs_in_a_message_is_ended_by_the_kernel(
    outbox: Outbox, receiver: Receiver, start: Start
) -> None:
    """The deadline holds without a watchdog, and the next sender serves the others first."""
    receiver.silent.set()
    put(outbox, "bot is down.")
    assert start(receiver.url, deadline=0.001).wait(40) == -signal.SIGALRM
    with receiving() as other:
        process = start(receiver.url, other.url)
        wait_until(lambda: other.messages, "the other receiver to be told")
        process.kill()
    assert not outbox.is_empty()


def test_there_is_one_sender_for_an_outbox(
    outbox: Outbox, receiver: Receiver, start: Start
) -> None:
    """A second one waits for the end of the first, and then goes on."""
    put(outbox, "one.")
    first = start(receiver.url)
    wait_until(lambda: outbox.is_empty(), "the first to be at work")
    second = start(receiver.url)
    wait_until(lambda: waits_for_a_lock(second.pid), "the second to wait")
    put(outbox, "two.")
    wait_until(lambda: outbox.is_empty(), "the second alert")
    os.kill(first.pid, signal.SIGKILL)
    put(outbox, "three.")
    wait_until(lambda: outbox.is_empty(), "the second sender to go on")
    assert second.poll() is None
    assert [message.body for message in receiver.messages] == ["one.", "two.", "three."]


def waits_for_a_lock(pid: int) -> bool:
    """Whether the kernel has it wait for a lock."""
    lines = [line.split() for line in Path("/proc/locks").read_text().splitlines()]
    return any(line[1] == "->" and str(pid) in line for line in lines)


def test_the_limit_counts_over_the_life_of_senders(
    outbox: Outbox, receiver: Receiver, start: Start
) -> None:
    """A new sender knows what was sent within the hour."""
    for text in ("one.", "two."):
        put(outbox, text)
        process = start(receiver.url, limit=2)
        wait_until(lambda: outbox.is_empty(), text)
        process.kill()
        process.wait()
    put(outbox, "three.")
    third = Sender(Task((receiver.url,), group=0.0, limit=2, title="test"), outbox)
    at = third.turn()
    assert at is not None and 3000 < at - time.time() <= 3600
    assert len(receiver.messages) == 2 and not outbox.is_empty()


def test_a_full_outbox_drops_the_oldest_and_says_so(
    outbox: Outbox, receiver: Receiver, start: Start
) -> None:
    """It never has more than it may, and the loss is told with what is left."""
    small = Outbox(outbox.place, most=5)
    for number in range(20):
        put(small, f"alert {number}.")
    assert len(small.alerts()) == 5
    start(receiver.url)
    wait_until(lambda: outbox.is_empty(), "everything to be sent")
    assert receiver.messages[0].lines[:5] == [f"alert {n}." for n in range(15, 20)]
    assert "15 earlier alerts are lost" in receiver.text


def test_recoveries_are_dropped_with_what_nobody_heard_of(tmp_path: Path) -> None:
    """And kept as long as somebody may know that something was down."""
    outbox = Outbox(tmp_path / "alerts", most=6)
    known = put(outbox, "bot is down.")
    outbox.mark({"receiver": attempt(Mark(), [known], time.time())})
    kept = put(outbox, "bot is up again.", "over", known.id)
    for _ in range(20):
        down = put(outbox, "bot is down.")
        put(outbox, "bot is up again.", "over", down.id)
    waiting = outbox.alerts()
    assert len(waiting) == 6 and waiting[0].id == kept.id
    assert known.id not in [alert.id for alert in waiting]
