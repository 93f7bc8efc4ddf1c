"""What ARQ runs (`arq worker.WorkerSettings`): jobs and cron jobs only. No bot is started here."""

from __future__ import annotations

from typing import Any, ClassVar

from arq import cron
from prometheus_client import REGISTRY

from mimic.engine.desk import open_desk
from mimic.queue import Gauge, redis_settings
from mimic.settings import read_settings
from mimic.worker.jobs import check_dca, check_trailing_stops, trade
from mimic.worker.metrics import Backlog
from mimic.worker.monitor import BEAT, own_key, serve

_settings = read_settings()


async def start(ctx: dict[str, Any]) -> None:
    """The desk for the jobs; metrics and health."""
    desk = ctx["desk"] = open_desk(_settings)
    gauge = Gauge(_settings.redis_url)
    REGISTRY.register(Backlog(gauge, desk.book))
    serve(_settings.metrics_port, gauge)


class WorkerSettings:
    """ARQ's settings; it reads them off this class."""

    functions: ClassVar = [trade]
    cron_jobs: ClassVar = [
        cron(check_dca, second=set(range(0, 60, 10)), run_at_startup=True),
        cron(check_trailing_stops, second=set(range(0, 60, 5)), run_at_startup=True),
    ]
    redis_settings = redis_settings(_settings.redis_url)
    on_startup = start
    health_check_key = own_key()
    health_check_interval = BEAT
    max_tries = 5
    # Seconds. A job that was lost with its worker is taken up again 10 s after this has passed.
    job_timeout = 10
    job_completion_wait = 8  # seconds for the jobs that run when it is stopped
