"""`watchdog demo`: the main job shown on an embedded Telegram sandbox, and judged.

Everything is driven from outside, as a user would do it: the watchdog, the bot and the sandbox are
processes, and what is promised is held against the journal and the sandbox's own counters.
"""

from watchdog.demo.command import main

__all__ = ["main"]
