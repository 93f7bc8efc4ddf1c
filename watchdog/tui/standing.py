"""What is known of all the watchdogs that are watched: their programs, who is gone, who is back."""

from __future__ import annotations

import time
from collections.abc import Sequence

from watchdog.tui.rows import Row
from watchdog.tui.sources import Lost, Seen, Source
from watchdog.tui.wording import duration

BACK = 5.0  # seconds for which it is said that a watchdog is back


class Standing:
    """Takes news; times are of the monotonic clock."""

    def __init__(self, sources: Sequence[Source]) -> None:
        self._sources = sources
        self.seen: dict[int, Seen] = {}
        self._lost: dict[int, tuple[float, str]] = {}  # since when, and why
        self._back: dict[int, float] = {}  # until when that is said

    def take(self, news: Seen | Lost, now: float) -> None:
        """One of them was looked at, or did not answer."""
        if isinstance(news, Lost):
            since = self._lost.get(news.source, (now, ""))[0]
            self._lost[news.source] = (since, news.why)
            self._back.pop(news.source, None)
            return
        if self._lost.pop(news.source, None) and news.source in self.seen:
            self._back[news.source] = now + BACK
        self.seen[news.source] = news

    @property
    def gone(self) -> frozenset[int]:
        """Those that do not answer."""
        return frozenset(self._lost)

    @property
    def is_told(self) -> bool:
        """Whether there is anything to be said about their coming and going."""
        return bool(self._lost or self._back)

    def rows(self) -> list[Row]:
        """All programs, in the order of the watchdogs and of their configurations."""
        return [row for _, seen in sorted(self.seen.items()) for row in seen.rows.values()]

    def now_of(self, source: int) -> float:
        """The time (Unix seconds) by the clock of a watchdog."""
        seen = self.seen.get(source)
        return time.time() + (seen.skew if seen else 0.0)

    def tell(self, now: float) -> list[str]:
        """A line for each that is gone, then for each that has come back."""
        self._back = {source: until for source, until in self._back.items() if until > now}
        lines = [self._tell_lost(source, now) for source in sorted(self._lost)]
        return lines + [f"{self._sources[source].title} is back." for source in sorted(self._back)]

    def _tell_lost(self, source: int, now: float) -> str:
        since, why = self._lost[source]
        last = f", gone for {duration(now - since)}" if source in self.seen else ""
        return f"No watchdog at {self._sources[source].title}{last}: {why}. Asking again..."
