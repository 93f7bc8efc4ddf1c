"""The faults on real sockets, and the rival."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from bot.sandbox import Sandbox


async def test_a_hanging_server_accepts_and_answers_only_when_cleared(
    sandbox: Sandbox, caller: Any
) -> None:
    """Calls wait in the hang, those of the admin API do not, and go on when it is cleared."""
    sandbox.stage.fault({"kind": "hang"})
    call = asyncio.create_task(caller.call("getMe"))
    assert (await caller.admin("GET", "/faults")).json["faults"][0]["kind"] == "hang"
    done, _ = await asyncio.wait([call], timeout=0.3)
    assert not done
    sandbox.stage.clear_faults()
    assert (await call).status == 200


async def test_a_hang_also_holds_the_answer_of_a_poll_that_waits(
    sandbox: Sandbox, caller: Any
) -> None:
    """A hang holds what was asked before it too, and ends with its time."""
    poll = await caller.start_poll()
    sandbox.stage.fault({"kind": "hang", "seconds": 0.5})
    started = time.monotonic()
    sandbox.stage.send("hi")
    assert (await poll.receive()).status == 200
    assert time.monotonic() - started >= 0.45


async def test_a_poll_that_died_in_a_hang_never_polled(sandbox: Sandbox, caller: Any) -> None:
    """Its connection ended before the server looked at it: no poll, no conflict later."""
    sandbox.stage.fault({"kind": "hang"})
    wire = await caller.open()
    await wire.send("GET", f"/bot{caller.token}/getUpdates?timeout=50")
    await caller.until(lambda: sandbox.engine.world.accounts)
    wire.die()
    await caller.until(lambda: sandbox.connections == 0)
    sandbox.stage.clear_faults()
    poll = await caller.start_poll()
    sandbox.stage.send("hi")
    assert (await poll.receive()).status == 200
    assert sandbox.stage.statistics()["polls"] == 1


@pytest.mark.parametrize("status", [401, 404, 409, 429, 500])
async def test_the_next_calls_get_the_wanted_error(
    sandbox: Sandbox, caller: Any, status: int
) -> None:
    """Exactly `count` calls of the method are refused."""
    sandbox.stage.fault({"kind": "answer", "status": status, "method": "getMe", "count": 2})
    answers = [await caller.call("getMe") for _ in range(3)]
    assert [answer.status for answer in answers] == [status, status, 200]
    assert answers[0].json["error_code"] == status


async def test_garbage_and_emptiness_are_sent_as_success(sandbox: Sandbox, caller: Any) -> None:
    """A 200 whose body is no JSON, and one without a body."""
    sandbox.stage.fault({"kind": "garbage"})
    sandbox.stage.fault({"kind": "empty"})
    garbage, empty = await caller.call("getMe"), await caller.call("getMe")
    assert (garbage.status, garbage.body[:6]) == (200, b"<html>")
    assert (empty.status, empty.body) == (200, b"")


async def test_a_slow_server_is_late(sandbox: Sandbox, caller: Any) -> None:
    """Each call takes longer by the milliseconds asked for."""
    sandbox.stage.fault({"kind": "slow", "milliseconds": 300})
    started = time.monotonic()
    await caller.call("getMe")
    assert time.monotonic() - started >= 0.3


async def test_connections_are_dropped_unanswered(sandbox: Sandbox, caller: Any) -> None:
    """Those that are open at once, or the next one that calls."""
    poll = await caller.start_poll()
    assert (await caller.admin("DELETE", "/connections")).json["dropped"] == 1
    with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
        await poll.receive()
    sandbox.stage.fault({"kind": "drop"})
    with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
        await caller.call("getMe")
    assert (await caller.call("getMe")).status == 200


async def test_a_rival_takes_the_poll_and_eats_the_messages(sandbox: Sandbox, caller: Any) -> None:
    """The real bot gets the 409, and what a user writes meanwhile vanishes."""
    poll = await caller.start_poll()
    account = sandbox.engine.world.account(caller.bot)
    sandbox.stage.start_rival()
    assert (await poll.receive()).status == 409
    sandbox.stage.send("to whom?")
    await caller.until(lambda: not len(account.queue))
    assert sandbox.stage.statistics()["polls_by_peer"]["rival"] >= 1
    assert sandbox.stage.stop_rival()
    await caller.until(lambda: not account.statistics.live)
    assert (await caller.call("getUpdates")).json["result"] == []


async def test_a_rival_of_some_seconds_ends_by_itself(sandbox: Sandbox, caller: Any) -> None:
    """After its time nobody else polls."""
    sandbox.engine.world.account(caller.bot)
    sandbox.stage.start_rival(seconds=0.3)
    account = sandbox.engine.world.account(caller.bot)
    await caller.until(lambda: account.statistics.live)
    await caller.until(lambda: not account.statistics.live)
    assert not sandbox.stage.stop_rival()
