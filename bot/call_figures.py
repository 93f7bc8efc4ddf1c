"""What calls to the Bot API did: how many, how long they took, what they failed with.

Written by the event loop, read by the health thread. Methods and kinds of errors are all that is
kept of a call; nothing that was sent or said is.
"""

import re
from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass, field

POLL = "getUpdates"
BUCKETS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
"""Upper bounds in seconds: from a nearby server to the longest poll, which is held for 50 s."""

KINDS = (
    "timeout",  # no answer in time
    "pool",  # not even a connection in time: the pool is used up
    "network",  # no connection, or one that broke
    "bad_request",  # 400
    "refused",  # 401 and 404: the token
    "forbidden",  # 403: such as by a user who has blocked the bot
    "conflict",  # 409: somebody else polls, or a webhook is set
    "rate_limited",  # 429
    "server",  # 5xx
    "other",
)
_KIND_OF_STATUS = {
    400: "bad_request",
    401: "refused",
    403: "forbidden",
    404: "refused",
    409: "conflict",
    429: "rate_limited",
}
_METHOD = re.compile(r"[a-zA-Z]{1,40}")


@dataclass(frozen=True)
class Call:
    """One finished call: when it ended, how long it took, and its answer's status if any."""

    method: str
    ended: float
    seconds: float
    status: int | None
    error: str | None  # one of KINDS, None if it went well
    retry_after: float | None = None


@dataclass
class Timing:
    """How long the calls of one method took. One more count than buckets: what was slower."""

    counts: list[int] = field(default_factory=lambda: [0] * (len(BUCKETS) + 1))
    seconds: float = 0.0

    @property
    def calls(self) -> int:
        return sum(self.counts)


@dataclass
class CallFigures:
    """All calls of one process, polls too."""

    waiting: int = 0  # calls for which no connection is free
    timings: dict[str, Timing] = field(default_factory=dict)
    errors: Counter[str] = field(default_factory=Counter)
    last: Call | None = None  # but for polls: how long those take is for Telegram to say
    last_poll: Call | None = None
    last_rate_limit: Call | None = None

    def note(self, call: Call) -> None:
        """One more call has ended."""
        timing = self.timings.setdefault(call.method, Timing())
        timing.counts[bisect_left(BUCKETS, call.seconds)] += 1
        timing.seconds += call.seconds
        if call.error is not None:
            self.errors[call.error] += 1
        if call.error == "rate_limited":
            self.last_rate_limit = call
        if call.method == POLL:
            self.last_poll = call
        else:
            self.last = call


def kind_of_status(status: int) -> str | None:
    """The kind of error that an HTTP status is; None if it is none."""
    if 200 <= status < 300:
        return None
    return "server" if status >= 500 else _KIND_OF_STATUS.get(status, "other")


def method_of(url: str) -> str:
    """The method in a call's URL, which holds the token: nothing else of it is let through."""
    if "/file/bot" in url:
        return "download"
    name = url.rpartition("/")[2]
    return name if _METHOD.fullmatch(name) else "unknown"
