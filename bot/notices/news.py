"""Which changes of the verdict are news to a person: a trouble that stays, and its end. Pure.

What comes and goes within half a minute is not told, nor the same trouble again within ten minutes
of its end: that is what the health page and the metrics are for.
"""

from bot.times import duration
from bot.verdict import Verdict

STAYS_SECONDS = 30.0
AGAIN_SECONDS = 600.0
_NO_NEWS = ("running", "starting", "stopping")


class Newsroom:
    """Hears verdicts, and says what is worth telling."""

    def __init__(self) -> None:
        self._trouble: tuple[str, str | None] | None = None
        self._since = 0.0
        self._told = False
        self._over: dict[tuple[str, str | None], float] = {}

    def hear(self, verdict: Verdict, now: float) -> list[str]:
        """What to tell after this verdict, at `now` in seconds of any clock."""
        trouble = None if verdict.status in _NO_NEWS else (verdict.status, verdict.trouble)
        news = []
        if trouble != self._trouble:
            news += self._end(now)
            self._trouble, self._since, self._told = trouble, now, False
        if trouble is not None and not self._told and self._is_news(trouble, now):
            self._told = True
            news.append(verdict.reason or verdict.status)
        return news

    def _is_news(self, trouble: tuple[str, str | None], now: float) -> bool:
        over = self._over.get(trouble)
        fresh = over is None or now - over > AGAIN_SECONDS
        return now - self._since >= STAYS_SECONDS and fresh

    def _end(self, now: float) -> list[str]:
        if self._trouble is None or not self._told:
            return []
        self._over[self._trouble] = now
        status, cause = self._trouble
        return [f"no longer {status} ({cause or status}), after {duration(now - self._since)}."]
