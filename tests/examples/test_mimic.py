"""The example platform, with real gunicorn, ARQ, Redis and the bot, as a user would try it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.timeout(400)
def test_the_platform_from_its_start_to_its_end(mimic: Path) -> None:
    """`make check` finds all as it should be: every part is used, restarted and used again."""
    done = subprocess.run(
        [sys.executable, "-m", "trial.check", "--times", "1"],
        cwd=mimic,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=380,
    )
    assert done.returncode == 0, done.stdout
    assert done.stdout.rstrip().endswith("verdict: all as it should be"), done.stdout
