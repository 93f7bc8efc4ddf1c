"""What webhook mode counts, and what Telegram says of it; the verdict over it is in `health.py`.

Written by the event loop, read by the health thread: each figure is one attribute that is replaced
as a whole. Times are those of `Figures.clock`.
"""

from collections import Counter
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Look:
    """What getWebhookInfo said, and when; `deliveries` is how many had come by then."""

    at: float
    url: str = field(repr=False)
    pending: int
    deliveries: int
    last_error: str = ""
    last_error_at: float | None = None  # by our clock


@dataclass
class WebhookFigures:
    """The figures of one webhook."""

    url: str = field(repr=False)
    check_seconds: float  # how often Telegram is asked about it
    began: float | None = None  # when deliveries were first taken
    serving: bool = False  # whether the server listens
    last_delivery: float | None = None
    deliveries: int = 0  # with the right secret
    accepted: int = 0  # handed on to the handlers
    duplicates: int = 0
    skipped: int = 0  # could not be parsed
    put_off: int = 0  # answered 503, because too much waited
    last_put_off: float | None = None
    refused: Counter[str] = field(default_factory=Counter)  # by cause
    look: Look | None = None
    before: Look | None = None  # the look before it
    look_failed: str = ""  # what the last look failed with
    looked: float | None = None  # when the last look ended, however

    def refuse(self, cause: str) -> None:
        self.refused[cause] += 1

    def see(self, look: Look) -> None:
        """Note a look that succeeded."""
        self.before, self.look = self.look, look
        self.look_failed, self.looked = "", look.at

    def miss(self, now: float, error: str) -> None:
        """Note one that failed."""
        self.look_failed, self.looked = error, now
