"""The example platform: its folder, its code, and what it needs on this machine."""

from __future__ import annotations

import importlib.util
import shutil
import sys
from pathlib import Path

import pytest

from tests.bot.knowledge.conftest import server

__all__ = ["server"]  # a PostgreSQL, as a fixture

MIMIC = Path(__file__).parents[2] / "examples" / "mimic"
LIBRARIES = ("arq", "flask", "flask_sock", "gunicorn", "pythonjsonlogger", "psycopg", "sqlalchemy")


@pytest.fixture(scope="session", autouse=True)
def libraries() -> None:
    """The example's own, and its code importable."""
    missing = [name for name in LIBRARIES if importlib.util.find_spec(name) is None]
    if missing:
        pytest.skip(f"pip install '.[examples]': {', '.join(missing)} not installed")
    if str(MIMIC) not in sys.path:
        sys.path.append(str(MIMIC))


@pytest.fixture
def mimic() -> Path:
    """The folder of the platform, if its programs can run here."""
    for program in ("redis-server", "wrk"):
        if shutil.which(program) is None:
            pytest.skip(f"there is no {program}: apt-get install redis-server wrk")
    return MIMIC
