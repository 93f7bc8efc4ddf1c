"""Where a text may be cut without taking apart what people see as one sign. Pure.

The rules that matter in a chat, after Unicode's report 29: marks stay with their letter, the parts
of a joined emoji together, a flag's two letters together, and CR with LF.
"""

import unicodedata

_JOINER = "\u200d"
_LONGEST = 64  # signs with more parts than this are nobody's writing: they may be cut


def cut_before(text: str, at: int) -> int:
    """The last place not behind `at` where `text` may be cut; `at` where there is none near."""
    place = at
    while place > max(0, at - _LONGEST) and _is_one(text, place):
        place -= 1
    return at if place == 0 or _is_one(text, place) else place


def _is_one(text: str, at: int) -> bool:
    """Whether what stands before and behind `at` belongs together."""
    if not 0 < at < len(text):
        return False
    before, behind = text[at - 1], text[at]
    return (
        _extends(behind)
        or before == _JOINER
        or (before == "\r" and behind == "\n")
        or (_is_flag(behind) and _flags_before(text, at) % 2 == 1)
    )


def _extends(char: str) -> bool:
    """Marks, joiners, variants, the colours of skins, tags, and the later parts of a Hangul."""
    if char < "\u0300":
        return False
    return (
        unicodedata.category(char).startswith("M")
        or char == _JOINER
        or "\U0001f3fb" <= char <= "\U0001f3ff"
        or "\U000e0020" <= char <= "\U000e007f"
        or "\u1160" <= char <= "\u11ff"
    )


def _is_flag(char: str) -> bool:
    return "\U0001f1e6" <= char <= "\U0001f1ff"


def _flags_before(text: str, at: int) -> int:
    count = 0
    while count < min(at, _LONGEST) and _is_flag(text[at - 1 - count]):
        count += 1
    return count
