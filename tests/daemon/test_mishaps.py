"""What goes wrong in a callback is told in one line, and never as a trace."""

from __future__ import annotations

import asyncio
import errno

from watchdog.daemon.mishaps import Mishaps


class Log:
    """What was said, and whose traces were kept."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.kept: list[BaseException] = []

    def keep(self, error: BaseException) -> str:
        self.kept.append(error)
        return "crash.log"


async def raise_later(log: Log, error: Exception, times: int = 1) -> None:
    """Let callbacks of the running loop fail."""
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(Mishaps(log.said.append, log.keep).handle)

    def fail() -> None:
        raise error

    for _ in range(times):
        loop.call_soon(fail)
    await asyncio.sleep(0)


async def test_a_bug_in_a_callback_is_one_line_and_a_trace_in_a_file() -> None:
    """The line names the exception and the file."""
    log, error = Log(), ValueError("seven")
    await raise_later(log, error)
    (line,) = log.said
    assert "internal error" in line and "ValueError: seven" in line and "crash.log" in line
    assert "\n" not in line and "Traceback" not in line
    assert log.kept == [error]


async def test_a_shortage_is_said_once_and_is_no_bug() -> None:
    """With no descriptor left, asyncio complains once a second; people hear it once a minute."""
    log = Log()
    await raise_later(log, OSError(errno.EMFILE, "Too many open files"), times=5)
    (line,) = log.said
    assert line.endswith("Too many open files") and not log.kept
