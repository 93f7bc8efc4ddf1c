"""Limits of logs that contradict each other are refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from watchdog.config import load
from watchdog.config.errors import ConfigError


def write(directory: Path, logs: str) -> Path:
    path = directory / "w.toml"
    path.write_text(f'[programs.a]\ncommand = "x"\nlogs = {{ {logs} }}\n')
    return path


@pytest.mark.parametrize(
    ("logs", "said"),
    [
        ('maximum = "50MB", total = "40MB"', "at least maximum"),
        ('maximum = "50MB", stderr = "separate", total = "90MB"', "100MB"),
        ('maximum = 0, total = "40MB"', "never rotated"),
        ("compress = true, shared = true", "shared"),
    ],
)
def test_contradictions_are_refused(tmp_path: Path, logs: str, said: str) -> None:
    """With the key, what was found, and what is allowed."""
    with pytest.raises(ConfigError, match=said):
        load(write(tmp_path, logs))


def test_the_limits_are_read(tmp_path: Path) -> None:
    """Durations and sizes as everywhere."""
    given = 'age = "7d", compress = true, total = "500MB"'
    (program,) = load(write(tmp_path, given)).programs
    assert (program.logs.age, program.logs.compress) == (7 * 86400.0, True)
    assert program.logs.total == 500 * 2**20
