"""Who hears of every change of a log before it is made.

So that it can be known, after a SIGKILL at any instruction, how far the writer came; `scratch` is
one who does.
"""

from __future__ import annotations

from typing import Protocol

Place = tuple[int, int] | None
"""(device, inode) of a log; None for what is no regular file and cannot be cut back."""
Lost = tuple[int, int]
"""(bytes that were dropped and that the log does not tell yet, errno of the reason)."""


class Witness(Protocol):
    """Hears of every change of a log before it is made."""

    def before_append(self, place: Place, size: int, piece: bytes, last: bool) -> None:
        """`piece`, or the `last` one of a write, is about to follow the `size` bytes of `place`."""

    def before_notice(self, place: Place, size: int, length: int, lost: Lost) -> None:
        """A sentence of `length` bytes is about to follow, which tells what was `lost`."""

    def before_move(self) -> None:
        """The log is about to be moved, emptied or left; all that was announced is in it."""


class _Nobody:
    """Where no kill need be survived."""

    def before_append(self, place: Place, size: int, piece: bytes, last: bool) -> None:
        """Nothing."""

    def before_notice(self, place: Place, size: int, length: int, lost: Lost) -> None:
        """Nothing."""

    def before_move(self) -> None:
        """Nothing."""


NOBODY = _Nobody()
