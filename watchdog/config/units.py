"""Durations, sizes, addresses and other written values, and back again.

Durations are seconds, sizes are bytes. KB, MB and GB are powers of 1024, as supervisor's
`logfile_maxbytes` has them. Every function raises `ValueError` for a text it does not understand.
"""

from __future__ import annotations

import re

from watchdog.config.model import Address

_NUMBER = re.compile(r"\s*(\d{1,19}(?:\.\d{1,18})?)\s*([A-Za-z]*)\s*", re.ASCII)
_SECONDS = {"ms": 0.001, "s": 1.0, "": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_BYTES = {"B": 1, "": 1, "K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40}
_DIGITS = re.compile(r"-?[0-9]{1,18}")
_OCTAL = re.compile(r"(?:0o)?([0-7]{1,4})")
_ADDRESS = re.compile(r"(?:\[([0-9A-Fa-f:.%]+)\]|([^\s:/\[\]@]+)):([0-9]{1,5})")


def parse_duration(text: str) -> float:
    """Seconds: "500ms", "5s", "2m", "1h", "7d", or a bare number of seconds."""
    number, unit = _split(text)
    # a division for milliseconds, so that "300ms" is exactly 0.3
    return float(number) / 1000 if unit == "ms" else float(number) * _SECONDS[unit]


def format_duration(seconds: float) -> str:
    """The shortest text that `parse_duration` reads as this time (to a nanosecond)."""
    for unit in ("d", "h", "m"):
        if seconds >= _SECONDS[unit] and seconds % _SECONDS[unit] == 0:
            return f"{seconds / _SECONDS[unit]:.0f}{unit}"
    milliseconds = round(seconds * 1000)
    if seconds % 1 and milliseconds / 1000 == seconds:
        return f"{milliseconds}ms"
    text = f"{seconds:.9f}".rstrip("0").rstrip(".")
    return f"{text}s"


def parse_size(text: str) -> int:
    """Bytes: "512MB", "1.5G", "64KiB", or a bare number of bytes."""
    number, unit = _split(text)
    prefix = re.sub(r"(?<=[KMGT])I?B$", "", unit.upper())
    if "." not in number:
        return int(number) * _BYTES[prefix]
    return round(float(number) * _BYTES[prefix])


def format_size(size: int) -> str:
    """The shortest text that `parse_size` reads as this size."""
    for prefix in ("T", "G", "M", "K"):
        if size and size % _BYTES[prefix] == 0:
            return f"{size // _BYTES[prefix]}{prefix}B"
    return f"{size}B"


def _split(text: str) -> tuple[str, str]:
    match = _NUMBER.fullmatch(text)
    if not match:
        raise ValueError("no number with a unit")
    return match[1], match[2]


def parse_integer(text: str) -> int:
    """A whole number in digits."""
    if not _DIGITS.fullmatch(text):
        raise ValueError("no whole number")
    return int(text)


def parse_octal(text: str) -> int:
    """A file mode or mask in octal digits, as chmod and umask take it."""
    match = _OCTAL.fullmatch(text)
    if not match:
        raise ValueError("no octal digits")
    return int(match[1], 8)


def parse_address(text: str) -> Address:
    """`host:port`, with an IPv6 host in brackets."""
    match = _ADDRESS.fullmatch(text)
    if not match or not 0 < int(match[3]) < 65536:
        raise ValueError("no host:port")
    return Address(match[1] or match[2], int(match[3]))
