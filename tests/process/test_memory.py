"""The memory limit: what is measured, when it is posted, and that nothing runs without one."""

from __future__ import annotations

import asyncio
from typing import Any

from watchdog.core.events import Event, Overweight
from watchdog.process.memory import MEGABYTE, Limit, MemoryWatch, verdict


def test_verdict_names_both_figures() -> None:
    """Above the limit the reason says what is used and what is allowed; at it, nothing."""
    limit = Limit(3, 512 * MEGABYTE)
    assert verdict(limit, 512 * MEGABYTE) is None
    assert verdict(limit, 612 * MEGABYTE) == Overweight(3, "memory: 612 MB used, 512 MB allowed")


async def test_growing_tree_is_posted_once(world: Any) -> None:
    """A process whose child grows above the limit is reported once."""
    posted: list[tuple[str, Event]] = []
    watch = MemoryWatch(lambda p, e: posted.append((p, e)), world.processes.memory, period=0.02)
    world.python("import os,time\nif os.fork() == 0: x = bytearray(80 << 20)\ntime.sleep(1000)")
    watch.watch("bot", 1, 60 * MEGABYTE)
    await world.until(lambda: posted)
    await asyncio.sleep(0.06)
    [(program, event)] = posted
    assert program == "bot"
    assert isinstance(event, Overweight)
    assert event.incarnation == 1
    assert event.reason.endswith(" MB used, 60 MB allowed")
    assert watch._timer is None or watch._timer.cancelled()


async def test_no_limit_no_timer() -> None:
    """Without a limit, and after the last was forgotten, no timer exists."""
    watch = MemoryWatch(lambda *_: None, lambda _: 0)
    assert watch._timer is None
    watch.watch("bot", 1, 1)
    assert watch._timer is not None
    watch.forget("bot")
    assert watch._timer is None
