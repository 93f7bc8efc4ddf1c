"""Somebody else's work that a capability lives on, such as a database: every use tells how it is.

Between the uses it is looked at now and then, so that one that dies unnoticed is in /health soon.
"""

from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from bot.condition import Condition, Rhythm, watch


class DependencyError(Exception):
    """It was not done; the text says why, without a secret and without a full stop.

    `trouble` says that this concerns every use, and not only the one that was asked for.
    """

    def __init__(self, text: str, trouble: bool = True) -> None:
        super().__init__(text)
        self.trouble = trouble


class Dependable(Protocol):
    """What can be looked at, and let go of."""

    async def check(self) -> None:
        """See that it answers; raises `DependencyError`."""

    async def close(self) -> None:
        """Let go of it."""


class Dependency:
    """One dependency with its condition, which is looked at in this rhythm."""

    def __init__(self, dependable: Dependable, condition: Condition, rhythm: Rhythm) -> None:
        self._dependable, self._condition, self._rhythm = dependable, condition, rhythm

    async def say(self, work: Callable[[], Awaitable[str]], excuse: Callable[[Any], str]) -> str:
        """What `work` says, or what `excuse` makes of the error for whoever asked."""
        try:
            text = await work()
        except DependencyError as error:
            if error.trouble:
                self._condition.fail(str(error))
            return excuse(error)
        self._condition.well()
        return text

    async def tend(self) -> None:
        """Look after it until cancelled."""
        try:
            await watch(self._condition, self._look, self._rhythm)
        finally:
            await self._dependable.close()

    async def _look(self) -> None:
        async def work() -> str:
            await self._dependable.check()
            return ""

        await self.say(work, str)
