"""The ruling on one update: a function of who sent it, how long it is, and when it came.

The list comes first: a stranger uses up nobody's patience. A message that is too long counts for
the rate like any other, so that the answers to such messages are limited, too.
"""

from collections import Counter
from dataclasses import dataclass

from bot.guards.rate import Admission, RateLimit
from bot.guards.settings import HOUR, GuardSettings

MINUTE = 60.0


@dataclass(frozen=True)
class Arrival:
    """What the guards look at: the user (None for a channel), the chat, the length of the text."""

    user: int | None
    chat: int
    length: int


@dataclass(frozen=True)
class Ruling:
    """Whether an update goes on to the handlers; if not, why, and what is answered if anything."""

    cause: str | None = None  # "stranger", "rate" or "length"
    answer: str | None = None

    @property
    def passes(self) -> bool:
        return self.cause is None


PASS = Ruling()


class Gate:
    """The guards of one bot, with what they remember."""

    def __init__(self, settings: GuardSettings) -> None:
        self._settings = settings
        self._rate = RateLimit(settings.messages_per_minute, MINUTE)
        self._strangers = RateLimit(0, HOUR)
        self.refused: Counter[str] = Counter()  # by cause

    def rule(self, arrival: Arrival, now: float) -> Ruling:
        """The ruling on what arrived at `now` (seconds of a clock that never goes back)."""
        ruling = (
            self._mind_list(arrival, now)
            or self._mind_rate(arrival, now)
            or self._mind_length(arrival)
            or PASS
        )
        if ruling.cause is not None:
            self.refused[ruling.cause] += 1
        return ruling

    def _mind_list(self, arrival: Arrival, now: float) -> Ruling | None:
        if self._settings.allows(arrival.user):
            return None
        if arrival.user is None:
            return Ruling("stranger")
        told = self._strangers.admit(arrival.user, now) is Admission.TELL
        text = (
            f"You may not use this bot. Your user id is {arrival.user}: "
            "whoever runs it can add it to ALLOWED_USERS."
        )
        return Ruling("stranger", text if told else None)

    def _mind_rate(self, arrival: Arrival, now: float) -> Ruling | None:
        most = self._settings.messages_per_minute
        if not most:
            return None
        sender = arrival.chat if arrival.user is None else arrival.user
        admission = self._rate.admit(sender, now)
        if admission is Admission.PASS:
            return None
        text = f"That was more than {most} messages in a minute. Please wait a minute."
        return Ruling("rate", text if admission is Admission.TELL else None)

    def _mind_length(self, arrival: Arrival) -> Ruling | None:
        longest = self._settings.longest_message
        if arrival.length <= longest:
            return None
        text = f"Your message has {arrival.length} characters; {longest} are the most I read."
        return Ruling("length", text)
