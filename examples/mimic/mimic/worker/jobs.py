"""What the worker does. ARQ may run a job twice (at least once): each is harmless when repeated."""

from __future__ import annotations

import asyncio
import logging
from decimal import Decimal
from typing import Any

from mimic.engine.book import Halted
from mimic.engine.desk import Desk
from mimic.worker.metrics import counted

Context = dict[str, Any]
"""ARQ's: what `on_startup` put there, and `job_id`."""

_log = logging.getLogger("mimic.worker")


@counted
async def trade(ctx: Context, symbol: str, quantity: str) -> str:
    """Buy what a signal asks for; the job's id is the order's, so twice is once."""
    order = f"signal-{ctx['job_id']}"
    try:
        fill = await asyncio.to_thread(_desk(ctx).buy, order, symbol, Decimal(quantity))
    except Halted as reason:
        _log.warning("Signal refused", extra={"order": order, "reason": str(reason)})
        return str(reason)
    _log.info("Signal traded", extra={"order": order, "price": str(fill.price)})
    return f"{symbol} {quantity} at {fill.price}"


@counted
async def check_dca(ctx: Context) -> int:
    """Cron: buy what is due of the plans; how many orders that made."""
    try:
        orders = await asyncio.to_thread(_desk(ctx).follow_plans)
    except Halted as reason:
        _log.info("DCA check: nothing is bought", extra={"reason": str(reason)})
        return 0
    _log.info("DCA check", extra={"orders": orders})
    return len(orders)


@counted
async def check_trailing_stops(ctx: Context) -> int:
    """Cron: move stops, close what has reached its own; how many that were."""
    closings = await asyncio.to_thread(_desk(ctx).trail_stops)
    _log.info("Trailing stops", extra={"closed": [one.position.id for one in closings]})
    return len(closings)


def _desk(ctx: Context) -> Desk:
    desk: Desk = ctx["desk"]
    return desk
