"""The health document: the figures and their verdict as JSON, with ages instead of stamps."""

import os
from collections.abc import Callable
from typing import Any

from bot import __version__
from bot.figures import Figures, Snapshot
from bot.health import Limits, Verdict, judge
from bot.redaction import redact


class Reporter:
    """Judges one process's figures now, and writes the document about them."""

    def __init__(self, figures: Figures, limits: Limits) -> None:
        self._figures = figures
        self._limits = limits
        self.capabilities: Callable[[], dict[str, Any]] = dict  # set once they are there

    def verdict(self) -> Verdict:
        return judge(self._figures.snapshot(), self._limits, self._figures.clock())

    def document(self) -> tuple[int, dict[str, Any]]:
        """The HTTP status and the JSON document."""
        snapshot, now = self._figures.snapshot(), self._figures.clock()
        verdict = judge(snapshot, self._limits, now)
        return verdict.code, self._compose(snapshot, verdict, now)

    def _compose(self, snapshot: Snapshot, verdict: Verdict, now: float) -> dict[str, Any]:
        figures = self._figures
        return {
            "status": verdict.status,
            "pid": os.getpid(),
            "uptime_seconds": round(now - figures.born, 3),
            "version": __version__,
            "reason": redact(verdict.reason) if verdict.reason else None,
            "trouble": verdict.trouble,
            "bot": {"id": figures.bot_id, "username": figures.username},
            "polling": _polling(snapshot, now),
            "loop": {
                "heartbeat_age_seconds": _age(snapshot.loop.beat, now),
                "lag_seconds": round(snapshot.loop.lag, 3),
            },
            "queue": {
                "waiting": snapshot.waiting,
                "running_handlers": snapshot.running,
                "oldest_handler_seconds": _age(snapshot.oldest_handler, now),
                "updates": figures.handlers.begun,
                "updates_per_second": round(figures.handlers.rate_at(now), 3),
                "failed": figures.handlers.failed,
                "dispatcher_alive": snapshot.dispatcher_alive,
            },
            "capabilities": self.capabilities(),
        }


def _polling(snapshot: Snapshot, now: float) -> dict[str, Any]:
    polling = snapshot.polling
    return {
        "alive": snapshot.poller_alive,
        "last_started_seconds": _age(polling.started, now),
        "last_finished_seconds": _age(polling.finished, now),
        "last_success_seconds": _age(polling.succeeded, now),
        "last_status": polling.status,
        "last_error": redact(polling.error) if polling.error else None,
        "consecutive_failures": polling.failures,
        "conflicts": polling.conflicts,
        "last_conflict_seconds": _age(polling.last_conflict, now),
        "round_trips": polling.round_trips,
        "skipped_updates": polling.skipped,
    }


def _age(stamp: float | None, now: float) -> float | None:
    return None if stamp is None else round(now - stamp, 3)
