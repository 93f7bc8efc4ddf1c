"""What a datagram of systemd's notify protocol says. Pure, and never raises, whatever the bytes.

The protocol: lines of KEY=VALUE, as sd_notify(3) of systemd describes them. Keys that mean nothing
to a supervisor of one program (MAINPID, FDSTORE, BARRIER, ERRNO, ...) are passed over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from watchdog.core.events import Notified
from watchdog.probes.text import keep_as_is, one_line

LIMIT = 4096  # bytes; systemd, too, drops longer datagrams
HANGS = "the program says that it hangs (WATCHDOG=trigger)"

_MICROSECONDS = 20  # digits of the largest 64-bit number


def parse(
    datagram: bytes, incarnation: int, redact: Callable[[str], str] = keep_as_is
) -> Notified | None:
    """The event that the datagram is, or None if it says nothing that matters here."""
    said = dict(_assignments(datagram[:LIMIT]))
    event = Notified(
        incarnation,
        ready=said.get(b"READY") == b"1",
        reloading=said.get(b"RELOADING") == b"1",
        beat=said.get(b"WATCHDOG") == b"1",
        stopping=said.get(b"STOPPING") == b"1",
        unwell=HANGS if said.get(b"WATCHDOG") == b"trigger" else "",
        extend=_seconds(said.get(b"EXTEND_TIMEOUT_USEC", b"")),
        status=_text(said.get(b"STATUS"), redact),
    )
    return event if event != Notified(incarnation) else None


def _assignments(datagram: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The assignments in their order, so that the last of a key wins."""
    for line in datagram.rstrip(b"\0").split(b"\n"):
        key, equals, value = line.partition(b"=")
        if key and equals:
            yield key, value


def _seconds(value: bytes) -> float:
    """Microseconds in ASCII digits; anything else is no time at all."""
    if not value.isdigit() or len(value) > _MICROSECONDS:
        return 0.0
    return int(value) / 1e6


def _text(value: bytes | None, redact: Callable[[str], str]) -> str | None:
    return None if value is None else one_line(redact(value.decode(errors="replace")))
