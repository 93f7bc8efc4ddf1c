"""What a drill may rehearse."""

from __future__ import annotations

FAULTS = ("kill", "stop", "block", "mute")
"""In the order in which a drill does them."""
