"""Two pulses on the event loop: one that proves the loop runs, one that a supervisor hears."""

import asyncio

from bot.figures import Figures
from bot.notify import Notifier
from bot.report import Reporter

# How often the status line is refreshed for a supervisor that set no watchdog time.
_STATUS_SECONDS = 5.0


def beat_interval(loop_stale_seconds: float) -> float:
    """Four beats within the time after which the loop counts as stuck, and one a second at most."""
    return min(1.0, loop_stale_seconds / 4)


async def beat(figures: Figures, interval: float) -> None:
    """Stamp that the loop runs, and how much later than it should."""
    figures.loop.beat = figures.clock()
    while True:
        due = figures.clock() + interval
        await asyncio.sleep(interval)
        figures.loop.beat = figures.clock()
        figures.loop.lag = max(0.0, figures.loop.beat - due)


async def report_upward(notifier: Notifier, reporter: Reporter) -> None:
    """Say `WATCHDOG=1` at half the time allowed, but only while the verdict is well."""
    while True:
        verdict = reporter.verdict()
        if verdict.ok and notifier.interval is not None:
            notifier.alive()
        notifier.status(verdict.reason or verdict.status)
        await asyncio.sleep(notifier.interval or _STATUS_SECONDS)
