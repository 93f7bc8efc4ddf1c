"""`watchdog demo`: hands over to the demonstration, with all its options."""

from __future__ import annotations

from watchdog.cli.context import FAILED, Context, complain


def main(context: Context) -> int:
    """Run it; its exit code."""
    if context.demo is None:
        complain("the demonstration is not installed here")
        return FAILED
    return context.demo(context.words)
