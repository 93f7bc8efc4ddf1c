"""One token, many doors: gunicorn, the ARQ worker, a shell, cron and the watchdog at once."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest


def open_doors(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "trial.doors", *options],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=280,
    )


@pytest.mark.timeout(300)
def test_whichever_door_it_comes_through_one_polls(mimic: Path) -> None:
    """All but one are refused with 69 and told who polls; Telegram sees no conflict."""
    done = open_doors(mimic)
    assert done.returncode == 0, done.stdout
    assert " 0 conflicts, 0 overlaps" in done.stdout
    assert len(re.findall(r" 69  .*is held by pid \d+", done.stdout)) >= 6, done.stdout


@pytest.mark.timeout(300)
def test_without_a_lock_the_same_ends_in_conflicts(mimic: Path) -> None:
    """The doors do lead to one token: a bot without our lock fights itself there."""
    done = open_doors(mimic, "--bare")
    assert done.returncode == 0, done.stdout
    assert int(re.findall(r"(\d+) conflicts", done.stdout)[0]) > 0
