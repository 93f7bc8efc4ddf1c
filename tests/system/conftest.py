"""A world for each test, in which nothing is left running."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system.harness import World

if sys.platform != "linux":
    collect_ignore_glob = ["test_*.py"]  # the harness finds what runs by /proc


@pytest.fixture
def world() -> Iterator[World]:
    """A directory with a short path; all that was started there ends with the test."""
    with tempfile.TemporaryDirectory(prefix="wd", ignore_cleanup_errors=True) as path:
        world = World(Path(path))
        try:
            yield world
        finally:
            world.end()
