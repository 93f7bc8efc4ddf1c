"""What proves to a later watchdog that a process is the one that was started. A plain value.

A pid alone proves nothing: numbers are used again. The pid with the time of its start and the
boot names one process of one kernel (in this pid namespace); the mark says whose it is.
"""

from __future__ import annotations

from msgspec import Struct

from watchdog.process.spec import Mark


class Birth(Struct, frozen=True):
    """One process, as it can be told from every other that ever was on this machine."""

    pid: int
    start: int  # clock ticks since the boot, field 22 of /proc/PID/stat (proc(5))
    boot: str  # /proc/sys/kernel/random/boot_id
    nonce: int  # the number of its mark
    program: str
    incarnation: int

    @property
    def mark(self) -> Mark:
        """What every process of its tree carries."""
        return Mark(self.program, self.incarnation, self.nonce)
