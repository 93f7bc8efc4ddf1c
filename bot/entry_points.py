"""Functions of somebody else's module, named in a setting as `module:function`."""

import importlib
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

ENTRY_POINT = re.compile(r"([A-Za-z_][\w.]*):([A-Za-z_]\w*)")


class EntryPointError(Exception):
    """There is no such function; the text says what was found."""


def find_function(module: str, name: str) -> Callable[..., Any]:
    """The function `name` in `module`, which may stand in the working directory."""
    here = str(Path.cwd())  # where `python -m` finds modules, and a console script does not
    sys.path.insert(0, here)
    try:
        found = getattr(importlib.import_module(module), name)
    except Exception as error:  # whatever somebody's module does when it is imported
        reason = f"{module}:{name}, which cannot be imported: {type(error).__name__}: {error}"
        raise EntryPointError(reason) from None
    finally:
        sys.path.remove(here)
    if not callable(found):
        raise EntryPointError(f"{module}:{name}, which is no function")
    function: Callable[..., Any] = found
    return function
