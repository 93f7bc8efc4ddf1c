"""Directories that are watched: what is told of, and that a watch outlives its directory."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from watchdog.inotify import GONE, REWRITTEN, DirectoryWatch, Names

if sys.platform != "linux":
    pytest.skip("inotify is Linux's", allow_module_level=True)

Told = list[Names]


def watched(
    place: Path, events: int, story: Callable[[Told], Awaitable[None]], heal: bool = False
) -> Told:
    """What is told of a directory while the story happens; it may be made anew when it is gone."""
    told: Told = []

    def notice(names: Names) -> None:
        told.append(names)
        if heal:
            place.mkdir(exist_ok=True)

    async def run() -> None:
        watch = DirectoryWatch(place, events, notice)
        assert watch.begin()
        async with asyncio.timeout(10):
            await story(told)
        watch.close()

    asyncio.run(run())
    return told


async def until(told: Told, what: Names) -> None:
    """Wait until exactly this was told."""
    while what not in told:  # noqa: ASYNC110 - a condition, and no event of asyncio's
        await asyncio.sleep(0.005)


def test_what_is_removed_or_rewritten_is_named(tmp_path: Path) -> None:
    """A file that is written to, and one that is removed, are each told by name."""
    (tmp_path / "kept").write_text("1")

    async def story(told: Told) -> None:
        (tmp_path / "kept").write_text("2")
        await until(told, Names({"kept"}))
        told.clear()
        (tmp_path / "kept").unlink()
        await until(told, Names({"kept"}))

    watched(tmp_path, REWRITTEN, story)


def test_writing_is_no_removal(tmp_path: Path) -> None:
    """Who wants to know of removals is not woken by what is written."""
    (tmp_path / "kept").write_text("1")

    async def story(told: Told) -> None:
        (tmp_path / "kept").write_text("2")
        (tmp_path / "other").write_text("3")
        (tmp_path / "other").unlink()
        await until(told, Names({"other"}))

    assert watched(tmp_path, GONE, story) == [Names({"other"})]


@pytest.mark.parametrize("moved", [False, True])
def test_a_directory_that_is_made_anew_is_watched_on(tmp_path: Path, moved: bool) -> None:
    """Gone or moved away, and there again: what happens in the new one is told as before."""
    place = tmp_path / "place"
    place.mkdir()

    async def story(told: Told) -> None:
        for _ in range(3):
            told.clear()
            if moved:
                place.rename(tmp_path / f"away-{len(list(tmp_path.iterdir()))}")
            else:
                place.rmdir()
            await until(told, Names())
            (place / "new").write_text("1")
            (place / "new").unlink()
            await until(told, Names({"new"}))

    watched(place, GONE, story, heal=True)
