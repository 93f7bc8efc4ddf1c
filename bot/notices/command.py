"""`python -m bot notify TEXT`: one notice from a shell, a cron job or a deployment."""

import sys

from bot.exits import Exit, ExitCode
from bot.notices.send import Misconfigured, NotifyError, TokenRefused, notify

# Read from a pipe, in bytes: what is beyond would be left out anyway.
_LONGEST_INPUT = 1024 * 1024


def send(words: list[str], chat: str | None, seconds: float) -> ExitCode:
    """Send it; `Exit` 75 if it may be tried again, 77 or 78 if not, 1 if that is not known."""
    text = _read_input() if words == ["-"] else " ".join(words)
    try:
        if not notify(text, chat, seconds=seconds):
            print("TG_ENABLED is false: nothing was sent")
    except NotifyError as error:
        raise Exit(_code_of(error), _tell(error)) from None
    return ExitCode.CLEAN


def _read_input() -> str:
    return sys.stdin.buffer.read(_LONGEST_INPUT).decode(errors="replace")


def _code_of(error: NotifyError) -> ExitCode:
    if isinstance(error, Misconfigured):
        return ExitCode.CONFIG
    if isinstance(error, TokenRefused):
        return ExitCode.REFUSED
    return ExitCode.CRASH if error.doubtful or error.delivered else ExitCode.TEMPORARY


def _tell(error: NotifyError) -> str:
    if not error.delivered:
        return str(error)
    sent = "1 message was" if error.delivered == 1 else f"{error.delivered} messages were"
    return f"{error}; {sent} sent before"
