"""Which agent a message goes to: the first rule that fits, else the default. Pure."""

import re
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Rule:
    """Every condition that is there must fit; a rule without one fits every message."""

    agent: str
    pattern: re.Pattern[str] | None = None  # looked for anywhere in the text
    chat: int | None = None
    user: int | None = None

    def fits(self, text: str, chat: int, user: int | None) -> bool:
        """Whether a message of this user in this chat is this rule's."""
        return (
            (self.chat is None or self.chat == chat)
            and (self.user is None or self.user == user)
            and (self.pattern is None or self.pattern.search(text) is not None)
        )


def choose(
    rules: Iterable[Rule], default: str | None, text: str, chat: int, user: int | None
) -> str | None:
    """The name of the agent, None if nobody is asked."""
    for rule in rules:
        if rule.fits(text, chat, user):
            return rule.agent
    return default
