"""Going down: in order, and in bounded time.

First no more updates come in (Telegram is told what polling received), then running handlers may
finish, then the connections are closed. A handler that never ends is left behind.
"""

import asyncio
import logging
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any

from bot.capability import App
from bot.figures import Figures
from bot.stop import StopRequest

# Of the time a stop may take, this much is kept for closing connections and ending the process.
_RESERVE = 1.0
_RECEIVING_SHARE = 2.0
_WORDS_SECONDS = 1.5

_log = logging.getLogger("bot.shutdown")


async def wind_down(
    application: App,
    figures: Figures,
    stop: StopRequest,
    ending: Coroutine[Any, Any, None],
    last_words: Coroutine[Any, Any, None],
) -> None:
    """End receiving (`ending`), let handlers finish, close connections; all in bounded time."""
    loop = asyncio.get_running_loop()
    end = loop.time() + max(0.1, stop.seconds - _RESERVE)
    share = min(_RECEIVING_SHARE, max(0.1, stop.seconds - _RESERVE))
    # Beside the rest: a handler that does not end would leave them no time.
    words = asyncio.create_task(last_words)
    if not await _within(share, ending, stop):
        _log.warning("Receiving did not stop in time: the last updates may be sent again")
    if not await _within(end - loop.time(), _stop_handling(application), stop):
        _log.warning("%d handlers did not end and are left behind", len(figures.handlers.running))
    if not await _within(min(_WORDS_SECONDS, end - loop.time()), _await(words), stop):
        _log.warning("The last notices could not be sent in time")
    await _within(_RESERVE / 2, application.shutdown(), stop)


async def end_polling(application: App, figures: Figures) -> None:
    """End the poller; the updater then asks once more, to tell Telegram what it received.

    Telegram holds a question with the same offset as the last for 3 s: its answer, which would be
    ignored, is not awaited, only that the question has arrived.
    """
    updater, poller, began = application.updater, figures.poller, figures.clock()
    if updater is None or not updater.running:
        return
    stopping = asyncio.create_task(updater.stop())
    if poller is not None:
        await asyncio.wait({poller}, timeout=1.0)
        poller.cancel()  # after a failed poll it rests for up to 30 s, and hears nothing
    while not stopping.done() and not figures.polling.settled(began, figures.clock()):
        await asyncio.wait({stopping}, timeout=0.05)
    stopping.cancel()
    with suppress(asyncio.CancelledError):
        await stopping


async def _await(task: asyncio.Task[None]) -> None:
    await task


async def _stop_handling(application: App) -> None:
    if application.running:
        await application.stop()


async def _within(seconds: float, work: Coroutine[Any, Any, None], stop: StopRequest) -> bool:
    """Whether `work` ended in time; a hurried stop waits no longer."""
    task = asyncio.create_task(work)
    hurried = asyncio.create_task(stop.hurried.wait())
    waiting = {task, hurried} if not stop.hurried.is_set() else {task}
    patience = seconds if not stop.hurried.is_set() else 0.1
    await asyncio.wait(waiting, timeout=max(0.05, patience), return_when=asyncio.FIRST_COMPLETED)
    hurried.cancel()
    if not task.done():
        task.cancel()
        return False
    if not task.cancelled() and (error := task.exception()) is not None:
        _log.debug("A step of the stop failed", exc_info=error)
    return True
