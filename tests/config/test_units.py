"""Written durations, sizes and addresses."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchdog.config.model import Address
from watchdog.config.units import (
    format_duration,
    format_size,
    parse_address,
    parse_duration,
    parse_octal,
    parse_size,
)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("500ms", 0.5),
        ("5s", 5),
        ("2m", 120),
        ("1h", 3600),
        ("7d", 604800),
        ("5", 5),
        ("1.5 s", 1.5),
    ],
)
def test_durations_are_seconds(text: str, seconds: float) -> None:
    """Every unit means its number of seconds, and a bare number is seconds."""
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    ("text", "size"),
    [("512MB", 512 * 2**20), ("1kb", 1024), ("1.5G", 3 * 2**29), ("64KiB", 65536), ("7", 7)],
)
def test_sizes_are_powers_of_1024(text: str, size: int) -> None:
    """KB, MB and GB are powers of 1024, in any case, with or without the B or the iB."""
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "5 parsecs", "-5s", "1e3s", "nan", "inf", "٥s", "s", "5 5"])
def test_other_texts_are_no_duration_and_no_size(text: str) -> None:
    """What is no plain number with a known unit is refused."""
    for parse in (parse_duration, parse_size):
        with pytest.raises((ValueError, KeyError)):
            parse(text)


@given(st.integers(0, 10**12))
def test_a_duration_survives_its_own_text(milliseconds: int) -> None:
    """Every duration of whole milliseconds reads back as it was."""
    assert parse_duration(format_duration(milliseconds / 1000)) == milliseconds / 1000


def test_a_fraction_of_a_millisecond_is_not_rounded() -> None:
    """What is no whole number of milliseconds is shown in seconds."""
    assert format_duration(0.0005) == "0.0005s"
    assert format_duration(1.5004) == "1.5004s"


@given(st.integers(0, 2**62))
def test_a_size_survives_its_own_text(size: int) -> None:
    """Every size reads back as it was."""
    assert parse_size(format_size(size)) == size


@given(st.text(max_size=12))
def test_any_text_is_read_or_refused(text: str) -> None:
    """No text makes a parser fail in any other way than by saying that it is no value."""
    for parse in (parse_duration, parse_size, parse_octal, parse_address):
        try:
            parse(text)
        except (ValueError, KeyError):
            continue


@pytest.mark.parametrize(
    ("text", "address"),
    [("127.0.0.1:80", Address("127.0.0.1", 80)), ("[::1]:8080", Address("::1", 8080))],
)
def test_addresses_have_two_parts(text: str, address: Address) -> None:
    """A host and a port, the brackets of IPv6 taken off, and put back when shown."""
    assert parse_address(text) == address
    assert str(address) == text


@pytest.mark.parametrize("text", ["h", "h:", ":80", "h:0", "h:65536", "::1:80", "u@h:1", "h:1/x"])
def test_what_is_no_address(text: str) -> None:
    """A missing or impossible part is refused."""
    with pytest.raises(ValueError, match="no host:port"):
        parse_address(text)
