"""The sandbox at work: it joins the pure parts to time and to the connections that wait.

Every decision is taken elsewhere (`rules`, `methods`, `faults`); here polls are parked, replies are
sent when they are due, and whoever waits for something to change is woken.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from bot.sandbox.accounts import Account, World
from bot.sandbox.courier import Courier
from bot.sandbox.faults import FaultBook
from bot.sandbox.methods import METHODS, Call, perform
from bot.sandbox.parameters import Parameters
from bot.sandbox.rules import Poll, Reply, clamp_limit, clamp_timeout
from bot.serving import Answer

T = TypeVar("T")
Log = Callable[[str], None]


@dataclass(slots=True)
class Parked:
    """A poll that has a live connection (or rival) behind it."""

    account: Account
    answer: asyncio.Future[Answer]


class Engine:
    """One sandbox without its sockets. Runs on one event loop."""

    def __init__(self, tokens: tuple[str, ...] = (), log: Log = lambda line: None) -> None:
        # Ids that grow with time: a bot that outlives a sandbox keeps its offset, and must not
        # confirm the updates of the next one unseen.
        self.world = World(tokens, first_update=int(time.time()))
        self.faults = FaultBook()
        self._log = log
        self._poll_ids = itertools.count(1)
        self._parked: dict[int, Parked] = {}
        self._changed = asyncio.Event()
        self._couriers: dict[int, Courier] = {}
        self._timers: dict[int, asyncio.TimerHandle] = {}

    def now(self) -> float:
        """The sandbox's clock: seconds that only go forward."""
        return time.monotonic()

    def to_wall(self, moment: float) -> float:
        """A moment of that clock as Unix time."""
        return time.time() - (time.monotonic() - moment)

    def announce(self) -> None:
        """Something changed: wake whoever waits in `wait_for`."""
        self._changed.set()
        self._changed = asyncio.Event()

    async def wait_for(self, look: Callable[[], T | None], seconds: float) -> T | None:
        """Return what `look` finds, as soon as it finds something; None after `seconds`."""
        try:
            async with asyncio.timeout(seconds):
                while (found := look()) is None:
                    await self._changed.wait()
                return found
        except TimeoutError:
            return look()

    async def call(
        self, token: str, method: str, parameters: Parameters, peer: str
    ) -> Answer | None:
        """Answer one Bot API call; None means that the connection is to be dropped."""
        account = self.world.log_in(token)
        if isinstance(account, Answer):
            self._log(f"a refused token called {_show(method)}: {account.status}")
            return account
        answer = await self.answer(account, method, parameters, peer)
        self._log_call(account, method, answer)
        return answer

    async def poll(self, account: Account, parameters: Parameters, peer: str) -> Answer:
        """One getUpdates call, from its arrival to its answer."""
        poll = Poll(
            next(self._poll_ids),
            parameters.integer("offset"),
            clamp_limit(parameters.integer("limit", 100)),
            clamp_timeout(parameters.integer("timeout")),
        )
        account.statistics.arrive(poll.id, peer, self.now())
        parked = Parked(account, asyncio.get_running_loop().create_future())
        self._parked[poll.id] = parked
        try:
            self.settle(account, account.rules.arrive(poll, self.now()))
            return await parked.answer
        finally:
            # Cancelled: the connection ended. The rules are not told, as at Telegram.
            account.statistics.leave(poll.id, self.now())
            self._parked.pop(poll.id, None)
            self.announce()

    def settle(self, account: Account, replies: list[Reply]) -> None:
        """Send these replies when they are due, and set the timer of the poll that waits now."""
        for reply in replies:
            account.statistics.decide(reply.poll, reply.outcome, reply.count)
            if reply.at <= self.now():
                self._deliver(reply)
            else:
                self._call_at(reply.at, self._deliver, reply)
        self._set_timer(account)
        self._mind_webhook(account)
        self.announce()

    def queue(self, account: Account, update: dict[str, object]) -> int:
        """Queue an update and wake the waiting poll. Returns the update's id."""
        update_id = account.queue.append(update)
        self.settle(account, account.rules.wake(self.now()))
        return update_id

    def queue_text(self, account: Account, text: str) -> int:
        """The same for text that need not be JSON."""
        update_id = account.queue.append_text(text)
        self.settle(account, account.rules.wake(self.now()))
        return update_id

    def stop_deliveries(self) -> None:
        """Send nothing to any webhook any more."""
        while self._couriers:
            self._couriers.popitem()[1].stop()

    def is_polling(self, account: Account) -> bool:
        """Whether a live poll of this bot waits now."""
        return account.rules.waiting in account.statistics.live

    async def answer(
        self, account: Account, method: str, parameters: Parameters, peer: str
    ) -> Answer | None:
        """Answer one call of a bot that is logged in; None drops the connection."""
        await self._pass_hang(account, method)
        verdict = self.faults.take(account.id, method, self.now())
        if verdict.delay:
            await asyncio.sleep(verdict.delay)
        if verdict.drop:
            return None
        answer = verdict.answer or await self._perform(account, method, parameters, peer)
        await self._pass_hang(account, method)
        return answer

    async def _perform(
        self, account: Account, method: str, parameters: Parameters, peer: str
    ) -> Answer:
        refusal = account.refusal(self.now())
        if refusal is not None:
            return refusal
        if method.lower() == "getupdates":
            account.count_call("getupdates")
            return await self.poll(account, parameters, peer)
        if method.lower() in METHODS:
            account.count_call(method.lower())
        call = Call(self.world, account, parameters, self.now(), int(time.time()))
        answer = perform(method, call)
        self.settle(account, call.replies)
        return answer

    async def _pass_hang(self, account: Account, method: str) -> None:
        def free() -> bool | None:
            return None if self._hang_end(account, method) is not None else True

        while (until := self._hang_end(account, method)) is not None:
            await self.wait_for(free, min(until - self.now(), 3600.0))

    def _hang_end(self, account: Account, method: str) -> float | None:
        return self.faults.hangs_until(account.id, method, self.now())

    def _mind_webhook(self, account: Account) -> None:
        """Each bot with a webhook has a courier, who looks again when something was queued."""
        courier = self._couriers.get(account.id)
        webhook = None if account.revoked else account.webhook
        if courier is not None and courier.webhook is webhook:
            return courier.wake()
        if courier is not None:
            self._couriers.pop(account.id).stop()
        if webhook is not None:
            self._couriers[account.id] = Courier(
                account.id, webhook, account.queue, self.faults, self.announce
            )
        return None

    def _deliver(self, reply: Reply) -> None:
        parked = self._parked.get(reply.poll)
        if parked is not None and not parked.answer.done():
            parked.answer.set_result(reply.answer)

    def _set_timer(self, account: Account) -> None:
        timer = self._timers.pop(account.id, None)
        if timer is not None:
            timer.cancel()
        deadline = account.rules.deadline
        if deadline is not None:
            self._timers[account.id] = self._call_at(deadline, self._expire, account)

    def _expire(self, account: Account) -> None:
        self.settle(account, account.rules.expire(self.now()))

    def _call_at(
        self, moment: float, callback: Callable[..., None], argument: object
    ) -> asyncio.TimerHandle:
        delay = max(0.0, moment - self.now())
        return asyncio.get_running_loop().call_later(delay, callback, argument)

    def _log_call(self, account: Account, method: str, answer: Answer | None) -> None:
        quiet = method.lower() == "getupdates" and answer is not None and answer.status == 200
        if not quiet:
            status = "dropped" if answer is None else answer.status
            self._log(f"bot {account.id} {_show(method)}: {status}")


def _show(method: str) -> str:
    """A method's name as it may be logged: one that is unknown could be anything."""
    known = method.lower() in METHODS or method.lower() == "getupdates"
    return method if known else "an unknown method"
