"""The worker's metrics: its jobs as they end, the queue and the book when somebody asks."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Coroutine, Iterator
from typing import Any, ParamSpec, TypeVar

import redis
from prometheus_client import Counter, Histogram
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from mimic.engine.book import Book
from mimic.queue import Gauge

JOBS = Counter("mimic_jobs", "Jobs that ended.", ["job", "outcome"])
SECONDS = Histogram("mimic_job_seconds", "Time that a job took.", ["job"])

P = ParamSpec("P")
T = TypeVar("T")


def counted(job: Callable[P, Coroutine[Any, Any, T]]) -> Callable[P, Coroutine[Any, Any, T]]:
    """Count the job's ends, and its time."""

    @functools.wraps(job)
    async def run(*args: P.args, **kwargs: P.kwargs) -> T:
        begun, outcome = time.monotonic(), "failed"
        try:
            result = await job(*args, **kwargs)
            outcome = "done"
            return result
        finally:
            JOBS.labels(job.__name__, outcome).inc()
            SECONDS.labels(job.__name__).observe(time.monotonic() - begun)

    return run


class Backlog(Collector):
    """What waits and what is open, looked up at each scrape."""

    def __init__(self, gauge: Gauge, book: Book) -> None:
        self._gauge, self._book = gauge, book

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Without Redis there is no depth, rather than a wrong one."""
        is_open = len(self._book.list_open())
        yield GaugeMetricFamily("mimic_positions_open", "Positions that are open.", is_open)
        try:
            depth = self._gauge.depth()
        except redis.RedisError:
            return
        yield GaugeMetricFamily("mimic_queue_depth", "Jobs that wait in the queue.", depth)
