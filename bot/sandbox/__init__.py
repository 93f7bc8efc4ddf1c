"""A Telegram Bot API server on loopback, for demos and tests: `python -m bot.sandbox`.

It keeps the rules that decide who may poll (see `rules.py`), and lets a test speak as a user,
inject faults and count what two instances of one bot did to each other.
"""

from bot.sandbox.client import SandboxClient, SandboxError
from bot.sandbox.server import Sandbox

__all__ = ["Sandbox", "SandboxClient", "SandboxError"]
