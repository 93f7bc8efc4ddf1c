"""The wish to stop: SIGTERM or SIGINT asks for it, a second one hurries it.

Also the last resort: a thread that ends the process when the event loop is so stuck that an
orderly stop cannot run.
"""

import asyncio
import logging
import os
import signal
import threading
from collections.abc import Coroutine
from contextlib import suppress
from types import FrameType
from typing import Any

from bot.exits import ExitCode

_HURRIED_SECONDS = 1.0  # the longest a stop may take after the second signal

_log = logging.getLogger("bot.stop")


class StopRequest:
    """The wish that the process ends, and the thread that sees to it that it does."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.code = ExitCode.CRASH  # what the process ends with if the thread must end it
        self.hurried = asyncio.Event()
        self._requested = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._signals: list[str] = []
        self._deadline: threading.Timer | None = None

    def install(self) -> None:
        """Take SIGTERM and SIGINT from now on; call it on the main thread.

        Plain handlers, not the loop's: they also run while a handler sleeps on the loop.
        """
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._handle)

    def attach(self) -> None:
        """Tell the running loop of requests, those made before it ran too."""
        self._loop = asyncio.get_running_loop()
        if self._signals:
            self._tell()

    async def interrupts(self, work: Coroutine[Any, Any, None]) -> None:
        """Run `work` until it ends or a stop is asked for; raises what `work` raises."""
        task = asyncio.create_task(work)
        asked = asyncio.create_task(self._requested.wait())
        await asyncio.wait({task, asked}, return_when=asyncio.FIRST_COMPLETED)
        asked.cancel()
        if task.done():
            return task.result()
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        return None

    def start_deadline(self, seconds: float) -> None:
        """End the process in `seconds`, whatever the loop is doing then."""
        if self._deadline is not None:
            self._deadline.cancel()
        self._deadline = threading.Timer(seconds, self._force)
        self._deadline.daemon = True
        self._deadline.start()

    def _handle(self, number: int, frame: FrameType | None) -> None:
        # No logging here: the handler may have interrupted a write to the same stream.
        self._signals.append(signal.Signals(number).name)
        self.start_deadline(self.seconds if len(self._signals) == 1 else _HURRIED_SECONDS)
        with suppress(RuntimeError):  # the loop may be closed by now
            if self._loop is not None:
                self._loop.call_soon_threadsafe(self._tell)

    def _tell(self) -> None:
        hurry = len(self._signals) > 1
        _log.info("%s: %s", self._signals[-1], "hurrying" if hurry else "stopping")
        self._requested.set()
        if hurry:
            self.hurried.set()

    def _force(self) -> None:
        # In a thread of its own: the stuck main thread may hold the log's lock.
        text = "The stop took too long, ending the process"
        speaker = threading.Thread(target=_log.critical, args=(text,), daemon=True)
        speaker.start()
        speaker.join(0.2)
        os._exit(self.code)
