"""The directories: of the locks, and of a configuration's state."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

from watchdog.cli.ports import Finding
from watchdog.locks import LockProblem, lock_directory
from watchdog.locks.directory import prepare

LITTLE, VERY_LITTLE = 1 << 30, 50 << 20
"""Bytes of free space below which we warn, and below which it is wrong."""


def examine_locks() -> Finding:
    """The lock directory: there (or it can be made), ours, private, on a local filesystem."""
    try:
        place = lock_directory()
        if not place.exists():
            return _unmade(place)
        prepare(place)  # what a watchdog checks before it takes a lock; it makes nothing here
    except LockProblem as problem:
        return Finding("locks", "wrong", str(problem))
    return Finding("locks", "ok", f"{place}: ours alone, and on a local filesystem")


def _unmade(place: Path) -> Finding:
    if is_writable(place):
        return Finding("locks", "ok", f"{place} is not there yet; it will be made")
    text = f"{place} is not there, and this user cannot make it"
    return Finding("locks", "wrong", text, f"make it: mkdir -p -m 700 {place}, owned by this user")


def examine_state(state: Path) -> Iterator[Finding]:
    """The state directory: there or to be made, private, with space to spare."""
    if not is_writable(state):
        text = f"{state} cannot be written by this user"
        advice = f"chown it, or set `state` under [watchdog] to a directory of {user_of_ours()}"
        yield Finding("state", "wrong", text, advice)
    elif state.exists():
        yield _judge_mode(state)
    else:
        yield Finding("state", "ok", f"{state} is not there yet; it will be made")
    yield examine_space(nearest(state))


def _judge_mode(state: Path) -> Finding:
    if stat.S_IMODE(state.stat().st_mode) & 0o022:
        text = f"{state} can be written by others, who could replace the control socket"
        return Finding("state", "wrong", text, f"chmod go-w {state}")
    return Finding("state", "ok", str(state))


def examine_space(place: Path) -> Finding:
    """Free space where the journal and the captured output go."""
    return judge_space(place, shutil.disk_usage(place).free, _free_inodes(place))


def judge_space(place: Path, free: int, inodes: int | None) -> Finding:
    """Pure: the finding for so many free bytes and inodes (None: the filesystem has no such)."""
    text = f"{free / (1 << 30):.1f} GiB free for {place}"
    advice = "make room, or lower `logs.maximum` and `logs.backups`"
    if free < VERY_LITTLE or inodes == 0:
        why = ", and no inodes" if inodes == 0 else ""
        return Finding("disk", "wrong", f"only {text}{why}: output will be lost", advice)
    if free < LITTLE:
        return Finding("disk", "warning", f"only {text}", advice)
    return Finding("disk", "ok", text)


def nearest(path: Path) -> Path:
    """The path, or the nearest directory above it that is there."""
    return next(place for place in (path, *path.parents) if place.exists())


def is_writable(path: Path) -> bool:
    """Whether we could write there, or make it."""
    place = nearest(path)
    return place.is_dir() and os.access(place, os.W_OK | os.X_OK)


def user_of_ours() -> str:
    """Who we are, in words."""
    import pwd

    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return str(os.geteuid())


def _free_inodes(place: Path) -> int | None:
    found = os.statvfs(place)
    return found.f_favail if found.f_files else None
