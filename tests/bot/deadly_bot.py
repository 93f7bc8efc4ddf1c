"""The bot with one more capability, whose handler ends the process, as native code can do.

Run as `python -m tests.bot.deadly_bot`. It sees an update before all others do: a text with
"die at once" is the end at once. With LOSE_CONFIRMATIONS no poll that would tell Telegram what was
received gets through, as when the network fails just then: else a race would decide that.
"""

from __future__ import annotations

import asyncio
import os
import sys
from typing import Any

from telegram import Update
from telegram.ext import TypeHandler

import bot.catalogue as catalogue
from bot.__main__ import main
from bot.capability import Capability, Context
from bot.polling import PollingRequest

_EXIT = 139  # as a shell tells a segmentation fault
_make_guards = catalogue.make_guards
_do_request = PollingRequest.do_request


async def _die(update: Update, context: Context) -> None:
    text = update.effective_message.text if update.effective_message else ""
    if "die at once" in (text or ""):
        os._exit(_EXIT)
    if "slow" in (text or ""):
        await asyncio.sleep(0.3)


def _make_deadly_guards(parts: catalogue.Parts) -> Capability:
    guards = _make_guards(parts)
    return Capability(guards.name, guards=(TypeHandler(Update, _die), *guards.guards))


async def _lose(self: PollingRequest, url: str, *args: Any, **kwargs: Any) -> tuple[int, bytes]:
    if kwargs["request_data"].parameters.get("offset"):
        await asyncio.sleep(3600)
    return await _do_request(self, url, *args, **kwargs)


if __name__ == "__main__":
    if os.environ.get("LOSE_CONFIRMATIONS"):
        PollingRequest.do_request = _lose  # type: ignore[method-assign]
    catalogue.make_guards = _make_deadly_guards
    sys.exit(main())
