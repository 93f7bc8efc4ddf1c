"""Texts for Telegram: HTML in which nobody's words are markup, and never longer than it allows."""

import html
from collections.abc import Iterable

LONGEST = 4096  # characters of one message, as Telegram counts them once markup is taken away


def escape(text: str) -> str:
    """`text` as it will be seen, whatever it holds."""
    return html.escape(text, quote=True)


def shorten(text: str, most: int) -> str:
    """`text` in at most `most` characters, the last one `…` if something is missing."""
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def join_lines(lines: Iterable[str], most: int = LONGEST) -> str:
    """Whole lines of HTML, as many as fit, so that no tag or entity is cut in two.

    What is left out is said in the last line. The markup counts as well, which Telegram would not
    do: a little less than could be is shown.
    """
    kept: list[str] = []
    room = most - 2  # for the sign that something is missing
    for line in lines:
        room -= units(line) + 1
        if room < 0:
            return "\n".join([*kept, "…"])
        kept.append(line)
    return "\n".join(kept)


def units(text: str) -> int:
    """The length as Telegram counts it: in UTF-16 code units, so an emoji is two."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
