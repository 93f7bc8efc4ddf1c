"""The fault codes of supervisor's XML-RPC API: numbers that its clients compare with."""

from __future__ import annotations

from typing import Final

UNKNOWN_METHOD: Final = 1
INCORRECT_PARAMETERS: Final = 2
BAD_ARGUMENTS: Final = 3
SIGNATURE_UNSUPPORTED: Final = 4
SHUTDOWN_STATE: Final = 6
BAD_NAME: Final = 10
BAD_SIGNAL: Final = 11
NO_FILE: Final = 20
NOT_EXECUTABLE: Final = 21
FAILED: Final = 30
ABNORMAL_TERMINATION: Final = 40
SPAWN_ERROR: Final = 50
ALREADY_STARTED: Final = 60
NOT_RUNNING: Final = 70
SUCCESS: Final = 80
ALREADY_ADDED: Final = 90
STILL_RUNNING: Final = 91
CANT_REREAD: Final = 92

_NAMES = {code: name for name, code in globals().items() if isinstance(code, int)}


class Fault(Exception):
    """A call was refused: `code` for programs, `text` for people (supervisor's "NAME: extra")."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(code, text)
        self.code = code
        self.text = text

    def __str__(self) -> str:
        return self.text


def refuse(code: int, extra: str = "") -> Fault:
    """The fault of this code, its text as supervisor words it."""
    name = _NAMES.get(code, "UNKNOWN")
    return Fault(code, f"{name}: {extra}" if extra else name)


def explain(fault: Fault) -> str:
    """The text without the code's name in front."""
    return fault.text.removeprefix(f"{_NAMES.get(fault.code, '')}: ")
