"""All capabilities of the bot, in the order in which they see an update."""

from collections.abc import Sequence
from typing import Any

from telegram import Update
from telegram.ext import CommandHandler

from bot.agents.capability import make_agents
from bot.capability import GUARD_GROUP, NEW_MESSAGES, App, Capability, Context, Handler
from bot.commands import answer, make_basics
from bot.faults import make_faults
from bot.github.capability import make_github
from bot.guards.capability import make_guards
from bot.knowledge.capability import make_knowledge
from bot.notices.capability import make_notices
from bot.panic.command import make_panic
from bot.parts import Parts


def make_catalogue(parts: Parts) -> tuple[Capability, ...]:
    """Every capability; a new one is a new file and one more line here."""
    catalogue: list[Capability] = []
    catalogue += [
        make_guards(parts),
        make_basics(parts, lambda listed: help_text(catalogue, listed)),
        make_agents(parts),
        make_knowledge(parts),
        make_github(parts),
        make_panic(parts),
        make_faults(parts),
        make_notices(parts),
    ]
    return tuple(catalogue)


def install(application: App, catalogue: Sequence[Capability]) -> None:
    """Add the handlers of all capabilities that are on: guards, commands, then the rest."""
    for capability in catalogue:
        if capability.on:
            application.add_handlers(capability.guards, GUARD_GROUP)
            application.add_handlers([command.handler() for command in capability.commands])
        elif capability.advertised:
            application.add_handlers(_excuses(capability))
    # Backwards: the basics, near the beginning, send back what nobody else took.
    for capability in reversed(catalogue):
        if capability.on:
            application.add_handlers(capability.fallbacks)


def _excuses(capability: Capability) -> list[Handler]:
    """The commands of a capability that is off say what to set."""

    async def excuse(update: Update, context: Context) -> None:
        await answer(update, f"This is off ({capability.name}): {capability.missing}.")

    return [CommandHandler(command.name, excuse, NEW_MESSAGES) for command in capability.commands]


def help_text(catalogue: Sequence[Capability], listed: bool) -> str:
    """What /help says: the commands there are, and what is off and why.

    Why something does not work names hosts and files: that is for `listed` users.
    """
    lines = []
    for capability in catalogue:
        if capability.on:
            lines += [f"/{command.name} - {command.help}" for command in capability.commands]
            lines += _trouble_of(capability, listed)
    for capability in catalogue:
        if not capability.on and capability.advertised and capability.commands:
            names = ", ".join(f"/{command.name}" for command in capability.commands)
            lines.append(f"{capability.name} ({names}): off, {capability.missing}")
    rest = next((one.rest for one in reversed(catalogue) if one.on and one.rest), "")
    return "\n".join([*lines, rest])


def _trouble_of(capability: Capability, listed: bool) -> list[str]:
    """A line about a capability that is on, but does not work at the moment."""
    figures = capability.figures()
    if figures.get("state") != "degraded":
        return []
    reason = f", {figures['reason']}" if listed else ""
    return [f"{capability.name}: does not work now{reason}"]


def health_of(catalogue: Sequence[Capability]) -> dict[str, Any]:
    """Each capability's state, for /health."""
    return {
        capability.name: {"on": True, "state": "well", "reason": None, **capability.figures()}
        if capability.on
        else {
            "on": False,
            "state": "off",
            "reason": capability.missing,
            "missing": capability.missing,
        }
        for capability in catalogue
        if capability.on or capability.advertised
    }
