"""Secrets are replaced wherever they stand, and nothing else is touched."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watchdog.logs.lines import HELD_BACK, Splitter
from watchdog.logs.redaction import Redactor

TOKEN = b"123456789:AAExampleExampleExampleExampleExamp"
NOTHING = Redactor(frozenset())
SHAPE = re.compile(rb"(\d{5,}):[A-Za-z0-9_-]{24,}")


def test_token_shape_keeps_the_bot_id() -> None:
    """A token nobody told us about is replaced, and its public id stays readable."""
    line = b"GET https://api.telegram.org/bot" + TOKEN + b"/getMe 200\n"
    expected = b"GET https://api.telegram.org/bot123456789:[redacted]/getMe 200\n"
    assert NOTHING.redact(line) == expected


@pytest.mark.parametrize("colon", [b"%3A", b"%3a"])
def test_token_in_a_url_parameter(colon: bytes) -> None:
    """The percent-encoded form of a token is replaced as well."""
    line = b"?token=" + TOKEN.replace(b":", colon) + b"&x=1"
    assert NOTHING.redact(line) == b"?token=123456789%3A[redacted]&x=1"


@pytest.mark.parametrize(
    "line",
    [
        b"2025-03-14 12:00:00,123 INFO: all well\n",
        b"sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08\n",
        b"1234:abcdefghijklmnopqrstuvwxyz\n",  # four digits are no bot id
        b"12345:abcdefghijklmnopqrstuvw\n",  # 23 characters are no token
        b'{"id":123456789,"at":"12:00:00","chat":1234567890}\n',
    ],
)
def test_innocent_lines_stay_as_they_are(line: bytes) -> None:
    """What merely resembles a token is left alone."""
    assert NOTHING.redact(line) == line


def test_known_secrets_in_every_encoding() -> None:
    """A secret the configuration knows is replaced as it is and percent-encoded, in either case."""
    redactor = Redactor(frozenset({"p@ss:wörd/1"}))
    forms = ["p@ss:wörd/1", "p@ss%3Awörd/1", "p%40ss%3Aw%C3%B6rd%2F1", "p%40ss%3aw%c3%b6rd%2f1"]
    for form in forms:
        assert redactor.redact(b"<" + form.encode() + b">") == b"<[redacted]>"


def test_a_known_token_of_an_odd_shape_keeps_its_id() -> None:
    """A short token is no token by shape, but known, so it is replaced and its id kept."""
    assert (
        Redactor(frozenset({"42:secret"})).redact(b"use 42:secret now") == b"use 42:[redacted] now"
    )


def test_a_secret_of_several_lines_is_hidden_line_by_line() -> None:
    """A private key is printed in lines, and each of its lines is a secret."""
    redactor = Redactor(frozenset({"first-line-of-key\nsecond-line-of-key\n"}))
    assert redactor.redact(b"a second-line-of-key\n") == b"a [redacted]\n"


def test_longer_secret_wins_over_one_inside_it() -> None:
    """When one secret contains another, no part of the longer one is left."""
    redactor = Redactor(frozenset({"secret-one", "secret-one-and-more"}))
    assert redactor.redact(b"secret-one-and-more") == b"[redacted]"


def test_very_short_secrets_do_not_shred_the_log() -> None:
    """A "secret" such as `1` is not looked for."""
    assert Redactor(frozenset({"1", "", "on"})).redact(b"1 on 1\n") == b"1 on 1\n"


@settings(deadline=None)
@given(st.binary(max_size=400), st.binary(max_size=400), st.sampled_from([b":", b"x", b"1", b"%"]))
def test_agrees_with_the_plain_pattern(before: bytes, after: bytes, glue: bytes) -> None:
    """The fast search finds exactly what the obvious regular expression finds."""
    data = before + glue + TOKEN + glue + after
    expected = SHAPE.sub(rb"\1:[redacted]", data)
    assert NOTHING.redact(data) == expected or b"%3" in data


@settings(deadline=None)
@given(
    st.integers(0, 3 * HELD_BACK),
    st.lists(st.integers(1, HELD_BACK * 2), max_size=12),
    st.sampled_from([b".", b"x", b"7", b":", "é".encode()]),
    st.sampled_from([TOKEN, TOKEN.replace(b":", b"%3A"), b"a-known-secret", b"s" * 5000]),
)
def test_no_secret_straddles_a_cut(place: int, cuts: list[int], fill: bytes, secret: bytes) -> None:
    """However a flood without newlines is chunked, its secret never comes out, the rest does."""
    redactor = Redactor(frozenset({"a-known-secret", "s" * 5000}))
    data = fill * place + b" " + secret + b" " + fill * (2 * HELD_BACK)
    splitter, out, at = Splitter(redactor.safe_cut), [], 0
    for size in [*cuts, len(data)]:
        out.append(redactor.redact(splitter.feed(data[at : at + size])))
        at += size
        assert splitter.held <= HELD_BACK
    out.append(redactor.redact(splitter.finish()))
    assert b"".join(out) == redactor.redact(data)
    assert secret not in b"".join(out)
    for piece in out:
        piece.decode()  # no character was torn either


@pytest.mark.parametrize("fill", [b".", b"x", "é".encode()])
@pytest.mark.parametrize(
    "secret", [TOKEN, TOKEN.replace(b":", b"%3A"), b"a-known-secret", "sécrèt".encode()]
)
def test_a_cut_falls_beside_a_secret_never_inside(fill: bytes, secret: bytes) -> None:
    """Wherever a secret stands about the place of the cut, neither half shows a part of it."""
    redactor = Redactor(frozenset({"a-known-secret", "sécrèt"}))
    for behind in range(redactor.overlap - len(secret) - 2, redactor.overlap + 3):
        data = fill * 100 + b" " + secret + b" " + b"y" * behind
        cut = redactor.safe_cut(data)
        assert 0 < cut < len(data)
        data[:cut].decode()
        assert redactor.redact(data[:cut]) + redactor.redact(data[cut:]) == redactor.redact(data)


def test_no_character_is_torn_at_a_cut() -> None:
    """A cut in the middle of a UTF-8 character is moved before it."""
    for behind in range(8):
        data = "🐕".encode() * 200 + b"y" * behind
        data[: NOTHING.safe_cut(data)].decode()


def test_an_endless_token_does_not_stop_the_flow() -> None:
    """A run of token characters longer than all that is held back is passed on all the same."""
    splitter = Splitter(NOTHING.safe_cut)
    first = splitter.feed(b"12345:" + b"x" * (4 * HELD_BACK))
    assert first
    assert splitter.held <= HELD_BACK


def test_a_secret_is_found_in_json() -> None:
    """Quotes and backslashes are escaped there, in an incident as in a program's own JSON."""
    secret = 'pass"word\\1'
    text = json.dumps({"argv": f"--password={secret}"}).encode()
    assert Redactor(frozenset({secret})).redact(text) == b'{"argv": "--password=[redacted]"}'
