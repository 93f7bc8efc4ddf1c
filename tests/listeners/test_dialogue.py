"""What a listener says, and what is made of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchdog.listeners.dialogue import Dialogue, Stage, Word

DONE, FAILED, BROKEN, READY = Word.DONE, Word.FAILED, Word.BROKEN, Word.READY


def busy() -> Dialogue:
    """A listener that has an event."""
    dialogue = Dialogue()
    assert dialogue.hear(b"READY\n") == [READY]
    dialogue.give()
    return dialogue


@pytest.mark.parametrize(
    ("said", "heard", "stage"),
    [
        (b"RESULT 2\nOK", [DONE], Stage.ACKNOWLEDGED),
        (b"RESULT 2\nOKREADY\n", [DONE, READY], Stage.READY),
        (b"RESULT 4\nFAILREADY\n", [FAILED, READY], Stage.READY),
        (b"RESULT 0\n", [FAILED], Stage.ACKNOWLEDGED),
        (b"RESULT 3\nOK\n", [FAILED], Stage.ACKNOWLEDGED),
        (b"RESULT 2\nO", [], Stage.BUSY),
        (b"RESULT", [], Stage.BUSY),
        (b"RESULT x\nOK", [BROKEN], Stage.UNKNOWN),
        (b"RESULT -2\nOK", [BROKEN], Stage.UNKNOWN),
        (b"hello\n", [BROKEN], Stage.UNKNOWN),
        (b"hello" * 100, [BROKEN], Stage.UNKNOWN),
        (b"RESULT 2\nOKhello world", [DONE, BROKEN], Stage.UNKNOWN),
        (b"RESULT 2\nOKREADY\nmore", [DONE, READY, BROKEN], Stage.UNKNOWN),
    ],
)
def test_a_result_is_understood(said: bytes, heard: list[Word], stage: Stage) -> None:
    """Each thing that a listener with an event may say has one meaning."""
    dialogue = busy()
    assert dialogue.hear(said) == heard
    assert dialogue.stage is stage


@given(st.lists(st.sampled_from([b"RESULT 2\nOK", b"RESULT 4\nFAIL", b"junk\n"])), st.data())
def test_pieces_mean_the_same_as_the_whole(said: list[bytes], data: st.DataObject) -> None:
    """However the pipe cuts it, the same is heard."""
    whole, cut = busy(), busy()
    text = b"READY\n".join([*said, b""])
    heard = whole.hear(text)
    found: list[Word] = []
    while text:
        size = data.draw(st.integers(1, len(text)))
        found += cut.hear(text[:size])
        text = text[size:]
    assert (found, cut.stage) == (heard, whole.stage)


def test_endless_talk_is_not_kept() -> None:
    """A result of any length, or a line that never ends, takes no memory."""
    dialogue = busy()
    dialogue.hear(b"RESULT 99999999999\n")
    for _ in range(1000):
        dialogue.hear(b"x" * 1000)
    assert len(dialogue.rest) + len(dialogue.result) < 100
    dialogue = busy()
    for _ in range(1000):
        dialogue.hear(b"x" * 1000)
    assert dialogue.stage is Stage.UNKNOWN
    assert dialogue.rest == b""
