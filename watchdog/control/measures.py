"""What `/metrics` is made of: the values that the daemon counts, and those that it looks up.

The counts are kept while the daemon runs, in a few integers for each program; everything else is
looked at only when somebody asks.
"""

from __future__ import annotations

from bisect import bisect_left

from msgspec import Struct

from watchdog.control.backend import ProgramView, WatchdogView

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""Upper bounds in seconds: from an answer on loopback to the slowest look from outside."""


class Latency(Struct):
    """How long the probes of one role took. One more count than buckets: what was slower."""

    kind: str
    counts: list[int]
    seconds: float = 0.0
    failures: int = 0

    def add(self, seconds: float, ok: bool) -> None:
        """One more probe."""
        self.counts[bisect_left(BUCKETS, seconds)] += 1
        self.seconds += seconds
        self.failures += not ok


class Counts(Struct):
    """What happened to one program since its watchdog, or one that it took over from, began."""

    spawns: int = 0
    crashes: int = 0
    hangs: int = 0
    oom_kills: int = 0
    adoptions: int = 0
    handovers: int = 0
    unproved: int = 0  # hand-overs of which nobody knows whether two ran
    double_seconds: float = 0.0
    gap_seconds: float = 0.0
    restarts: dict[str, int] = {}  # by cause
    latencies: dict[str, Latency] = {}  # by role

    def note_restart(self, cause: str) -> None:
        """It comes back, for this cause."""
        self.restarts[cause] = self.restarts.get(cause, 0) + 1

    def note_probe(self, role: str, kind: str, seconds: float, ok: bool) -> None:
        """A probe came back. Another kind than before begins anew."""
        latency = self.latencies.get(role)
        if latency is None or latency.kind != kind:
            latency = self.latencies[role] = Latency(kind, [0] * (len(BUCKETS) + 1))
        latency.add(seconds, ok)


class Resources(Struct, frozen=True):
    """What processes use now; None where nobody can tell."""

    cpu_seconds: float | None = None
    resident_bytes: int | None = None
    processes: int | None = None
    open_fds: int | None = None


class Measured(Struct, frozen=True):
    """One program."""

    view: ProgramView
    counts: Counts
    resources: Resources
    log_bytes: dict[str, int]  # by stream: the size of the file that is written now


class Measures(Struct, frozen=True):
    """Everything at one moment. Times are Unix seconds."""

    watchdog: WatchdogView
    python: str
    started_at: float
    reloaded_well: bool  # the latest reload; true before the first
    reloaded_at: float  # the latest that went well
    own: Resources  # the watchdog's own process
    programs: list[Measured]
