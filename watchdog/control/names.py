"""Names as supervisor's clients write them: `name`, `group:name`, `group:*`; and signals. Pure."""

from __future__ import annotations

import signal as signals
from collections.abc import Iterable

from watchdog.control.backend import ProgramView
from watchdog.wire import faults
from watchdog.wire.faults import refuse
from watchdog.wire.names import choose


def split(name: str) -> tuple[str, str | None]:
    """The group, and the process in it; None for all of the group."""
    group, colon, process = name.partition(":")
    if not colon:
        return name, name
    return group, None if process in ("", "*") else process


def join(view: ProgramView) -> str:
    """The full name: short where the group is called like the program."""
    return view.process if view.group == view.process else f"{view.group}:{view.process}"


def find(views: Iterable[ProgramView], name: str) -> ProgramView:
    """The one program of this name; BAD_NAME if there is none, or if it names a whole group."""
    wanted = split(name)
    for view in views:
        if (view.group, view.process) == wanted:
            return view
    raise refuse(faults.BAD_NAME, name)


def find_group(views: Iterable[ProgramView], group: str) -> list[ProgramView]:
    """The programs of a group; BAD_NAME if there are none."""
    members = [view for view in views if view.group == group]
    if not members:
        raise refuse(faults.BAD_NAME, group)
    return members


def match(views: Iterable[ProgramView], name: str) -> list[ProgramView]:
    """Every program that a person may mean by this: also `all`, and a group's plain name."""
    return choose(views, name, lambda view: (view.name, view.group))


def only(views: Iterable[ProgramView], name: str) -> ProgramView:
    """The one program that a person means by this; BAD_NAME in words if it is none, or several."""
    found = match(views, name)
    if len(found) == 1:
        return found[0]
    several = ", ".join(view.name for view in found[:8]) + ", ..." * (len(found) > 8)
    told = f"{name} is several programs; name one of them: {several}"
    raise refuse(faults.BAD_NAME, told if found else f"there is no program {name}")


def normalize_signal(value: str | int) -> str:
    """The signal's name without SIG, or its number where it has no name; BAD_SIGNAL if unknown."""
    try:
        number = _signal_number(value)
    except (ValueError, KeyError):
        raise refuse(faults.BAD_SIGNAL, str(value)) from None
    try:
        return signals.Signals(number).name.removeprefix("SIG")
    except ValueError:
        return str(number)


def _signal_number(value: str | int) -> int:
    text = str(value).strip().upper()
    if text.isdecimal():
        number = int(text)
    else:
        number = signals.Signals[text if text.startswith("SIG") else f"SIG{text}"]
    if number not in signals.valid_signals():
        raise ValueError
    return number
