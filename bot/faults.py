"""Faults on purpose, for tests and demonstrations: /fault block SECONDS, deaf, crash, hang_handler.

Off unless BOT_FAULTS=true. Each fault first waits until Telegram knows that its command has been
received: otherwise the restarted bot would be sent the same command again.
"""

import asyncio
import os
import time

from telegram import Update

from bot.capability import Capability, Command, Context
from bot.commands import answer
from bot.exits import ExitCode
from bot.parts import Parts
from bot.polling import await_confirmation, kill_polling

USAGE = "/fault block SECONDS, /fault deaf, /fault crash or /fault hang_handler"


def make_faults(parts: Parts) -> Capability:
    """The fault commands, which nobody hears of while they are off."""

    async def fault(update: Update, context: Context) -> None:
        action = parse_fault(context.args or [])
        if action is None:
            return await answer(update, USAGE)
        await answer(update, f"fault: {' '.join(context.args or [])}")
        await await_confirmation(parts.figures, update.update_id)
        return await _commit(*action)

    return Capability(
        name="faults",
        commands=(Command("fault", "break me on purpose: " + USAGE, fault),),
        missing=None if parts.settings.faults else "set BOT_FAULTS=true",
        advertised=False,
    )


def parse_fault(words: list[str]) -> tuple[str, float] | None:
    """(fault, seconds) that `words` ask for, or None if they make no sense."""
    match words:
        case ["block", number] if number.replace(".", "", 1).isdecimal():
            return "block", float(number)
        case [("deaf" | "crash" | "hang_handler") as name]:
            return name, 0.0
    return None


async def _commit(name: str, seconds: float) -> None:
    match name:
        case "block":
            time.sleep(seconds)  # noqa: ASYNC251 - to block the loop is the point
        case "deaf":
            await kill_polling()
        case "crash":
            os._exit(ExitCode.CRASH)
        case "hang_handler":
            await asyncio.Event().wait()
