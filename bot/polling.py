"""Polling, watched from the one place that sees everything: the request under getUpdates.

`PollingRequest` stamps each round trip, including the time-outs, conflicts and refusals that the
library retries in silence. Whether polling lives is asked of the polling task itself, because the
library's `updater.running` stays true after that task has died.
"""

import asyncio
import contextlib
import json
import logging
from typing import Any

from telegram import Update
from telegram.error import Conflict, NetworkError, RetryAfter, TelegramError, TimedOut

from bot.begun import Begun
from bot.calls import TimedRequest
from bot.capability import App
from bot.crowd import wait_for_room
from bot.figures import LONGEST_BACKOFF, Figures
from bot.poison import Sifted, Unintelligible, sift
from bot.quarantine import Quarantine
from bot.redaction import redact

POLLING_TASK = "Updater:start_polling:polling_task"
_FETCHER_SUFFIX = ":update_fetcher"
_ACTION = "polling_action_cb"
# The library sleeps this much longer than Telegram asks for.
_RETRY_SLACK = 0.5

_log = logging.getLogger("bot.polling")


class PollingRequest(TimedRequest):
    """The request that getUpdates uses: a pool of its own, each round trip stamped."""

    def __init__(
        self, figures: Figures, read_timeout: float, begun: Begun, quarantine: Quarantine
    ) -> None:
        super().__init__(figures, pool_size=1, read_timeout=read_timeout)
        self._begun, self._quarantine = begun, quarantine

    async def do_request(self, url: str, *args: Any, **kwargs: Any) -> tuple[int, bytes]:
        """One round trip: (HTTP status, body); raises what the library's own request raises."""
        polling, clock = self._figures.polling, self._figures.clock
        await wait_for_room(self._figures)
        polling.start(clock(), _offset(kwargs))
        try:
            status, payload = await super().do_request(url, *args, **kwargs)
            sifted = _sift(payload) if status == 200 else None
        except Exception as error:
            pause = 0.0 if isinstance(error, TimedOut) else LONGEST_BACKOFF
            polling.fail(clock(), None, describe_error(error), pause)
            raise
        if sifted is None:
            polling.fail(clock(), status, *_failure(payload))
            return status, payload
        polling.succeed(clock(), sifted.received, len(sifted.skipped))
        self._begun.forget_below(polling.answered)
        for poison in sifted.skipped:
            await self._quarantine.skip(poison)
        return status, sifted.payload


def _offset(kwargs: dict[str, Any]) -> int:
    data = kwargs.get("request_data")
    return int(data.parameters.get("offset") or 0) if data is not None else 0


def _sift(payload: bytes) -> Sifted:
    try:
        return sift(payload, lambda update: Update.de_json(update, None))
    except Unintelligible as error:
        raise NetworkError(f"Unintelligible answer to getUpdates: {error}") from None


def _failure(payload: bytes) -> tuple[str, float]:
    """What a refusal says, and how long the library will rest after it."""
    try:
        answer = json.loads(payload)
        text = str(answer.get("description"))
        retry_after = float((answer.get("parameters") or {}).get("retry_after") or 0)
    except (ValueError, AttributeError, TypeError):
        return "an answer that is no Bot API answer", LONGEST_BACKOFF
    return redact(text)[:200], max(LONGEST_BACKOFF, retry_after + _RETRY_SLACK)


def describe_error(error: BaseException) -> str:
    """An error as a short text without secrets."""
    return redact(str(error) or type(error).__name__)[:200]


async def begin_polling(application: App, figures: Figures, poll_seconds: int) -> None:
    """Start the poller; pending updates are kept, and what was fetched is handled."""
    assert application.updater is not None
    figures.polling.began = figures.clock()
    await application.updater.start_polling(timeout=poll_seconds, error_callback=_log_poll_error)
    figures.poller = _find(POLLING_TASK)


async def begin_handling(application: App, figures: Figures) -> None:
    """Start the dispatcher, which hands fetched updates to the handlers."""
    await application.start()
    figures.dispatcher = _find(_FETCHER_SUFFIX)


def _find(name: str) -> asyncio.Task[Any] | None:
    return next((task for task in asyncio.all_tasks() if task.get_name().endswith(name)), None)


def _log_poll_error(error: TelegramError) -> None:
    if isinstance(error, Conflict):
        _log.warning("Conflict while polling, waiting it out: %s", describe_error(error))
    else:
        _log.warning("A poll failed, trying again: %s", describe_error(error))


async def await_death(figures: Figures) -> BaseException:
    """Wait until the poller or the dispatcher dies of an error, and return that error.

    A task that was cancelled is not mourned: it leaves the bot deaf, which its health reports.
    """
    tasks = [task for task in (figures.poller, figures.dispatcher) if task is not None]
    while tasks:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            tasks.remove(task)
            if not task.cancelled() and (error := task.exception()) is not None:
                return error
    await asyncio.Event().wait()
    raise AssertionError("an event that nobody sets was set")


async def kill_polling() -> None:
    """Cancel the poller and the poll in flight, and leave everything else as it is."""
    for task in asyncio.all_tasks():
        coroutine = task.get_coro()
        inner = getattr(coroutine, "__qualname__", "").endswith(_ACTION)
        if inner or task.get_name() == POLLING_TASK:
            task.cancel()


async def await_confirmation(figures: Figures, update_id: int) -> None:
    """Wait (2 s at most) until Telegram has been told that `update_id` was received."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(2):
            # A test's command may poll: no event is worth keeping in every bot for it.
            while not figures.polling.confirms(update_id, figures.clock()):  # noqa: ASYNC110
                await asyncio.sleep(0.02)


def pause_after(error: TelegramError, attempt: int) -> float:
    """Seconds to wait before asking again at start-up: 0.5, 1, 2, 4, then 5 each time."""
    if isinstance(error, RetryAfter):
        return retry_seconds(error)
    return float(min(5.0, 0.5 * 2**attempt))


def retry_seconds(error: RetryAfter) -> float:
    """How long Telegram asks to wait; the library returns a number or a timedelta."""
    value = error.retry_after
    return float(value) if isinstance(value, int | float) else value.total_seconds()
