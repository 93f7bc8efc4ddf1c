"""app.py with the mistake in it: importing it starts the bot, and each worker imports it."""

from __future__ import annotations

from app import app
from trial import door

__all__ = ["app"]

door.start("gunicorn worker")
