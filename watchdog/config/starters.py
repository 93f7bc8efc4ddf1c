"""What `watchdog init` can write: a starter for any bot, and one for each deployment guide."""

from __future__ import annotations

import importlib
from typing import NamedTuple

GUIDES = {
    "mimic": "watchdog.config.starter_mimic",
    "agent-factory": "watchdog.config.starter_agent_factory",
}
"""The names that `--from` takes, and the module of each."""


class Starter(NamedTuple):
    """Two files, valid together, and what they call the bot's token."""

    config: str
    env: str  # empty: none is written
    token: str


def load_starter(guide: str | None) -> Starter:
    """The starter of a guide; the plain one without a guide."""
    if guide is None:
        from watchdog.config.template import STARTER, TOKEN

        return Starter(STARTER, "", TOKEN)
    module = importlib.import_module(GUIDES[guide])
    return Starter(module.CONFIG, module.ENV, module.TOKEN)
