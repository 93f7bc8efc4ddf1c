"""What is said of the bot's health; how it is come to is in `health.py`."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Verdict:
    """The bot's health in one word, as an HTTP status, and in a sentence (None when well)."""

    status: str
    code: int
    reason: str | None
    trouble: str | None = None  # the cause in a word: see docs/bot-health.md

    @property
    def ok(self) -> bool:
        return self.code == 200
