"""What goes wrong in a callback of the event loop: said in one line, its trace kept in a file.

asyncio would print the trace of each to the standard error stream, and that of a full table of
descriptors over and over. Nobody who runs a bot is to read a trace.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from watchdog.config import Config
from watchdog.daemon import clock
from watchdog.daemon.veil import Veil

QUIET = 60.0
"""Seconds in which the same mishap is not said again."""


class Mishaps:
    """The loop's exception handler."""

    def __init__(
        self, say: Callable[[str], None], keep_trace: Callable[[BaseException], str]
    ) -> None:
        self._say = say
        self._keep_trace = keep_trace
        self._quiet_until: dict[str, float] = {}

    def handle(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Something raised where nobody could catch it."""
        error = context.get("exception")
        text = describe(str(context.get("message", "")), error)
        if loop.time() < self._quiet_until.get(text, 0.0):
            return
        self._quiet_until[text] = loop.time() + QUIET
        if error is not None and not isinstance(error, OSError):
            text = f"{text}; details: {self._keep_trace(error)}"
        self._say(text)


def describe(message: str, error: BaseException | None) -> str:
    """A mishap in one line: a shortage of the system's as such, anything else as a bug of ours."""
    if isinstance(error, OSError):
        return f"{message or 'input or output failed'}: {error.strerror or error}"
    cause = f": {type(error).__name__}: {error}" if error is not None else ""
    return f"internal error: {message}{cause}"


def keep_trace(config: Config, error: BaseException) -> str:
    """Append the trace of an exception to `<state>/crash.log`; where it went."""
    import traceback  # not before it is needed: it is heavy

    path = config.state / "crash.log"
    secrets = Veil()
    secrets.learn(config.programs)
    try:
        with path.open("a", encoding="utf-8") as file:
            file.write(
                f"{clock.stamp()} {secrets.over(''.join(traceback.format_exception(error)))}\n"
            )
    except OSError as trouble:
        return f"none, {path} cannot be written ({trouble.strerror})"
    return str(path)
