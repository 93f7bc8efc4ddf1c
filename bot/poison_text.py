"""An update as it is kept for inspection: its shape, numbers, the beginnings of its texts. Pure.

What is kept is filtered like all that is stored, and short, whatever was sent: an update of many
megabytes comes to a few thousand characters.
"""

import json
from collections.abc import Callable
from itertools import islice
from typing import Any

LONGEST = 16_000  # characters of one update
_LONGEST_TEXT = 400  # of one text in it, keys too
_MOST_PARTS = 300  # values of all levels
_DEEPEST = 30  # levels
_MORE = "…"


class _Room:
    def __init__(self, clean: Callable[[str], str]) -> None:
        self.left = _MOST_PARTS
        self.clean = clean


def show_update(update: Any, clean: Callable[[str], str]) -> str:
    """`update` as JSON with two spaces, with its texts through `clean`."""
    shown = _show(update, _Room(clean), 0)
    text = json.dumps(shown, indent=2, ensure_ascii=False)
    return text if len(text) <= LONGEST else text[:LONGEST] + _MORE


def _show(value: Any, room: _Room, depth: int) -> Any:
    room.left -= 1
    if room.left < 0 or depth > _DEEPEST:
        return _MORE
    if isinstance(value, str):
        return _text(value, room)
    if isinstance(value, dict):
        pairs = islice(value.items(), max(0, room.left))
        shown = {_text(str(key), room): _show(below, room, depth + 1) for key, below in pairs}
        return shown if len(shown) == len(value) else {**shown, _MORE: len(value) - len(shown)}
    if isinstance(value, list):
        items = [_show(item, room, depth + 1) for item in islice(value, max(0, room.left))]
        return items if len(items) == len(value) else [*items, _MORE]
    if isinstance(value, int) and value.bit_length() > 64:
        return f"a number of {value.bit_length()} bits"
    return value


def _text(text: str, room: _Room) -> str:
    """Its beginning, without halves of surrogate pairs, which no database takes."""
    begin = text[:_LONGEST_TEXT].encode("utf-8", "replace").decode()
    clean = room.clean(begin)
    return clean if len(text) <= _LONGEST_TEXT else f"{clean}{_MORE} ({len(text)} characters)"
