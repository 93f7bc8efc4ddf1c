"""How the bot ends: its exit codes, and the one exception that carries one to `main`.

The codes are the ones of sysexits.h, so that any supervisor can tell "try again" (75), "someone
else is at it" (69) and "a person must act" (77, 78) apart.
"""

from enum import IntEnum


class ExitCode(IntEnum):
    """Every code `python -m bot` ends with on purpose."""

    CLEAN = 0
    CRASH = 1
    HELD = 69
    TEMPORARY = 75
    REFUSED = 77
    CONFIG = 78


class Exit(Exception):
    """End the process with `code`; `reason` is a sentence for the person who reads the log."""

    def __init__(self, code: ExitCode, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason
