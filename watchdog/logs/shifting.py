"""Moving the files of a log up at a rotation, and when its age asks for one."""

from __future__ import annotations

import contextlib
import time
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from watchdog.logs.backups import name_of

_BOTH = (False, True)


class Limits(NamedTuple):
    """Bytes at which the file is rotated, and how many are kept then."""

    maximum: int
    backups: int


limits = lru_cache(maxsize=16)(Limits)
"""One for all files with the same: there may be thousands."""


def shift(path: str, backups: int) -> None:
    """Move the files up, those below the first free number only; the oldest goes if none is free.

    So a rotation that a SIGKILL broke off is completed by the next one, and no file is shifted out
    before its time. Packed files keep their form. Raises OSError.
    """
    free = _first_free(path, backups)
    for packed in _BOTH:
        _remove(name_of(path, free, packed))
    for number in range(free, 1, -1):
        for packed in _BOTH:
            _rename(name_of(path, number - 1, packed), name_of(path, number, packed))
    _rename(path, name_of(path, 1))


def _first_free(path: str, backups: int) -> int:
    numbers = range(1, backups)
    return next((n for n in numbers if not _is_taken(path, n)), backups)


def _is_taken(path: str, number: int) -> bool:
    return any(Path(name_of(path, number, packed)).exists() for packed in _BOTH)


def _remove(path: str) -> None:
    with contextlib.suppress(FileNotFoundError):
        Path(path).unlink()


def _rename(old: str, new: str) -> None:
    try:
        Path(old).replace(new)
    except FileNotFoundError:
        return  # never rotated that far yet, or somebody moved it first


def is_outdated(last: float, now: float, age: float) -> bool:
    """Whether a log that was last written at `last` belongs to an earlier period than `now`.

    Periods of `age` seconds lie side by side from a local midnight on: those of a day begin at
    midnight. So no file spans more than `age`, and no clock need be kept anywhere but in the file's
    own modification time. Pure, but for the time zone.
    """
    return bool(age) and _period(now, age) > _period(last, age)


def _period(at: float, age: float) -> int:
    return int((at + time.localtime(at).tm_gmtoff) // age)
