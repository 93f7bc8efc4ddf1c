"""The courier: takes one bot's updates to its webhook over real HTTP, as `webhook.py` rules.

At most one courier works for a bot, as long as its webhook is set. A delivery that is under way
when the webhook is removed is broken off: its update stays in the queue.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress

from bot.sandbox.faults import FaultBook
from bot.sandbox.outbound import NoAnswer, Pool
from bot.sandbox.updates import UpdateQueue
from bot.sandbox.webhook import DeliveryPlan, Webhook

LOST = "Webhook connection closed"


class Courier:
    """One webhook's deliveries. Make it on a running event loop."""

    def __init__(
        self,
        bot: int,
        webhook: Webhook,
        queue: UpdateQueue,
        faults: FaultBook,
        announce: Callable[[], None],
    ) -> None:
        self.webhook = webhook
        self._bot, self._queue, self._faults, self._announce = bot, queue, faults, announce
        self._plan = DeliveryPlan(webhook.max_connections)
        self._pool = Pool(webhook.url)
        self._news = asyncio.Event()
        self._deliveries: set[asyncio.Task[None]] = set()
        self._task = asyncio.create_task(self._work())

    def wake(self) -> None:
        """There may be something to deliver."""
        self._news.set()

    def stop(self) -> None:
        """Work no more."""
        for task in (self._task, *self._deliveries):
            task.cancel()
        self._pool.close()

    async def _work(self) -> None:
        while True:
            self._news.clear()
            due = self._plan.take(self._queue.pending(), time.monotonic())
            for update_id, text in due.updates:
                task = asyncio.create_task(self._deliver(update_id, text))
                self._deliveries.add(task)
                task.add_done_callback(self._deliveries.discard)
            wait = None if due.again is None else due.again - time.monotonic()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), wait)

    async def _deliver(self, update_id: int, text: str) -> None:
        fault = self._faults.take(self._bot, "webhook", time.monotonic())
        await asyncio.sleep(fault.delay)
        try:
            answer = await self._pool.post(text.encode(errors="replace"), self.webhook.secret)
            if fault.drop:  # it arrived, but nobody will ever know
                raise NoAnswer(LOST)
            if not 200 <= answer.status <= 299:
                reason = f"Wrong response from the webhook: {answer.status} {answer.reason}"
                self._fail(update_id, reason.strip(), answer.retry_after)
            else:
                self._succeed(update_id)
        except NoAnswer as error:
            self._fail(update_id, str(error))
        finally:
            self._news.set()
            self._announce()

    def _succeed(self, update_id: int) -> None:
        self._plan.succeed(update_id)
        self._queue.forget(update_id)
        self.webhook.delivered += 1
        if not len(self._queue):
            self.webhook.last_error = ""

    def _fail(self, update_id: int, reason: str, retry_after: float = 0.0) -> None:
        self._plan.fail(update_id, time.monotonic(), retry_after)
        self.webhook.failed += 1
        self.webhook.last_error, self.webhook.last_error_date = reason, int(time.time())
