"""Who holds the lock of the bot, seen without taking it: that could refuse another start."""

import sys
from pathlib import Path

from bot.check.looks import Look
from bot.exits import Exit, ExitCode
from bot.lock import BotLock, read_holder
from bot.settings import Settings

_LOCKS = Path("/proc/locks")


def look_at_lock(settings: Settings) -> Look:
    """By whom it is held, as far as this system tells: a container may hide others' locks."""
    try:
        lock = BotLock(settings.bot_id)
    except Exit as refusal:
        return Look("lock", refusal.reason, ExitCode.CONFIG)
    try:
        if not is_held(lock.path):
            return Look("lock", f"nobody is seen to hold {lock.key} ({lock.path})")
        holder = read_holder(lock.path.read_text(encoding="utf-8", errors="replace"))
    except OSError:
        return Look("lock", f"{lock.path} tells nothing to this user, or on this system")
    return Look("lock", f"{lock.key} is held by {holder.describe()}")


def is_held(path: Path) -> bool:
    """Whether the kernel lists a lock on the file; OSError where it has no such list."""
    if sys.platform != "linux":
        raise OSError("no list of locks is kept here")
    table = _LOCKS.read_text(encoding="ascii")
    try:
        found = path.stat()
    except FileNotFoundError:
        return False
    # Not by the device as well: of some filesystems the list has another one than the file.
    return any(" FLOCK " in line and f":{found.st_ino} " in line for line in table.splitlines())
