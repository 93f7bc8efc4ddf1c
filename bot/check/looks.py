"""What one look at something outside the bot's settings found, and what all looks mean. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from bot.exits import ExitCode


@dataclass(frozen=True)
class Look:
    """One finding. `code` is 0 if all is well, and otherwise what a script should make of it."""

    what: str
    said: str  # a sentence without a full stop, and without a secret
    code: ExitCode = ExitCode.CLEAN

    @property
    def line(self) -> str:
        return f"  {'NOT OK' if self.code else 'ok':<7} {self.what}: {self.said}"


def worst(looks: Iterable[Look]) -> ExitCode:
    """78 (a setting is to be corrected) before 77 (the token), before 75 (try again later)."""
    return max((look.code for look in looks), default=ExitCode.CLEAN)
