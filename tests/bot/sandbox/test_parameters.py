"""The four ways to send parameters."""

from __future__ import annotations

import pytest

from bot.sandbox.parameters import BadParameters, read_parameters

MULTIPART = (
    b'--x1\r\nContent-Disposition: form-data; name="chat_id"\r\n\r\n42\r\n'
    b'--x1\r\nContent-Disposition: form-data; name="document"; filename="a.txt"\r\n'
    b"Content-Type: text/plain\r\n\r\none\r\ntwo\r\n--x1--\r\n"
)


def test_every_way_gives_the_same_parameters() -> None:
    """Query, JSON, form and multipart are one to the methods."""
    ways = [
        read_parameters("chat_id=42", "", b""),
        read_parameters("", "application/json", b'{"chat_id": 42}'),
        read_parameters("", "application/x-www-form-urlencoded", b"chat_id=42"),
        read_parameters("", 'multipart/form-data; boundary="x1"', MULTIPART),
    ]
    assert [way.integer("chat_id") for way in ways] == [42] * 4


def test_a_file_is_known_by_its_name_and_size() -> None:
    """The content of a file is measured, line ends in it included."""
    found = read_parameters("", "multipart/form-data; boundary=x1", MULTIPART)
    assert found.files == {"document": ("a.txt", 8)}


def test_values_are_read_as_leniently_as_telegram_does() -> None:
    """What is no number counts as 0, and JSON in a text is JSON."""
    found = read_parameters("limit=abc&reply_markup=%7B%22a%22%3A1%7D&broken=%7B", "", b"")
    assert (found.integer("limit"), found.integer("offset", 5)) == (0, 5)
    assert found.document("reply_markup") == {"a": 1}
    assert found.document("broken") is None


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/json", b"{"),
        ("application/json", b"[1]"),
        ("application/json", b"[" * 100_000),
        ("application/json", b"\xff"),
        ("multipart/form-data", b"--x"),
        ("multipart/form-data; boundary=x", b"--x\r\nnothing\r\n--x--"),
    ],
)
def test_a_body_that_cannot_be_read_is_refused(kind: str, body: bytes) -> None:
    """The error is one sentence for the answer's description."""
    with pytest.raises(BadParameters, match="Bad Request"):
        read_parameters("", kind, body)
