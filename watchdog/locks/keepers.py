"""Linux: everyone who keeps either lock of a key, also a stray helper that merely inherited it."""

from __future__ import annotations

import sys
from pathlib import Path

from msgspec import structs

from watchdog.locks import borrow, holders
from watchdog.locks.abstract import AbstractLock
from watchdog.locks.file import FileLock
from watchdog.locks.record import Holder

assert sys.platform == "linux"


def keepers(key: str, directory: Path | None = None) -> list[Holder]:
    """Every process that keeps the key's file or socket, the longest running first.

    The note of each says which. Processes that we may not look into are not among them.
    """
    file, second = FileLock(key, directory), AbstractLock(key)
    there, socket = _inode_at(file.path), second.inode()
    found = {pid: _kept(pid, file, there, socket) for pid in holders.all_pids()}
    pids = sorted((pid for pid in found if found[pid]), key=holders.start_ticks)
    return [_describe(pid, file, found[pid]) for pid in pids]


def _kept(
    pid: int, file: FileLock, there: holders.Inode | None, socket: holders.Inode
) -> list[str]:
    """Which of the two it has, in words."""
    try:
        locked = [one for one in borrow.locked_files(pid) if _is_the_lock(pid, one, file, there)]
        second = borrow.descriptor_of(pid, socket) if socket[1] >= 0 else None
    except borrow.Forbidden:
        return []
    words = {_words(one, file, there) for one in locked}
    return [*sorted(words), *(["the socket"] if second is not None else [])]


def _is_the_lock(pid: int, one: borrow.Locked, file: FileLock, there: holders.Inode | None) -> bool:
    if one.inode == there or one.name in (str(file.path), f"{file.path} (deleted)"):
        return True
    # A file that was moved away, and stayed in the directory or kept its name.
    name = Path(one.name.removesuffix(" (deleted)"))
    near = name.parent == file.path.parent or name.name == file.path.name
    return near and _says(pid, one.number, file)


def _says(pid: int, number: int, file: FileLock) -> bool:
    """Whether the record in the file names the key."""
    try:
        with Path(f"/proc/{pid}/fd/{number}").open("rb") as opened:
            return file.recorded(opened.fileno()).key == file.key
    except OSError:
        return False


def _words(one: borrow.Locked, file: FileLock, there: holders.Inode | None) -> str:
    return "the lock file" if one.inode == there else f"the lock file that was at {file.path}"


def _describe(pid: int, file: FileLock, kept: list[str]) -> Holder:
    found = holders.describe_process(pid, file.key)
    return structs.replace(found, note=f"it keeps {' and '.join(kept)}")


def _inode_at(path: Path) -> holders.Inode | None:
    try:
        found = path.stat(follow_symlinks=False)
    except OSError:
        return None
    return found.st_dev, found.st_ino
