"""The lock file on Windows: LockFileEx, by way of the filelock package.

A locked byte of a file cannot be read by others there, so the holder's record lies in a file
beside the lock. A lock is not inherited by a child process on Windows.
"""

import getpass
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from bot.lock_types import DIRECTORY_VARIABLE, Held

assert sys.platform == "win32"  # for the type checker: the rest exists on one side only


@dataclass(frozen=True)
class Hold:
    """A held lock."""

    lock: FileLock
    inherited: bool = False

    def close(self) -> None:
        """Let the lock go."""
        self.lock.release()


def lock_directory(environ: Mapping[str, str]) -> Path:
    """The one directory in which this machine's locks are."""
    if override := environ.get(DIRECTORY_VARIABLE):
        return Path(override)
    return Path(os.environ.get("PROGRAMDATA", r"C:\ProgramData")) / "watchdog" / "locks"


def user_name() -> str:
    """The name of the user that runs this process."""
    return getpass.getuser()


def inherit(path: Path, fd: int) -> Hold | None:
    """Nothing: here a lock belongs to the process that took it, and no child inherits it."""
    return None


def take(path: Path, record: str) -> Hold:
    """Lock the file at `path` and write `record` beside it; raises `Held`, or OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise Held(_read(_record_of(path))) from None
    _record_of(path).write_text(record, encoding="utf-8")
    return Hold(lock)


def _record_of(path: Path) -> Path:
    return path.with_suffix(".json")


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
