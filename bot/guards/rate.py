"""How many messages each sender may send. Time is an input; memory is bounded.

A window slides: in any stretch of `window` seconds at most `limit` messages pass. Who goes over it
is told so once a window, and otherwise meets silence.
"""

from collections import OrderedDict, deque
from dataclasses import dataclass, field
from enum import Enum

MOST_SENDERS = (
    10_000  # remembered at once; beyond it the one who has been quiet longest is forgotten
)


class Admission(Enum):
    """What becomes of one message."""

    PASS = "pass"
    TELL = "tell"  # refused, and said so
    SILENCE = "silence"  # refused without a word


@dataclass
class _Sender:
    passed: deque[float] = field(default_factory=deque)
    told: float | None = None


class RateLimit:
    """At most `limit` messages in any `window` seconds, for each sender on their own."""

    def __init__(self, limit: int, window: float) -> None:
        self._limit, self._window = limit, window
        self._senders: OrderedDict[int, _Sender] = OrderedDict()

    def __len__(self) -> int:
        """How many senders are remembered."""
        return len(self._senders)

    def admit(self, sender: int, now: float) -> Admission:
        """Judge one message that came at `now`, in seconds of a clock that never goes back."""
        known = self._recall(sender)
        while known.passed and now - known.passed[0] >= self._window:
            known.passed.popleft()
        if len(known.passed) < self._limit:
            known.passed.append(now)
            return Admission.PASS
        if known.told is None or now - known.told >= self._window:
            known.told = now
            return Admission.TELL
        return Admission.SILENCE

    def _recall(self, sender: int) -> _Sender:
        known = self._senders.setdefault(sender, _Sender())
        self._senders.move_to_end(sender)
        if len(self._senders) > MOST_SENDERS:
            self._senders.popitem(last=False)
        return known
