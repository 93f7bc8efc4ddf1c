"""Personal data in texts: what is found, and what is left alone."""

from __future__ import annotations

import string
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.pii import mask_pii

words = st.text(string.ascii_lowercase + " ", max_size=20).map(lambda text: f" {text} ")


def luhn_digit(body: str) -> str:
    """The digit that makes `body` a number that Luhn accepts, by the other way to compute it."""
    total = 0
    for place, digit in enumerate(reversed(body)):
        value = int(digit) * (2 if place % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return str(-total % 10)


def grouped(digits: str, separator: str) -> str:
    return separator.join(digits[start : start + 4] for start in range(0, len(digits), 4))


@st.composite
def cards(draw: st.DrawFn) -> str:
    body = draw(st.text("0123456789", min_size=12, max_size=18).filter(lambda t: len(set(t)) > 2))
    return grouped(body + luhn_digit(body), draw(st.sampled_from(["", " ", "-"])))


@st.composite
def ibans(draw: st.DrawFn) -> str:
    """German ones: 18 digits, and what ISO 7064 makes of them."""
    account = draw(st.text("0123456789", min_size=18, max_size=18))
    check = 98 - int(f"{account}131400") % 97  # D is 13, E is 14
    return grouped(f"DE{check:02}{account}", draw(st.sampled_from(["", " "])))


@settings(deadline=None)
@given(words, cards(), words)
def test_every_card_number_is_masked(before: str, card: str, after: str) -> None:
    """Whatever stands around it, a number that Luhn accepts is gone; so are its last digits."""
    masked = mask_pii(before + card + after)
    assert card not in masked
    assert not any(char.isdigit() for char in masked)


@settings(deadline=None)
@given(words, ibans(), words)
def test_every_iban_is_masked(before: str, iban: str, after: str) -> None:
    """An IBAN whose check digits are right is gone, in small letters too."""
    for written in (iban, iban.lower()):
        assert mask_pii(before + written + after) == f"{before}[IBAN]{after}"


@settings(deadline=None)
@given(words, st.emails(), words)
def test_every_plain_address_of_mail_is_masked(before: str, address: str, after: str) -> None:
    """The domain of an address of e-mail is gone, and the plain part before the @."""
    name, _, domain = address.partition("@")
    masked = mask_pii(before + address + after)
    if name.replace(".", "").isalnum() and domain.isascii():
        assert masked == f"{before}[e-mail]{after}"


@settings(deadline=None)
@given(words, st.ip_addresses(), words)
def test_every_ip_address_is_masked(before: str, address: object, after: str) -> None:
    """Both versions; the machine's own names for itself are nobody's data."""
    shown = str(address)
    expected = shown if shown in ("0.0.0.0", "::", "::1") or shown[:4] == "127." else "[IP]"
    assert mask_pii(before + shown + after) == f"{before}{expected}{after}"


@settings(deadline=None)
@given(st.text(st.characters(exclude_categories=["Nd"], exclude_characters="@:")))
def test_a_text_without_digits_is_left_alone(text: str) -> None:
    """Where there is no digit, no @ and no colon, there is nothing to mask."""
    assert mask_pii(text) == text


@settings(deadline=None)
@given(st.text(st.sampled_from("0123456789 .-+()/:@aDE89٣[]"), max_size=200))
def test_masking_never_fails_and_twice_is_once(text: str) -> None:
    """Any mixture of digits and signs is answered, and what was masked stays as it is."""
    once = mask_pii(text)
    assert mask_pii(once) == once


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("pay DE89 3704 0044 0532 0130 00 by Friday", "pay [IBAN] by Friday"),
        ("4111 1111 1111 1111 12/27", "[card] 12/27"),
        ("visa-4111-1111-1111-1111", "visa-[card]"),
        ("٤١١١١١١١١١١١١١١١", "[card]"),
        ("mail ann.b+c@mail.example.com.", "mail [e-mail]."),
        ("from 203.0.113.9:443 and 2001:db8::1", "from [IP]:443 and [IP]"),
        ("call +49 170 1234567", "call [phone]"),
        ("call 00491701234567 or 030/1234567", "call [phone] or [phone]"),
        ("call (555) 123-4567 or 555-123-4567", "call [phone] or [phone]"),
        ("DNI 12345678Z, NIE X1234567L", "DNI [id], NIE [id]"),
        ("SSN 536-90-4399", "SSN [id]"),
        ("RSSMRA85T10A562S and AB123456C", "[id] and [id]"),
        ("44051401359 and 529.982.247-25", "[id] and [id]"),
        ("hetu 131052-308T, rc 710319/2745", "hetu [id], rc [id]"),
    ],
)
def test_examples(text: str, masked: str) -> None:
    """Each kind, as people write it."""
    assert mask_pii(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-22 02:55:01,123 INFO bot: Health: http://127.0.0.1:9876/health",
        "User ID: 123456789 in the chat -1001234567890",
        "version 3.11.2, pid 4242, 01.02.2026 03:55, 0.0123456789 s",
        "incident bot-20261122T025501Z-2, exit code 77",
        "12345678A 4111111111111112 DE00370400440532013000 999.1.1.1",
    ],
)
def test_what_only_looks_like_it_is_left_alone(text: str) -> None:
    """Times, ids of Telegram, versions, and numbers whose check digits are wrong."""
    assert mask_pii(text) == text


PIECES = ("1 ", "1-", "1", "DE89", "1:", "+1 ", "0 (", "a@", "a.", "a@a.", "ab12 ")


@pytest.mark.parametrize("piece", PIECES)
def test_no_text_takes_long(piece: str) -> None:
    """The longest message that Telegram delivers is masked in a moment, whatever it is made of."""
    text = (piece * 4096)[:4096]
    began = time.process_time()
    mask_pii(text)
    assert time.process_time() - began < 1.5
