"""Reading HTTP replies, whatever the bytes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchdog.probes.attempt import Verdict
from watchdog.probes.http import split_url
from watchdog.probes.names import known, split
from watchdog.probes.reply import LIMIT, Reply, note_in, reason_in
from watchdog.probes.text import brief, last_line, one_line

PIECES = st.sampled_from(
    [
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.0 503 \r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
        b"HTTP/1.1 999999 X\r\n",
        b"HTTP/2 200\r\n",
        b"Content-Length: 5\r\n",
        b"Content-Length: -1\r\n",
        b"Content-Length: 99999999999999999999999\r\n",
        b"Content-Length: " + b"9" * 5000 + b"\r\n",
        b"Transfer-Encoding: chunked\r\n",
        b"Transfer-Encoding: gzip\r\n",
        b"Connection: Upgrade\r\n",
        b" folded\r\n",
        b"\r\n",
        b"\n",
        b"5\r\nhello\r\n",
        b"0\r\n\r\n",
        b"ffffffffffffffffffff\r\n",
        b'{"reason": "x"}',
        b"\0\xff",
    ]
)
BYTES = st.one_of(st.binary(), st.lists(st.one_of(PIECES, st.binary(max_size=4))).map(b"".join))


@given(BYTES, st.lists(st.integers(1, 40)))
def test_any_bytes_in_any_pieces_end_in_a_verdict(data: bytes, sizes: list[int]):
    """Nothing a server sends raises, and the end of the stream is always the end."""
    reply = Reply()
    assert reply.request("h:1", "/", {}).startswith(b"GET / HTTP/1.1\r\n")
    verdict = None
    for size in sizes:
        if not data or verdict:
            break
        verdict = reply.feed(data[:size])
        data = data[size:]
        reply.waiting()
    if not verdict and data:
        verdict = reply.feed(data)
    verdict = verdict or reply.feed(b"")
    assert isinstance(verdict, Verdict)
    assert one_line(verdict.reason)


@given(st.integers(100, 999), st.binary(max_size=200), st.booleans())
def test_the_status_alone_decides(code: int, body: bytes, accepted: bool):
    """A well-formed reply is judged by its code, whatever its body."""
    reply = Reply((code,) if accepted else ())
    reply.request("h:1", "/", {})
    head = f"HTTP/1.1 {code} Word\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    verdict = reply.feed(head + body) or reply.feed(b"")
    assert verdict
    if code >= 200:
        assert verdict.ok is (accepted or code <= 299)
        assert verdict.reason.startswith(str(code))


def test_no_more_than_the_limit_is_looked_at():
    """A reply ends for us at the limit, in one piece or in many."""
    whole, parts = Reply(), Reply()
    data = b"HTTP/1.1 500 X\r\n\r\n" + b"y" * (2 * LIMIT)
    for reply in (whole, parts):
        reply.request("h:1", "/", {})
    assert whole.feed(data) == Verdict(False, "500 X")
    long = Reply()
    long.request("h:1", "/", {})
    body = b'{"reason": "x", "more": "%s"}' % (b"y" * LIMIT)
    assert long.feed(b"HTTP/1.1 500 X\r\n\r\n" + body) == Verdict(False, "500 X")
    fed = 0
    while not parts.feed(data[fed : fed + 1000]):
        fed += 1000
    assert LIMIT - 1000 <= fed <= LIMIT


@given(st.binary(max_size=300))
def test_any_body_has_a_reason_or_none(body: bytes):
    """A body that is no JSON object has none."""
    assert isinstance(reason_in(body), str)
    assert isinstance(reason_in(b"{" + body), str)


def test_the_best_key_of_a_body_wins():
    """reason, status, error, detail; only texts, and not blank ones."""
    assert reason_in(b' {"detail": "d", "status": "s", "reason": " "}') == "s"
    assert reason_in(b'{"reason": {"a": 1}, "error": 5, "detail": "d"}') == "d"
    assert reason_in(b'{"reason": 1}') == reason_in(b"") == reason_in(b'"reason"') == ""


@given(st.binary(max_size=300))
def test_any_body_has_a_note_or_none(body: bytes):
    """A body that is no JSON object has none."""
    for data in (body, b"{" + body):
        note, rival = note_in(data)
        assert isinstance(note, str) and isinstance(rival, bool)


def test_a_pass_has_a_note_only_under_reason():
    """What is amiss although all is well is under `reason`; a status such as "running" is none."""
    assert note_in(b'{"status": "running", "reason": null, "detail": "d"}') == ("", False)
    assert note_in(b'{"reason": "slow", "trouble": "webhook"}') == ("slow", False)
    assert note_in(b'{"reason": "r", "trouble": "rival"}') == ("r", True)
    assert note_in(b'{"reason": " ", "trouble": "rival"}') == ("", False)


@pytest.mark.parametrize(("code", "note"), [(200, "degraded"), (503, "")])
def test_only_a_pass_has_a_note(code: int, note: str):
    """The reason of a failure is its reason already."""
    body = b'{"reason": "degraded", "trouble": "rival"}'
    reply = Reply()
    reply.request("h:1", "/", {})
    head = f"HTTP/1.1 {code} X\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    verdict = reply.feed(head + body)
    assert verdict == Verdict(code == 200, f"{code}: degraded", note, bool(note))


@given(st.text())
def test_any_url_or_address_is_split_or_refused(text: str):
    """Only ValueError says that it cannot be."""
    for parse in (split, split_url, lambda t: split_url(f"http://{t}")):
        try:
            parse(text)
        except ValueError as error:
            assert str(error)
    known(text)


@given(st.text(), st.integers(1, 50))
def test_one_line_is_one_printable_bounded_line(text: str, length: int):
    """Fit to be shown, whatever it was."""
    line = one_line(text, length)
    assert line.isprintable() and len(line) <= length and line == line.strip()


def test_small_texts():
    """Durations read as they are written; the last line is the last that is not blank."""
    assert [brief(s) for s in (2.0, 0.5, 1.5, 0.001, 90)] == ["2s", "500ms", "1.5s", "1ms", "90s"]
    assert last_line("a\nb\n \n\n") == "b" and last_line("") == ""
    assert one_line("a\r\n\tb\x1b[0m") == "a b [0m"
