"""Which updates were begun and never ended: known over crashes, so that none can crash us for ever.

Telegram forgets an update only once a later poll has named a higher id, or a delivery of it was
answered. A handler that ends the process before that, by a crash in native code, a kill for its
memory or a blocked loop, would be handed the same update by every next start. So before a handler
runs, a line goes to a file beside the database, and another when it has ended. What a start finds
begun and not ended was at work when the process before it died: that is a strike against it.

The lines are not synced: they outlive the process, which is all that matters here, and cost a
microsecond each instead of the milliseconds of a disk. A file that fails costs only this.
"""

import logging
import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

MOST_STRIKES = 3  # as many incarnations may die at one update
# Beyond this many bytes the file is written anew with what still counts.
_LONGEST = 256 * 1024
# More than handlers and lines of agents can hold; the oldest are forgotten.
_MOST = 10_000

_log = logging.getLogger("bot.begun")


class Begun:
    """The updates at work now, and those at which earlier incarnations died.

    Without a path nothing is kept. One process at a time uses a file: the bot's lock sees to it.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._file: int | None = None
        self._written = 0
        self._held: dict[int, int] = {}  # how many are at work on an update
        self._strikes: dict[int, int] = {}
        self._listeners: dict[int, Callable[[], None]] = {}
        if path is not None:
            self._strikes = read_strikes(_lines_of(path))
            self._rewrite()

    def strikes(self, update_id: int) -> int:
        """How many incarnations in a row died while they were at this update."""
        return self._strikes.get(update_id, 0)

    def begin(self, update_id: int) -> None:
        """Work on an update begins, also behind its handler; each beginning has an end."""
        held = self._held.get(update_id, 0)
        self._held[update_id] = held + 1
        if not held:
            self._write(f"+{update_id}\n")
        if len(self._held) > _MOST:
            del self._held[next(iter(self._held))]

    def end(self, update_id: int) -> None:
        """Some work on it has ended; with the last of it the strikes are forgotten."""
        held = self._held.pop(update_id, 0)
        if held > 1:
            self._held[update_id] = held - 1
        elif held:
            self._strikes.pop(update_id, None)
            self._write(f"-{update_id}\n")
            self._tell(update_id)

    def when_over(self, update_id: int, listener: Callable[[], None]) -> None:
        """Call `listener` once the last work on an update has ended, or it cannot come again."""
        self._listeners[update_id] = listener

    def forget_below(self, update_id: int) -> None:
        """Telegram has been told that all before this one were received: none comes again."""
        for table in (self._held, self._strikes):
            for number in [one for one in table if one < update_id]:
                del table[number]
                self._tell(number)

    def close(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _tell(self, update_id: int) -> None:
        listener = self._listeners.pop(update_id, None)
        if listener is not None:
            listener()

    def _write(self, line: str) -> None:
        if self._file is None:
            return
        try:
            self._written += os.write(self._file, line.encode("ascii"))
        except OSError as error:
            self._give_up(error)
        if self._written > _LONGEST:
            self._rewrite()

    def _rewrite(self) -> None:
        """Begin the file anew with what still counts; a reader finds the old or the new one."""
        assert self._path is not None
        self.close()
        draft = self._path.with_name(f"{self._path.name}.new")
        strikes = "".join(f"{number} {count}\n" for number, count in self._strikes.items())
        held = "".join(f"+{number}\n" for number in self._held)
        try:
            with os.fdopen(
                os.open(draft, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600), "wb"
            ) as new:
                self._written = new.write((strikes + held).encode("ascii"))
            draft.replace(self._path)
            self._file = os.open(self._path, os.O_WRONLY | os.O_APPEND)
        except OSError as error:
            self._give_up(error)

    def _give_up(self, error: OSError) -> None:
        _log.warning(
            "%s cannot be written (%s): an update that ends the bot is not found out now",
            self._path,
            error.strerror or error,
        )
        self.close()
        self._written = 0


def read_strikes(lines: Iterable[str]) -> dict[int, int]:
    """The strikes against each update after the end of the process that wrote these lines. Pure.

    `ID COUNT` was carried over, `+ID` begun, `-ID` ended; anything else is damage, and skipped.
    """
    carried: dict[int, int] = {}
    open_ones: set[int] = set()
    for line in lines:
        with suppress(ValueError):
            if line.startswith("+"):
                open_ones.add(int(line[1:]))
            elif line.startswith("-"):
                open_ones.discard(int(line[1:]))
                carried.pop(int(line[1:]), None)
            else:
                number, count = line.split()
                carried[int(number)] = int(count)
    for update_id in open_ones:
        carried[update_id] = carried.get(update_id, 0) + 1
    return dict(sorted(carried.items())[-_MOST:])


def _lines_of(path: Path) -> list[str]:
    try:
        with path.open("rb") as file:
            return file.read(4 * _LONGEST).decode("ascii", "replace").splitlines()
    except FileNotFoundError:
        return []
    except OSError as error:
        _log.warning("%s cannot be read: %s", path, error.strerror or error)
        return []


def path_beside(database: Path) -> Path:
    """Where the lines of the bot with this database are."""
    return database.with_name(f"{database.name}.begun")
