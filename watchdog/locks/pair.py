"""Both locks as one: all or nothing, always the file first.

The order is the same for everyone, also for a bot that was started by hand, so of two contenders
for a free singleton one gets both. The file comes first because its record says most about the
holder.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from msgspec import structs

from watchdog.locks.file import FileLock
from watchdog.locks.ports import Second
from watchdog.locks.record import Healing, Holder

assert sys.platform != "win32"


def nothing_to_fetch(file: FileLock, second: Any, pid: int) -> str:
    """For systems on which no descriptor can be had from another process."""
    return f"this system cannot fetch the lock from pid {pid}"


class PairLock:
    """The two locks of one key; `second` is None on systems that have only the file."""

    def __init__(
        self,
        key: str,
        directory: Path | None,
        second: Callable[[str], Second] | None,
        fetch: Callable[[FileLock, Any, int], str] = nothing_to_fetch,
    ) -> None:
        self.file = FileLock(key, directory)
        self.key = self.file.key
        self.second = second(key) if second is not None else None
        self._fetch = fetch

    def acquire(self, holder: Holder) -> Holder | None:
        """Take both and write down who has them; or none, and say who. Raises LockProblem."""
        refused = self.file.take() or self._take_second()
        if refused is None:
            self.file.describe(holder)
        return refused

    def adopt(self, pid: int) -> str:
        """Share both with the process that has them; empty if they are ours now, else why not.

        What the process has not, and nobody else, is taken. All or nothing. Raises LockProblem.
        """
        try:
            reason = self._fetch(self.file, self.second, pid)
        except BaseException:
            self.close()
            raise
        if reason:
            self.close()
        return reason

    def inherit(self, descriptors: tuple[int, ...]) -> bool:
        """Go on with `descriptors`, which we held before we were re-executed.

        False, and they are closed, if they are not both locks of this key any more.
        """
        count = 0 if self.second is None else 1
        first, *kept = descriptors[: len(descriptors) - count]
        held = self.file.hold(first)
        self.file.kept = tuple(kept)
        if self.second is not None:
            held = self.second.hold(descriptors[-1]) and held
        if not held:
            self.close()
        return held

    def recorded(self) -> Holder:
        """Who has it, as it was written down last."""
        return self.file.recorded(self.file.fd)

    def heal(self) -> Healing:
        """Have the file at the path locked by us again; nothing is let go meanwhile."""
        from watchdog.locks import healing  # only after somebody has touched the file

        return healing.heal(self.file)

    def describe(self, holder: Holder) -> None:
        """Write down who has it now."""
        self.file.describe(holder)

    def tampering(self) -> str:
        """What was done to the lock while we hold it; empty when nothing was."""
        if self.file.is_intact():
            return ""
        rest = "; the second lock still holds" if self.second is not None else ""
        return f"the lock file {self.file.path} was removed, moved or replaced{rest}"

    def descriptors(self) -> tuple[int, ...]:
        """What a child must inherit to keep both."""
        return self.file.descriptors() + (self.second.descriptors() if self.second else ())

    def environment(self) -> dict[str, str]:
        """By which a child knows that it has the lock already."""
        return self.file.environment()

    def visitors(self) -> int:
        """The descriptor on which contenders call to learn our name; -1 if there is none."""
        return self.second.descriptors()[0] if self.second is not None else -1

    def drain(self) -> None:
        """Send the callers home, which keeps our name readable for the next."""
        if self.second is not None:
            self.second.drain()

    def close(self) -> None:
        """Let go of our own descriptors."""
        self.file.close()
        if self.second is not None:
            self.second.close()

    def _take_second(self) -> Holder | None:
        if self.second is None:
            return None
        try:
            refused = self.second.take()
        except BaseException:
            self.file.close()
            raise
        if refused is None:
            return None
        self.file.close()
        note = f"it does not hold the lock file {self.file.path}, which was free"
        return structs.replace(refused, note=note)
