"""What the environment says, read in one place; every default is one that a fresh checkout can use.

The bot reads settings of its own beside these: see `.env.example`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Settings:
    """Ports are on 127.0.0.1."""

    state: Path  # what is kept: the database, Redis's file, the metrics of gunicorn's workers
    database_url: str  # SQLAlchemy's
    redis_port: int
    redis_url: str
    web_port: int
    metrics_port: int  # of the worker
    latency: float  # seconds that the paper exchange takes for an order, as a real one would


def read_settings(environ: Mapping[str, str] = os.environ) -> Settings:
    """The settings of this process; a number that is none ends the program with its name."""
    state = Path(environ.get("MIMIC_STATE") or "state").absolute()
    redis_port = int(environ.get("REDIS_PORT") or 6379)
    return Settings(
        state=state,
        database_url=find_database(environ, state),
        redis_port=redis_port,
        redis_url=environ.get("REDIS_URL") or f"redis://127.0.0.1:{redis_port}/0",
        web_port=int(environ.get("WEB_PORT") or 8000),
        metrics_port=int(environ.get("METRICS_PORT") or 9091),
        latency=float(environ.get("PAPER_LATENCY") or 0.05),
    )


def find_database(environ: Mapping[str, str], state: Path) -> str:
    """DATABASE_URL as the bot reads it, too, for SQLAlchemy with psycopg; else a SQLite file."""
    url = environ.get("DATABASE_URL", "")
    if not url:
        return f"sqlite:///{state / 'mimic.sqlite3'}"
    scheme, _, rest = url.partition("://")
    return f"postgresql+psycopg://{rest}" if scheme in ("postgres", "postgresql") else url
