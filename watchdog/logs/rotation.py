"""A log file that is rotated at whole lines, and that never lets its troubles reach the caller.

`write` neither raises nor blocks: the program behind it must be read on whatever happens to the
disk. What cannot be written is dropped and counted, tried again at most once a second, and when
writing works again the log says how much was lost. The one decision, `cut_for_rotation`, is pure.
"""

from __future__ import annotations

import errno
import os
import stat
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from watchdog.logs.attic import ALL_STAYS, Attic
from watchdog.logs.opening import leads_to_descriptor, may_remove, open_log, put
from watchdog.logs.shifting import limits, shift
from watchdog.logs.witness import NOBODY, Lost, Place, Witness

PATIENCE = 1.0
"""Seconds between two looks at whether the file is still at its path, and between two retries."""
OVERSHOOT = 1024 * 1024
"""Bytes that one endless line may add beyond the maximum before a rotation tears it."""

Tell = Callable[[str | None], None]
"""Told a sentence when trouble begins and None when it is over."""


def cut_for_rotation(data: bytes, size: int, maximum: int, whole: bool) -> int:
    """How many bytes of `data` still belong in a file of `size` bytes; 0 means rotate it first.

    `whole` says that the file ends with a whole line. A line is never spread over two files unless
    it is longer than the maximum by `OVERSHOOT`; a line longer than the maximum has its own file.
    """
    if not maximum or size + len(data) <= maximum:
        return len(data)
    fitting = data.rfind(b"\n", 0, max(0, maximum - size)) + 1
    if fitting:
        return fitting
    first_line = data.find(b"\n") + 1 or len(data)
    if not size:
        return first_line
    return first_line if not whole and size < maximum + OVERSHOOT else 0


class _Loss(msgspec.Struct):
    """What was dropped since writing failed."""

    reason: str
    retry_at: float
    error: int = 0
    size: int = 0
    inherited: bool = False
    """Whether it was another watchdog's loss, which may have torn a line."""

    def add(self, data: bytes) -> None:
        self.size += len(data)

    def sentence(self) -> str:
        return f"[watchdog: {self.size} bytes of output were lost: {self.reason}]"


