"""`%(name)s` in a value: replaced as Python's `%` operator does it, which supervisor uses. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from watchdog.config.errors import nearest

Names = Mapping[str, Any]
"""What may stand in the brackets: here, program_name, process_num (a number), ENV_X ..."""

ENV = "ENV_"
_KNOWN_FORM = re.compile(r"%%|%\([^)]*\)")
_STRAY = "found a % that is no %(name)s; write %% for a percent sign that is meant"


class CannotExpand(ValueError):
    """A name is unknown, or the form is wrong. The text says which, and never shows the value."""


def expand(text: str, names: Names) -> str:
    """The text with every name replaced. `CannotExpand` if one is not known.

    For a lone `%s` supervisord puts all names with all their values there: nobody means that, and
    it would show every variable of the environment in the list of processes.
    """
    if "%" in _KNOWN_FORM.sub("", text):
        raise CannotExpand(_STRAY)
    try:
        return text % names
    except KeyError as error:
        raise CannotExpand(_unknown(str(error.args[0]), names)) from None
    except (TypeError, ValueError):
        raise CannotExpand(_STRAY) from None


def _unknown(name: str, names: Names) -> str:
    found = f"found %({name})s"
    if name.startswith(ENV):
        return f"{found}, but the variable {name.removeprefix(ENV)} is not set in the environment"
    plain = [known for known in names if not known.startswith(ENV)]
    close = nearest(name, plain)
    hint = f"; did you mean %({close})s?" if close else f"; known are {', '.join(plain)}, ENV_X"
    return found + hint
