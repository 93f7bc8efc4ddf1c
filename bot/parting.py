"""Parting a long text into messages. Pure, and stable while the text still grows."""

from collections.abc import Iterator

from bot.graphemes import cut_before
from bot.texts import LONGEST, units

_SIGNS = ("\n\n", "\n", ". ", " ")  # where a text is best parted, the best first


def part(text: str, most: int = LONGEST) -> tuple[str, str]:
    """`text` as (a message of at most `most` UTF-16 units, the rest); all in the first if it fits.

    Where the cut is depends on the first `most` units and one sign more only, so text that is
    added later never moves it.
    """
    if units(text) <= most:
        return text, ""
    head = _fit(text, most)
    for sign in _SIGNS:
        at = head.rfind(sign)
        if at >= len(head) // 2:
            end = at + len(sign)
            return text[:end], text[end:]
    return head, text[len(head) :]


def all_parts(text: str) -> Iterator[str]:
    """The messages that `text` makes, in order; none if there is nothing to be seen."""
    while text.strip():
        head, text = part(text)
        if head.strip():
            yield head.strip()


def _fit(text: str, most: int) -> str:
    """The longest beginning of `text` with at most `most` units; no sign is cut in two.

    What people see as one sign may be several: they stay together.
    """
    head = text[:most]
    while (excess := units(head) - most) > 0:
        head = head[: -((excess + 1) // 2)]
    return text[: cut_before(text, len(head))]
