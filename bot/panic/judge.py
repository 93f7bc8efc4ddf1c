"""Is this code good? Pure: the time, what was tried before, and the codes that are right come in.

A code is six digits, so all its strength is in how seldom one may guess:

- at most 3 attempts in 300 s, by one user and with one secret, right or wrong;
- every third failure since the last success locks out, for 5 minutes, then 10, 20, ... up to a day.
  So whoever guesses slowly is down to 3 guesses a day, too;
- a code is good in its own 30 s and the 30 s on either side, for clocks that differ; it is good
  only once, and so is every older one.

All times are seconds since 1970, because they are kept over restarts.
"""

import hmac
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum

STEP = 30  # seconds for which one code is shown (RFC 6238, and every authenticator app)
SKEW = 1  # steps that the two clocks may differ
MOST_ATTEMPTS = 3
WINDOW = 300.0
FIRST_LOCK = 300.0
LONGEST_LOCK = 86400.0

_CODE = re.compile(r"[0-9]{6}")

Codes = Callable[[int], str]  # the right code of a step


class Verdict(StrEnum):
    """What is said of one attempt."""

    ACCEPTED = "accepted"
    MALFORMED = "malformed"
    WRONG = "wrong"
    USED = "used"
    LOCKED = "locked"  # not even looked at


@dataclass(frozen=True)
class Track:
    """What one user, or everybody with one secret, has tried."""

    attempts: tuple[float, ...] = ()
    failures: int = 0  # since the last success
    locked_until: float = 0.0


@dataclass(frozen=True)
class Ledger:
    """All that is remembered: the user's track, the secret's, the last step that was accepted."""

    user: Track = Track()
    secret: Track = Track()
    last_step: int = -1


@dataclass(frozen=True)
class Judgement:
    """The verdict, the step if one was accepted, and for how long nothing more is looked at."""

    verdict: Verdict
    step: int | None = None
    wait: float = 0.0


def judge(ledger: Ledger, code: str, now: float, codes: Codes) -> tuple[Ledger, Judgement]:
    """The verdict on `code`, and the ledger that has to be kept before anybody hears of it."""
    wait = max(waiting(ledger.user, now), waiting(ledger.secret, now))
    if wait > 0:
        return ledger, Judgement(Verdict.LOCKED, wait=wait)
    verdict, step = _examine(code, now, ledger.last_step, codes)
    if step is not None:
        return _succeed(ledger, step, now), Judgement(verdict, step)
    failed = replace(ledger, user=_fail(ledger.user, now), secret=_fail(ledger.secret, now))
    wait = max(waiting(failed.user, now), waiting(failed.secret, now))
    return failed, Judgement(verdict, wait=wait)


def waiting(track: Track, now: float) -> float:
    """For how many seconds nothing is looked at; a clock put back locks nobody out for ever."""
    locked = min(track.locked_until - now, LONGEST_LOCK)
    recent = _recent(track, now)
    full = recent[0] + WINDOW - now if len(recent) >= MOST_ATTEMPTS else 0.0
    return max(0.0, locked, full)


def _examine(code: str, now: float, last: int, codes: Codes) -> tuple[Verdict, int | None]:
    if not _CODE.fullmatch(code):
        return Verdict.MALFORMED, None
    step = int(now // STEP)
    # All of them are compared, whichever is right: the time it takes tells nothing.
    right = [
        near
        for near in range(step - SKEW, step + SKEW + 1)
        if hmac.compare_digest(codes(near), code)
    ]
    fresh = [near for near in right if near > last]
    if fresh:
        return Verdict.ACCEPTED, fresh[0]
    return (Verdict.USED if right else Verdict.WRONG), None


def _succeed(ledger: Ledger, step: int, now: float) -> Ledger:
    user, secret = (Track((*_recent(track, now), now)) for track in (ledger.user, ledger.secret))
    return Ledger(user, secret, step)


def _fail(track: Track, now: float) -> Track:
    failures = track.failures + 1
    attempts = (*_recent(track, now), now)
    if failures % MOST_ATTEMPTS:
        return replace(track, attempts=attempts, failures=failures)
    doublings = min(failures // MOST_ATTEMPTS - 1, 20)
    lock = min(FIRST_LOCK * 2**doublings, LONGEST_LOCK)
    return Track(attempts, failures, now + lock)


def _recent(track: Track, now: float) -> tuple[float, ...]:
    """The attempts that count; one from a future of more than a window is a clock put back."""
    return tuple(when for when in track.attempts if abs(now - when) < WINDOW)
