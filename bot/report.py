"""The health document: the figures and their verdict as JSON, with ages instead of stamps.

`bot.health_keys` says what each key means, and which metric it becomes.
"""

import os
from collections.abc import Callable
from typing import Any

from bot import __version__
from bot.call_figures import KINDS, CallFigures
from bot.figures import Figures, Snapshot
from bot.health import Limits, judge
from bot.redaction import redact
from bot.verdict import Verdict
from bot.webhook.report import describe_webhook


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

    def metrics(self, accept: str) -> tuple[str, bytes]:
        """The content type and the page of metrics; ImportError where the library is missing."""
        from bot.metrics import page  # only who is asked for metrics pays for the library

        return page(self._figures.calls, self.document(), accept)

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
            "mode": "webhook" if snapshot.webhook else "polling",
            "polling": _polling(snapshot, figures.calls, now),
            "webhook": describe_webhook(snapshot.webhook, now),
            "api": _api(figures.calls, now),
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
            "poison": _poison(snapshot, now),
            "capabilities": self.capabilities(),
        }


def _polling(snapshot: Snapshot, calls: CallFigures, now: float) -> dict[str, Any]:
    polling, last = snapshot.polling, calls.last_poll
    return {
        "alive": snapshot.poller_alive,
        "last_started_seconds": _age(polling.started, now),
        "last_finished_seconds": _age(polling.finished, now),
        "last_success_seconds": _age(polling.succeeded, now),
        "last_duration_seconds": round(last.seconds, 3) if last else None,
        "last_status": polling.status,
        "last_error": redact(polling.error) if polling.error else None,
        "consecutive_failures": polling.failures,
        "conflicts": polling.conflicts,
        "last_conflict_seconds": _age(polling.last_conflict, now),
        "round_trips": polling.round_trips,
        "skipped_updates": polling.skipped,
    }


def _api(calls: CallFigures, now: float) -> dict[str, Any]:
    last, limited = calls.last, calls.last_rate_limit
    timings = dict(calls.timings)
    return {
        "calls": sum(timing.calls for timing in timings.values()),
        "waiting": calls.waiting,
        "last_method": last.method if last else None,
        "last_status": last.status if last else None,
        "last_error": last.error if last else None,
        "last_latency_seconds": round(last.seconds, 3) if last else None,
        "last_call_seconds": _age(last.ended, now) if last else None,
        "last_429_seconds": _age(limited.ended, now) if limited else None,
        "last_retry_after_seconds": limited.retry_after if limited else None,
        "errors": {kind: calls.errors[kind] for kind in KINDS},
        "methods": {
            method: {"calls": timing.calls, "seconds": round(timing.seconds, 3)}
            for method, timing in timings.items()
        },
    }


def _poison(snapshot: Snapshot, now: float) -> dict[str, Any]:
    poison = snapshot.poison
    return {
        "unreadable": poison.unreadable,
        "deadly": poison.deadly,
        "kept": poison.kept,
        "last_seconds": _age(poison.last, now),
    }


def _age(stamp: float | None, now: float) -> float | None:
    return None if stamp is None else round(now - stamp, 3)
