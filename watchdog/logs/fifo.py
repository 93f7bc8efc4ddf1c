"""The FIFO between a program and the watchdog (POSIX): made, opened at both ends, never mixed up.

The child's end is open for reading *and* writing. So while the child lives the FIFO has a reader
even when the watchdog is dead: no SIGPIPE, no lost line, only a full pipe that waits, and the next
watchdog opens the same FIFO by its path. The watchdog's end is read-only and non-blocking, so it
still sees the end of the output when the last process that holds the FIFO is gone.

The limit of this: bytes in a FIFO vanish with its last holder. What a process wrote while no
watchdog lived, and had nobody read when the last of its tree died, is lost (at most `PIPE_SIZE`).
Only another process could hold the FIFO through that, and there is none to ask.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import stat
from pathlib import Path

from watchdog.config.places import make_private

PIPE_SIZE = 1024 * 1024
"""Bytes that wait in the kernel while no watchdog reads. Linux allows 1 MiB to everybody."""
_READ = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW
_SET_SIZE: int | None = getattr(fcntl, "F_SETPIPE_SZ", None)  # Linux only
_GET_SIZE: int | None = getattr(fcntl, "F_GETPIPE_SZ", None)


def open_reader(path: str) -> int:
    """The watchdog's end of the FIFO at `path`, which is made if need be. Raises OSError."""
    with contextlib.suppress(FileNotFoundError):
        found = Path(path).lstat()
        if not stat.S_ISFIFO(found.st_mode) or found.st_uid != os.geteuid():
            Path(path).unlink()  # not ours: an end of it could be in anybody's hands
    with contextlib.suppress(FileExistsError):
        _make(path)
    return open_existing(path)


def open_existing(path: str) -> int:
    """The watchdog's end of the FIFO at `path`. Raises OSError, also when it is no FIFO."""
    fd = os.open(path, _READ)
    if stat.S_ISFIFO(os.fstat(fd).st_mode):
        return fd
    os.close(fd)
    raise FileExistsError(f"{path} is not a FIFO")


def open_held(pid: int, fd: int, path: str) -> int:
    """The watchdog's end of the FIFO that `pid` has as `fd`, once made at `path` and since removed.

    Raises OSError, also when that descriptor is something else by now.
    """
    held = Path(f"/proc/{pid}/fd/{fd}")
    if str(held.readlink()) != f"{Path(path).absolute()} (deleted)":
        raise FileNotFoundError(f"{path} is gone, and process {pid} holds it no more")
    return os.open(held, _READ & ~os.O_NOFOLLOW)


def _make(path: str) -> None:
    try:
        os.mkfifo(path, 0o600)
    except FileNotFoundError:
        parent = Path(path).parent
        make_private(parent)
        parent.chmod(0o700)
        os.mkfifo(path, 0o600)


def open_anonymous() -> tuple[int, int]:
    """(reader, child's end) of a pipe without a path: it works with no state directory.

    The child's end still keeps the pipe alive where the system lets us open it by its number, but
    no later watchdog can find it.
    """
    reader, writer = os.pipe()
    os.set_blocking(reader, False)
    try:
        child = os.open(f"/proc/self/fd/{reader}", os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return reader, writer
    os.close(writer)
    return reader, child


def open_child_end(reader: int, path: str) -> int:
    """A new child's end of the FIFO whose reading end is `reader`. Raises OSError.

    A descriptor of its own for every incarnation: what one does to its flags (O_NONBLOCK, as Node
    does) does not reach the next. Opened by number where possible, as the path may be gone.
    """
    try:
        return os.open(f"/proc/self/fd/{reader}", os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)


def is_at(reader: int, path: str) -> bool:
    """Whether `path` still names the FIFO that `reader` reads."""
    try:
        return os.path.samestat(os.fstat(reader), Path(path).lstat())
    except OSError:
        return False


def capacity(reader: int) -> int:
    """Bytes that the FIFO can hold."""
    return fcntl.fcntl(reader, _GET_SIZE) if _GET_SIZE is not None else 64 * 1024


class Allowance:
    """How many FIFOs may still be enlarged to `PIPE_SIZE`."""

    __slots__ = ("_left",)

    def __init__(self, count: int) -> None:
        self._left = count

    def enlarge(self, reader: int) -> bool:
        """Whether the FIFO now has `PIPE_SIZE`. Refused without a word: it is a comfort."""
        if _SET_SIZE is None or self._left <= 0:
            return False
        try:
            fcntl.fcntl(reader, _SET_SIZE, PIPE_SIZE)
        except OSError:
            return False
        self._left -= 1
        return True

    def give_back(self) -> None:
        """An enlarged FIFO is closed."""
        self._left += 1


def affordable() -> int:
    """How many FIFOs may be enlarged: half of what this user may keep in pipes.

    Beyond the whole, the kernel gives every further pipe of the user, the programs' own ones too,
    only two pages.
    """
    if os.geteuid() == 0:
        return 1 << 20  # the limit does not bind root
    try:
        pages = int(Path("/proc/sys/fs/pipe-user-pages-soft").read_text())
    except (OSError, ValueError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE") // PIPE_SIZE // 2 if pages else 1 << 20
