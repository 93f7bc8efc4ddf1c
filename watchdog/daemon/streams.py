"""What clients do to the streams of programs: begin their logs anew, send them input."""

from __future__ import annotations

import errno
from collections.abc import Callable
from pathlib import Path

from watchdog.config.model import ProgramConfig
from watchdog.control.backend import InputError
from watchdog.daemon.console import Console
from watchdog.logs.capture import Captures
from watchdog.logs.feed import Feeds, NotReading
from watchdog.logs.opening import leads_to_descriptor


class Streams:
    """The logs and the inputs of all programs, and the watchdog's own log."""

    def __init__(
        self,
        captures: Captures,
        feeds: Feeds,
        console: Console,
        config_of: Callable[[str], ProgramConfig],
    ) -> None:
        self._captures = captures
        self._feeds = feeds
        self._console = console
        self._config_of = config_of

    def clear_logs(self, name: str) -> None:
        """Begin the captured output anew, also of a program that does not run. Raises OSError."""
        logs = self._config_of(name).logs
        known = [path for path in (logs.path, logs.stderr_path) if path and path.is_file()]
        for path in known:
            _refuse_what_is_not_ours(path)
        self._captures.clear(name)
        for path in known:
            with path.open("ab") as file:  # there also if nothing of the program runs now
                file.truncate(0)

    def clear_main_log(self) -> None:
        """Begin the watchdog's own log anew. Raises OSError."""
        self._console.clear()

    async def send_input(self, name: str, data: bytes) -> None:
        """Write to the input of a process. `InputError` says why it cannot be."""
        if self._config_of(name).stdin != "pipe":
            raise InputError('it has no input; set stdin = "pipe" in its configuration')
        try:
            await self._feeds.send(name, data)
        except NotReading:
            raise InputError("it does not read its input") from None
        except OSError as error:
            raise InputError(f"its input is closed ({error.strerror})") from None


def _refuse_what_is_not_ours(path: Path) -> None:
    """/dev/stdout is a file, too, if our output is redirected to one. Raises OSError."""
    if leads_to_descriptor(str(path)):
        raise OSError(errno.EINVAL, "not a file of its own", str(path))
