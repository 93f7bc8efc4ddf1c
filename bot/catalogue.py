"""All capabilities of the bot, in the order in which they see an update."""

from collections.abc import Sequence

from bot.capability import App, Capability
from bot.commands import make_basics
from bot.faults import make_faults
from bot.figures import Figures
from bot.report import Reporter
from bot.settings import Settings


def make_catalogue(
    settings: Settings, figures: Figures, reporter: Reporter
) -> tuple[Capability, ...]:
    """Every capability; a new one is a new file and one more line here."""
    catalogue: list[Capability] = []
    catalogue += [
        make_basics(reporter, lambda: help_text(catalogue)),
        make_faults(settings, figures),
    ]
    return tuple(catalogue)


def install(application: App, catalogue: Sequence[Capability]) -> None:
    """Add the handlers of all capabilities that are on: commands first, then the rest."""
    on = [capability for capability in catalogue if capability.missing is None]
    for capability in on:
        application.add_handlers(capability.handlers())
    for capability in on:
        application.add_handlers(capability.fallbacks)


def help_text(catalogue: Sequence[Capability]) -> str:
    """What /help says: the commands there are, and what is off and why."""
    lines = []
    for capability in catalogue:
        if capability.missing is None:
            lines += [f"/{command.name} - {command.help}" for command in capability.commands]
        elif capability.advertised:
            lines.append(f"{capability.name}: off, {capability.missing}")
    return "\n".join([*lines, "Anything else is sent back to you."])
