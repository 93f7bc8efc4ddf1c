"""The queue from its outside: what the web server and the metrics need of ARQ."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import redis
from arq import create_pool
from arq.connections import RedisSettings
from arq.constants import default_queue_name
from arq.jobs import Job, JobStatus

PATIENCE = 1.0  # seconds for Redis to answer


def redis_settings(url: str, retries: int = 5) -> RedisSettings:
    """Redis as ARQ is told of it; how often to try again, once a second."""
    settings = RedisSettings.from_dsn(url)
    settings.conn_timeout = 2
    settings.conn_retries = retries
    return settings


def enqueue_trade(url: str, job: str, symbol: str, quantity: Decimal) -> bool:
    """Queue a buy; False if a job of this id is there already."""
    return asyncio.run(_enqueue(url, job, symbol, quantity))


def find_status(url: str, job: str) -> JobStatus:
    """How far a job is."""
    return asyncio.run(_find_status(url, job))


async def _enqueue(url: str, job: str, symbol: str, quantity: Decimal) -> bool:
    async with await create_pool(redis_settings(url, 0)) as pool:
        return await pool.enqueue_job("trade", symbol, str(quantity), _job_id=job) is not None


async def _find_status(url: str, job: str) -> JobStatus:
    async with await create_pool(redis_settings(url, 0)) as pool:
        return await Job(job, pool).status()


class Gauge:
    """Looks at the queue; one connection, kept."""

    def __init__(self, url: str) -> None:
        self._redis = redis.Redis.from_url(
            url, socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE
        )

    def depth(self) -> int:
        """How many jobs wait. ARQ's queue is a sorted set: LLEN would be an error."""
        depth: int = self._redis.zcard(default_queue_name)  # type: ignore[assignment]
        return depth

    def has(self, key: str) -> bool:
        """Whether there is such a key."""
        return bool(self._redis.exists(key))

    def complaint(self) -> str | None:
        """Why Redis cannot be used; None if it can."""
        try:
            self._redis.ping()
        except redis.RedisError as error:
            return f"Redis does not answer: {error}"
        return None
