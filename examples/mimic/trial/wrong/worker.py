"""worker.py with the mistake in it: its startup starts the bot."""

from __future__ import annotations

from typing import Any

import worker
from trial import door


async def start(ctx: dict[str, Any]) -> None:
    """As it should be, and the bot."""
    door.start("ARQ worker")
    await worker.start(ctx)


# A copy and no subclass: ARQ looks only at what stands in the class itself.
WorkerSettings = type("WorkerSettings", (), {**vars(worker.WorkerSettings), "on_startup": start})