class RotatingFile:
    """Appends to `path`; beyond `maximum` bytes the file becomes `path.1`, `path.1` `path.2`, ...

    maximum: bytes, 0 for never. backups: how many rotated files are kept; with 0 the file is
    emptied instead. A path that is no regular file (a pipe, a terminal), or leads to a descriptor
    (/dev/stdout), is never rotated.
    attic: who looks after the rotated files, and how old a file may become.
    tell: called on entry into trouble and on recovery. notice: a sentence as a line of this log.
    """

    __slots__ = (
        "_attic",
        "_clock",
        "_done",
        "_fd",
        "_identity",
        "_limits",
        "_look_at",
        "_loss",
        "_notice",
        "_path",
        "_rotate_after",
        "_size",
        "_tell",
        "_to_socket",
        "_told",
        "_whole",
        "_witness",
    )

    def __init__(
        self,
        path: str,
        maximum: int,
        backups: int,
        tell: Tell,
        notice: Callable[[str], bytes],
        clock: Callable[[], float] = time.monotonic,
        witness: Witness = NOBODY,
        attic: Attic = ALL_STAYS,
    ) -> None:
        self._path = path
        self._limits = limits(maximum, backups)
        self._tell = tell
        self._notice = notice
        self._clock = clock
        self._witness = witness
        self._attic = attic
        self._fd = -1
        self._identity: Place = None
        self._size = 0
        self._done = 0  # bytes of the present write that are in the file
        self._whole = True
        self._look_at = 0.0
        self._rotate_after = 0.0
        self._loss: _Loss | None = None
        self._told = False
        self._to_socket = False

    # -- what the owner does --------------------------------------------------------------

    @property
    def path(self) -> str:
        """Where the log is."""
        return self._path

    @property
    def lost(self) -> Lost:
        """What was dropped and the log does not tell yet."""
        return (self._loss.size, self._loss.error) if self._loss else (0, 0)

    def inherit(self, lost: Lost) -> None:
        """An earlier watchdog dropped this and could not say so."""
        if lost[0]:
            self._loss = _Loss(os.strerror(lost[1]), 0.0, lost[1], lost[0], inherited=True)

    def write(self, data: bytes) -> None:
        """Append `data`, which is whole lines or a piece of an overlong one; rotate as needed."""
        now = self._clock()
        loss = self._loss
        if loss and now < loss.retry_at:
            loss.add(data)
            return
        self._done = 0
        try:
            self._make_ready(now)
            self._append(data, now)
        except OSError as error:
            self._lose(data[self._done :], error, now)
        else:
            self._recover()

    def reopen(self) -> None:
        """Open what is at the path now, as after an external rotation, unless closed."""
        if self._fd >= 0:
            self._open_or_lose()

    def ready(self) -> None:
        """Make the file exist and be open before the first write, so that trouble shows early."""
        if self._fd < 0 and self._loss is None:
            self._open_or_lose()

    def _open_or_lose(self) -> None:
        now = self._clock()
        try:
            self._open(now)
        except OSError as error:
            self._lose(b"", error, now)

    def clear(self) -> None:
        """Begin the log anew; the rotated files stay. Raises OSError, also for a device."""
        if not may_remove(self._path):
            raise OSError(errno.EINVAL, "not a file of its own", self._path)
        self._witness.before_move()
        Path(self._path).unlink(missing_ok=True)
        self.reopen()

    def retarget(
        self,
        path: str,
        maximum: int,
        backups: int,
        notice: Callable[[str], bytes],
        attic: Attic = ALL_STAYS,
    ) -> None:
        """Go on under another configuration."""
        self._limits, self._notice = limits(maximum, backups), notice
        self._attic = attic
        if path != self._path:
            self._path = path
            self.reopen()

    def close(self) -> None:
        """Close the file; a later write opens it again. A pending notice of loss is tried once."""
        if self._loss:
            self._loss.retry_at = 0.0
            self.write(b"")
        self._swap(-1)

    # -- opening ----------------------------------------------------------------------------

    def _make_ready(self, now: float) -> None:
        if self._fd < 0 or (now >= self._look_at and self._has_moved(now)):
            self._open(now)
        if self._loss and self._loss.size:
            self._announce(self._loss)

    def _announce(self, loss: _Loss) -> None:
        whole = self._whole and not loss.inherited
        notice = (b"" if whole else b"\n") + self._notice(loss.sentence())
        self._measure()
        self._witness.before_notice(self._identity, self._size, len(notice), self.lost)
        try:
            self._put(notice)
        finally:
            self._done = 0  # counts the program's bytes, and these are ours
        loss.size = 0

    def _has_moved(self, now: float) -> bool:
        self._look_at = now + PATIENCE
        if self._identity is None:
            return False
        try:
            found = Path(self._path).stat()
        except OSError:
            return True
        return (found.st_dev, found.st_ino) != self._identity

    def _open(self, now: float) -> None:
        if self._fd >= 0:
            self._witness.before_move()
        fd = open_log(self._path)
        found = os.fstat(fd)
        regular = stat.S_ISREG(found.st_mode) and not leads_to_descriptor(self._path)
        self._swap(fd)
        self._to_socket = stat.S_ISSOCK(found.st_mode)
        self._identity = (found.st_dev, found.st_ino) if regular else None
        self._size = found.st_size if regular else 0
        self._attic.note(self._path, found.st_mtime)
        self._whole = True
        self._look_at = now + PATIENCE
        self._rotate_after = 0.0

    def _swap(self, fd: int) -> None:
        old, self._fd = self._fd, fd
        if old >= 0:
            os.close(old)

    # -- appending ---------------------------------------------------------------------------

    def _append(self, data: bytes, now: float) -> None:
        self._measure()
        if self._is_outdated(now):
            self._rotate(now)
        while data:
            self._measure()
            room = cut_for_rotation(data, self._size, self._limit(now), self._whole)
            if room:
                piece, data = data[:room], data[room:]
                if self._size + room > self._limits.maximum:
                    self._attic.make_room(self._path, self._size + room)
                self._witness.before_append(self._identity, self._size, piece, not data)
                self._put(piece)
            elif self._has_moved(now):
                self._open(now)  # another program writes here, too, and was the first to rotate
            else:
                self._rotate(now)

    def _is_outdated(self, now: float) -> bool:
        """Whether what is there was written in an earlier period; a started line is finished."""
        if not (self._attic.age and self._size and self._identity and self._whole):
            return False
        return now >= self._rotate_after and self._attic.is_outdated(self._path, time.time())

    def _measure(self) -> None:
        """Look where the file ends: others may have emptied it (logrotate's copytruncate)."""
        if self._identity:
            self._size = os.fstat(self._fd).st_size

    def _limit(self, now: float) -> int:
        return self._limits.maximum if self._identity and now >= self._rotate_after else 0

    def _put(self, data: bytes) -> None:
        while data:
            count = put(self._fd, data, self._to_socket)
            self._size += count
            self._done += count
            self._whole = data[count - 1] == 10
            data = data[count:]

    # -- rotating ----------------------------------------------------------------------------

    def _rotate(self, now: float) -> None:
        """Rotate; if that fails the file grows on and it is tried again a second later."""
        try:
            self._shift()
            self._attic.tidy()
            self._open(now)
        except OSError as error:
            self._rotate_after = now + PATIENCE
            self._say(
                f"cannot rotate {self._path}: {_reason(error)}; the file grows beyond its maximum"
            )

    def _shift(self) -> None:
        self._witness.before_move()
        if self._limits.backups:
            shift(self._path, self._limits.backups)
        else:
            os.ftruncate(self._fd, 0)

    # -- trouble -----------------------------------------------------------------------------

    def _lose(self, data: bytes, error: OSError, now: float) -> None:
        loss = self._loss = self._loss or _Loss("", 0.0)
        loss.reason, loss.error = _reason(error), error.errno or 0
        loss.retry_at = now + PATIENCE
        loss.add(data)
        self._say(f"cannot write {self._path}: {loss.reason}; output is dropped until it can")

    def _recover(self) -> None:
        self._loss = None
        if self._told and not self._rotate_after:
            self._told = False
            self._tell(None)

    def _say(self, text: str) -> None:
        if not self._told:
            self._told = True
            self._tell(text)


def _reason(error: OSError) -> str:
    return error.strerror or str(error)
