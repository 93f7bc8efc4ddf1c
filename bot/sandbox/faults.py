"""The faults that a test or a demo asks for: which call meets which. Pure: time is passed in.

Deliveries to a webhook are of the method "webhook": `slow` delays them, and `drop` loses the answer
of one that has arrived.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.sandbox.answers import refuse
from bot.serving import Answer

HANG, ANSWER, GARBAGE, EMPTY, SLOW, DROP = "hang", "answer", "garbage", "empty", "slow", "drop"
KINDS = (HANG, ANSWER, GARBAGE, EMPTY, SLOW, DROP)
FOREVER = float("inf")


class BadFault(Exception):
    """A fault that cannot be; the text says what was found and what is allowed."""


@dataclass(slots=True)
class Fault:
    """One fault. `remaining` calls will meet it, until time `until`, then it is gone."""

    id: int
    kind: str
    method: str
    bot: int | None
    remaining: float
    until: float
    status: int
    description: str | None
    retry_after: int | None
    delay: float

    def meets(self, bot: int | None, method: str, now: float) -> bool:
        """Whether a call of this bot and method falls to this fault now."""
        if now >= self.until or self.remaining <= 0:
            return False
        right_bot = self.bot is None or self.bot == bot
        return right_bot and self.method in ("*", method.lower())

    def describe(self, now: float) -> dict[str, object]:
        """The fault as JSON, with the seconds it has left (None: until cleared)."""
        return {
            "id": self.id,
            "kind": self.kind,
            "method": self.method,
            "bot": self.bot,
            "remaining": None if self.remaining == FOREVER else self.remaining,
            "seconds_left": None if self.until == FOREVER else max(0.0, self.until - now),
            "status": self.status if self.kind == ANSWER else None,
        }


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a call meets: first a delay (seconds), then perhaps a drop or an answer of its own."""

    delay: float = 0.0
    drop: bool = False
    answer: Answer | None = None


class FaultBook:
    """The faults in force."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._last_id = 0

    def add(self, request: Mapping[str, object], now: float) -> Fault:
        """Take a fault from its JSON form. Raises BadFault."""
        self._last_id += 1
        fault = read_fault(self._last_id, request, now)
        self._faults.append(fault)
        return fault

    def clear(self, fault_id: int | None = None) -> int:
        """End one fault, or all. Returns how many ended."""
        before = len(self._faults)
        self._faults = [f for f in self._faults if fault_id is not None and f.id != fault_id]
        return before - len(self._faults)

    def list(self, now: float) -> list[Fault]:
        """The faults still in force, oldest first."""
        self._faults = [f for f in self._faults if now < f.until and f.remaining > 0]
        return list(self._faults)

    def hangs_until(self, bot: int | None, method: str, now: float) -> float | None:
        """When the hang that holds this call ends (infinity: never); None if none holds it."""
        ends = [f.until for f in self._faults if f.kind == HANG and f.meets(bot, method, now)]
        return max(ends) if ends else None

    def take(self, bot: int | None, method: str, now: float) -> Verdict:
        """What this call meets: the delay of each slow fault, and the oldest of the others."""
        met = [f for f in self._faults if f.kind != HANG and f.meets(bot, method, now)]
        slow = [f for f in met if f.kind == SLOW]
        other = [f for f in met if f.kind != SLOW][:1]
        for fault in slow + other:
            fault.remaining -= 1
        delay = sum(f.delay for f in slow)
        return _judge(other[0], delay) if other else Verdict(delay)


def _judge(fault: Fault, delay: float) -> Verdict:
    if fault.kind == DROP:
        return Verdict(delay, drop=True)
    if fault.kind == GARBAGE:
        return Verdict(delay, answer=Answer(fault.status, b"<html>\x00\xff{not json", "text/html"))
    if fault.kind == EMPTY:
        return Verdict(delay, answer=Answer(fault.status, b""))
    return Verdict(delay, answer=refuse(fault.status, fault.description, fault.retry_after))


def read_fault(fault_id: int, request: Mapping[str, object], now: float) -> Fault:
    """A fault from its JSON form. Raises BadFault."""
    kind = _kind(request)
    unknown = set(request) - _KEYS
    if unknown:
        raise BadFault(f"unknown key {min(unknown)!r}: allowed are {', '.join(sorted(_KEYS))}")
    seconds, count = _number(request, "seconds"), _number(request, "count")
    status = int(_number(request, "status") or (500 if kind == ANSWER else 200))
    if not 200 <= status <= 599:
        raise BadFault(f"status {status}: allowed is 200 to 599")
    retry_after = _number(request, "retry_after")
    bot, description = _number(request, "bot"), request.get("description")
    return Fault(
        id=fault_id,
        kind=kind,
        method=str(request.get("method") or "*").lower(),
        bot=None if bot is None else int(bot),
        remaining=_count(kind, count),
        until=FOREVER if seconds is None else now + seconds,
        status=status,
        description=None if description is None else str(description),
        retry_after=_retry_after(status, retry_after),
        delay=(_number(request, "milliseconds") or 0.0) / 1000,
    )


_KEYS = frozenset(
    {
        "kind",
        "seconds",
        "count",
        "status",
        "method",
        "bot",
        "description",
        "retry_after",
        "milliseconds",
    }
)


def _kind(request: Mapping[str, object]) -> str:
    kind = request.get("kind")
    if not isinstance(kind, str) or kind not in KINDS:
        raise BadFault(f"kind {kind!r}: allowed are {', '.join(KINDS)}")
    return kind


def _count(kind: str, count: float | None) -> float:
    if count is not None:
        return count
    return FOREVER if kind in (HANG, SLOW) else 1


def _retry_after(status: int, retry_after: float | None) -> int | None:
    if status != 429:
        return None
    return 1 if retry_after is None else int(retry_after)


def _number(request: Mapping[str, object], key: str) -> float | None:
    value = request.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < FOREVER:
        raise BadFault(f"{key} {value!r}: allowed is a number from 0")
    return value
