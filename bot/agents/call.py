"""An agent that is a Python function: async or not, returning a text or yielding its pieces.

One that is not async runs on a thread of its own, which nothing can end: after a cancellation it is
let go of (a generator ends at its next piece). The threads are daemons, so they hold up no stop of
the bot, and there is a limit to them, so a function that hangs every time does not fill the memory.
"""

import asyncio
import contextlib
import functools
import inspect
import logging
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Iterator
from typing import Any

from bot.agents.specs import AgentError, CallSpec, Question

MOST_THREADS = 32
_AHEAD = 64  # pieces that a thread may be ahead of the chat

_log = logging.getLogger("bot.agents")


class Call:
    """One function, with the threads that are in it."""

    def __init__(self, spec: CallSpec) -> None:
        self._spec = spec
        self.threads = 0

    async def answer(self, question: Question) -> AsyncGenerator[str, None]:
        """The pieces of the answer; raises `AgentError`."""
        try:
            async for piece in self._pieces(question):
                if piece is not None:
                    yield str(piece)
        except AgentError:
            raise
        except Exception as error:
            _log.error("%s failed", self._spec.entry_point, exc_info=error)
            raise AgentError(f"it failed ({type(error).__name__})", outage=False) from None

    async def close(self) -> None:
        """Nothing to let go of: threads end with the process."""

    async def _pieces(self, question: Question) -> AsyncIterator[Any]:
        function = _callee(self._spec.function)
        if inspect.isasyncgenfunction(function):
            async with contextlib.aclosing(function(question)) as pieces:
                async for piece in pieces:
                    yield piece
        elif inspect.iscoroutinefunction(function):
            for piece in _as_pieces(await function(question)):
                yield piece
        else:
            async for piece in self._run_on_thread(question):
                yield piece

    async def _run_on_thread(self, question: Question) -> AsyncIterator[Any]:
        if self.threads >= MOST_THREADS:
            raise AgentError(f"{self.threads} calls of it have not ended; only a restart ends them")
        thread = _Thread(self._spec.function, question, self._ended)
        self.threads += 1
        try:
            async for piece in thread.start():
                yield piece
        finally:
            thread.given_up.set()

    def _ended(self) -> None:
        self.threads -= 1


class _Thread:
    """One call on a thread, and the way of its pieces to the event loop."""

    def __init__(
        self, function: Callable[[Question], Any], question: Question, ended: Callable[[], None]
    ) -> None:
        self._function, self._question, self._ended = function, question, ended
        self._loop = asyncio.get_running_loop()
        self._pieces: asyncio.Queue[tuple[Any, BaseException | None]] = asyncio.Queue()
        self._room = threading.Semaphore(_AHEAD)
        self.given_up = threading.Event()

    async def start(self) -> AsyncIterator[Any]:
        """Call the function; its pieces as they come, and what it raises."""
        threading.Thread(target=self._work, name="agent", daemon=True).start()
        while True:
            piece, error = await self._pieces.get()
            if isinstance(error, StopIteration):
                return
            if error is not None:
                raise error
            self._room.release()
            yield piece

    def _work(self) -> None:
        error: BaseException = StopIteration()
        try:
            for piece in _as_pieces(self._function(self._question)):
                if not self._hand_over(piece):
                    break
        except BaseException as problem:
            error = problem if isinstance(problem, Exception) else RuntimeError(repr(problem))
        finally:
            self._tell(self._ended)
            self._tell(self._pieces.put_nowait, (None, error))

    def _hand_over(self, piece: Any) -> bool:
        """Whether somebody still listens; waits while there is much that was not taken yet."""
        while not self._room.acquire(timeout=0.5):
            if self.given_up.is_set():
                return False
        self._tell(self._pieces.put_nowait, (piece, None))
        return not self.given_up.is_set()

    def _tell(self, call: Callable[..., None], *values: Any) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: the bot has ended
            self._loop.call_soon_threadsafe(call, *values)


def _callee(function: Callable[[Question], Any]) -> Callable[[Question], Any]:
    """The function itself; of an object that can be called, its method."""
    if inspect.isroutine(function) or isinstance(function, functools.partial | type):
        return function
    method: Callable[[Question], Any] = getattr(function, "__call__")  # noqa: B004, B009
    return method


def _as_pieces(result: Any) -> Iterator[Any]:
    """What a function returned, piece by piece: a text is one piece, None is none."""
    if result is None:
        return
    if isinstance(result, Iterable) and not isinstance(result, str | bytes):
        yield from result
    else:
        yield result
