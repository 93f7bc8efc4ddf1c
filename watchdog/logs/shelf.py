"""Where scratch files lie: private directories, best first, found again by the next watchdog.

The names follow from the machine, the user and the state directory, so a successor looks in the
same places. Best is a tmpfs: what is moved there touches no disk. /dev/shm is open to everybody,
therefore a directory is used only if it is ours and closed to others, and a file only if it is ours
and has no other name.
"""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path

from watchdog.config.places import fingerprint, slug

_SHARED = ("/dev/shm", "/run")
_OPEN = os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
_MODE = 0o600


class Shelf:
    """The directories for the scratch files of one state directory; made when first needed."""

    __slots__ = ("_directories", "_trusted")

    def __init__(self, directories: tuple[str, ...]) -> None:
        self._directories = directories
        self._trusted: frozenset[str] = frozenset()

    def create(self, name: str, head: bytes) -> tuple[int, str]:
        """(descriptor, path) of an empty file that begins with `head`.

        Raises OSError when no directory will do: also a full one is passed over.
        """
        reason = OSError("there is no place for scratch files")
        for directory in self._directories:
            try:
                return self._create(directory, f"{directory}/{name}", head)
            except OSError as error:
                self._trusted -= {directory}
                reason = error
        raise reason

    def find(self, name: str) -> tuple[int, str] | None:
        """(descriptor, path) of what an earlier watchdog left under `name`."""
        for directory in self._directories:
            path = f"{directory}/{name}"
            with contextlib.suppress(OSError):
                _check_directory(directory)
                return _open_own(path, _OPEN), path
        return None

    def names(self) -> set[str]:
        """Of all files that an earlier watchdog left."""
        found: set[str] = set()
        for directory in self._directories:
            with contextlib.suppress(OSError):
                _check_directory(directory)
                found.update(os.listdir(directory))  # noqa: PTH208 - names are all that is wanted
        return found

    def clear_away(self) -> None:
        """Remove the directories as far as they are empty."""
        for directory in self._directories:
            with contextlib.suppress(OSError):
                Path(directory).rmdir()
        self._trusted = frozenset()

    def _create(self, directory: str, path: str, head: bytes) -> tuple[int, str]:
        if directory not in self._trusted:
            _make_directory(directory)
            self._trusted |= {directory}
        fd = _open_own(path, _OPEN | os.O_CREAT)
        try:
            os.ftruncate(fd, 0)  # not before it is known to be ours
            os.pwrite(fd, head, 0)
        except OSError:
            os.close(fd)
            Path(path).unlink()
            raise
        return fd, path


def shelf_of(state: str) -> Shelf:
    """The shelf that belongs to the state directory `state`."""
    real = os.path.realpath(state)
    own = f"{slug(Path(real).name)}-{fingerprint(os.uname().nodename, real)}"
    mounted = _tmpfs_mounts()
    shared = [f"{root}/watchdog-{os.geteuid()}/{own}" for root in _SHARED if root in mounted]
    return Shelf((*shared, f"{real}/scratch"))


def _tmpfs_mounts() -> frozenset[str]:
    """Where a tmpfs is mounted; nothing where the system does not say."""
    try:
        rows = Path("/proc/self/mounts").read_text(errors="replace").splitlines()
    except OSError:
        return frozenset()
    return frozenset(row.split()[1] for row in rows if row.split()[2] == "tmpfs")


def _make_directory(directory: str) -> None:
    """Make `directory` and, under a shared root, our directory above it; be sure of both."""
    for path in _private_part(directory):
        with contextlib.suppress(FileExistsError):
            path.mkdir(mode=0o700)
    _check_directory(directory)


def _check_directory(directory: str) -> None:
    """Raises OSError unless `directory` is ours alone."""
    for path in _private_part(directory):
        found = path.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o77:
            raise PermissionError(f"{path} is not a private directory of this user")


def _private_part(directory: str) -> tuple[Path, ...]:
    path = Path(directory)
    return (path.parent, path) if directory.startswith(_SHARED) else (path,)


def _open_own(path: str, flags: int) -> int:
    fd = os.open(path, flags, _MODE)
    found = os.fstat(fd)
    if stat.S_ISREG(found.st_mode) and found.st_uid == os.geteuid() and found.st_nlink == 1:
        return fd
    os.close(fd)
    raise PermissionError(f"{path} is not a file of this user alone")
