"""Messages within output, wherever it is cut."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from watchdog.listeners.excerpt import BEGIN, END, Excerpt

PIECES = st.lists(st.sampled_from([BEGIN, END, b"<!--XSUPER", b"text\n", b"<", b"-->", b"VISOR:"]))


def reference(data: bytes) -> tuple[bytes, list[bytes]]:
    """The whole of it at once."""
    outside, messages = b"", []
    while True:
        before, begun, data = data.partition(BEGIN)
        outside += before
        message, ended, rest = data.partition(END)
        if not begun or not ended:
            return outside, messages
        messages.append(message[-5:])
        data = rest


@given(PIECES, st.data())
def test_cuts_make_no_difference(pieces: list[bytes], data: st.DataObject) -> None:
    """What is outside and what is a message is the same for every way to read it."""
    text = b"".join(pieces)
    expected = reference(text)
    excerpt, outside, messages = Excerpt(5), b"", []
    while text:
        size = data.draw(st.integers(1, len(text)))
        out, some = excerpt.feed(text[:size])
        outside, messages, text = outside + out, messages + some, text[size:]
    assert (outside + excerpt.finish(), messages) == expected


def test_a_message_without_end_is_not_kept() -> None:
    """Only the end of a long message stays in memory."""
    excerpt = Excerpt(100)
    excerpt.feed(BEGIN)
    for _ in range(1000):
        assert excerpt.feed(b"x" * 1000) == (b"", [])
    assert excerpt.feed(b"the end" + END + b"after") == (b"after", [b"x" * 93 + b"the end"])
