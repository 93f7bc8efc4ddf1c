"""What was seen of one bot's polling: counts, overlaps, gaps. Pure: time is passed in.

A poll is *live* from its arrival until it is answered or its connection ends. Two live polls of one
bot are an overlap: two instances poll. A poll whose process died is not live, although the rules
still hold it (see `rules.py`); nobody sees a 409 that goes to it, and it is counted apart.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from bot.sandbox.rules import Outcome

# Between two polls of a healthy bot lie milliseconds. What is longer (seconds) is kept as a gap.
GAP_THRESHOLD = 0.25
REMEMBERED = 200

Clock = Callable[[float], float]


@dataclass(frozen=True, slots=True)
class Overlap:
    """A poll of `peer` arrived at `at` while the polls of `others` were live."""

    at: float
    peer: str
    others: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Gap:
    """No live poll from `start` until `end`, when `peer` polled again."""

    start: float
    end: float
    peer: str


@dataclass(slots=True)
class PollStatistics:
    """The figures of one bot. Times are seconds of the clock that the caller uses."""

    polls: int = 0
    conflicts: int = 0
    conflicts_unseen: int = 0
    webhook_conflicts: int = 0
    overlaps: int = 0
    delivered: int = 0
    first_poll: float | None = None
    last_poll: float | None = None
    last_end: float | None = None
    live: dict[int, str] = field(default_factory=dict)
    polls_by_peer: dict[str, int] = field(default_factory=dict)
    recent_overlaps: deque[Overlap] = field(default_factory=lambda: deque(maxlen=REMEMBERED))
    gaps: deque[Gap] = field(default_factory=lambda: deque(maxlen=REMEMBERED))
    _overlap_total: float = 0.0
    _overlap_since: float | None = None

    def arrive(self, poll: int, peer: str, now: float) -> None:
        """A getUpdates call of `peer` came in."""
        self.polls += 1
        self._count_peer(peer)
        self._note_gap(peer, now)
        self._note_overlap(peer, now)
        self.live[poll] = peer
        self.first_poll = now if self.first_poll is None else self.first_poll
        self.last_poll = now
        if len(self.live) > 1 and self._overlap_since is None:
            self._overlap_since = now

    def leave(self, poll: int, now: float) -> None:
        """The poll was answered, or its connection ended. A second call changes nothing."""
        if self.live.pop(poll, None) is None:
            return
        self.last_end = now
        if len(self.live) < 2 and self._overlap_since is not None:
            self._overlap_total += now - self._overlap_since
            self._overlap_since = None

    def decide(self, poll: int, outcome: Outcome, count: int) -> None:
        """The rules decided what the poll gets; `count` updates are in it."""
        if outcome is Outcome.CONFLICT:
            self._count_conflict(poll)
        elif outcome is Outcome.WEBHOOK:
            self.webhook_conflicts += 1
        self.delivered += count

    def overlap_seconds(self, now: float) -> float:
        """For how long two or more polls were live together."""
        running = 0.0 if self._overlap_since is None else now - self._overlap_since
        return self._overlap_total + running

    def silence(self, now: float) -> float | None:
        """Seconds without a live poll up to now; 0 while one is live, None before the first."""
        if self.live:
            return 0.0
        return None if self.last_end is None else now - self.last_end

    def describe(self, now: float, clock: Clock) -> dict[str, object]:
        """The figures as a JSON document; `clock` turns a time into one of the reader's clock."""
        return {
            "polls": self.polls,
            "polls_live": len(self.live),
            "polls_by_peer": dict(self.polls_by_peer),
            "conflicts": self.conflicts,
            "conflicts_unseen": self.conflicts_unseen,
            "webhook_conflicts": self.webhook_conflicts,
            "overlaps": self.overlaps,
            "overlap_seconds": round(self.overlap_seconds(now), 6),
            "recent_overlaps": [
                {"at": clock(o.at), "peer": o.peer, "others": list(o.others)}
                for o in self.recent_overlaps
            ],
            "updates_delivered": self.delivered,
            "first_poll": _convert(self.first_poll, clock),
            "last_poll": _convert(self.last_poll, clock),
            "silence_seconds": self.silence(now),
            "gaps": [
                {"from": clock(g.start), "first_poll": clock(g.end), "seconds": g.end - g.start}
                for g in self.gaps
            ],
        }

    def _count_peer(self, peer: str) -> None:
        self.polls_by_peer[peer] = self.polls_by_peer.pop(peer, 0) + 1
        if len(self.polls_by_peer) > REMEMBERED:
            del self.polls_by_peer[next(iter(self.polls_by_peer))]

    def _note_gap(self, peer: str, now: float) -> None:
        silence = self.silence(now)
        if self.last_end is not None and silence is not None and silence > GAP_THRESHOLD:
            self.gaps.append(Gap(self.last_end, now, peer))

    def _note_overlap(self, peer: str, now: float) -> None:
        if self.live:
            self.overlaps += 1
            self.recent_overlaps.append(Overlap(now, peer, tuple(self.live.values())))

    def _count_conflict(self, poll: int) -> None:
        if poll in self.live:
            self.conflicts += 1
        else:
            self.conflicts_unseen += 1


def _convert(time: float | None, clock: Clock) -> float | None:
    return None if time is None else clock(time)
