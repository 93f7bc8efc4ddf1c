"""Did the kernel run out of memory meanwhile? It counts whom it kills for that, not who it was.

A SIGKILL that none of us sent, while the count grew, was probably the kernel's. The counts are read
when a process begins and when one was killed, and never in between: an idle watchdog stays idle.
"""

from __future__ import annotations

import time
from pathlib import Path

FRESH = 1.0  # seconds for which a reading serves; a thousand starts at once need only one

# The whole machine's count, and that of the watchdog's own cgroup with all below it (cgroup v2).
MACHINE = "proc/vmstat"
OWN_GROUP = "proc/self/cgroup"
KEY = b"oom_kill"


class OomWatch:
    """Compares the counts. `root` is where the system's own files are."""

    def __init__(self, root: Path = Path("/")) -> None:
        self._root = root
        self._seen: tuple[int, ...] = ()
        self._at = float("-inf")

    def note(self) -> None:
        """Remember the counts as they are: a process begins."""
        now = time.monotonic()
        if now - self._at > FRESH:
            self._seen, self._at = self._read(), now

    def grew(self) -> bool:
        """Whether the kernel has killed for want of memory since the counts were remembered."""
        before, self._seen = self._seen, self._read()
        self._at = time.monotonic()
        return any(now > then for then, now in zip(before, self._seen, strict=False))

    def _read(self) -> tuple[int, ...]:
        return tuple(count_in(self._bytes(name)) for name in (MACHINE, self._events()))

    def _events(self) -> str:
        """The file with the events of our own cgroup; of version 1 there is none."""
        for line in self._bytes(OWN_GROUP).splitlines():
            if line.startswith(b"0::/"):
                group = line[4:].decode(errors="surrogateescape")
                return str(Path("sys/fs/cgroup") / group / "memory.events")
        return ""

    def _bytes(self, name: str) -> bytes:
        try:
            return (self._root / name).read_bytes() if name else b""
        except OSError:
            return b""


def count_in(text: bytes) -> int:
    """The number in the line `oom_kill N`; 0 if there is none."""
    for line in text.splitlines():
        words = line.split()
        if len(words) == 2 and words[0] == KEY and words[1].isdigit():
            return int(words[1])
    return 0
