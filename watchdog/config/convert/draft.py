"""What a reader of another format hands over."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

Tables = dict[str, Any]


class Draft(Struct, frozen=True):
    """Tables in the shape of our TOML file, and what has to be said about them."""

    tables: Tables
    remarks: tuple[str, ...] = ()


def literal(text: str) -> str:
    """The text as a value in which no dollar is a variable."""
    return text.replace("$", "$$")
