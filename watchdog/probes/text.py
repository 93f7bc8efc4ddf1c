"""Foreign text made fit to be shown: one line, printable, bounded."""

from __future__ import annotations

REASON_LENGTH = 200  # characters of a reason that reach the status


def one_line(text: str, length: int = REASON_LENGTH) -> str:
    """The text on one line, without anything unprintable, cut to `length` characters."""
    line = text[: length * 20]
    if not line.isprintable():
        line = "".join(c if c.isprintable() else " " for c in line)
    line = " ".join(line.split())
    return line if len(line) <= length else line[: length - 1] + "…"


def last_line(text: str) -> str:
    """The last line that is not blank, or the empty string."""
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else ""


def brief(seconds: float) -> str:
    """A duration as a person would write it in the config: 2s, 500ms, 1.5s."""
    return f"{seconds:g}s" if seconds >= 1 else f"{seconds * 1000:g}ms"


def keep_as_is(text: str) -> str:
    """The redaction that redacts nothing, where nobody gave a better one."""
    return text
