"""Reading one HTTP reply: bytes in, a verdict out. Pure, and never raises, whatever the bytes.

Import it only where an http probe runs: it brings h11.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import lru_cache
from typing import Any

import h11
import msgspec

from watchdog.probes.attempt import Verdict

LIMIT = 64 * 1024  # bytes of a reply that are looked at, its headers included
HEADER_LIMIT = 16 * 1024  # bytes until the end of the headers

_PROTOCOL = b"HTTP/"
_KEYS = ("reason", "status", "error", "detail")  # where a health body keeps its reason, best first


class CannotAsk(Exception):
    """The request cannot be written; the text says why and holds no header value."""


class Reply:
    """One reply, as far as it has been read."""

    def __init__(self, accepted: Collection[int] = ()) -> None:
        self._accepted = accepted
        self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=HEADER_LIMIT)
        self._head: h11.Response | None = None
        self._begin = b""
        self._body = bytearray()
        self._read = 0

    def request(self, host: str, path: str, headers: Mapping[str, str]) -> bytes:
        """The bytes to send first. CannotAsk if path or headers are no HTTP."""
        try:
            ask = _ask(host, path, tuple(headers.items()))
            return (self._http.send(ask) or b"") + (self._http.send(h11.EndOfMessage()) or b"")
        except (h11.LocalProtocolError, UnicodeError):
            # h11's own words would quote a header, and headers hold secrets.
            raise CannotAsk("the probe's URL or headers are not valid HTTP") from None

    def feed(self, data: bytes) -> Verdict | None:
        """Take the next bytes, none at the end of the stream. A verdict, or None: read on."""
        data = data[: LIMIT - self._read]
        self._read += len(data)
        if len(self._begin) < len(_PROTOCOL):
            self._begin += data[:80]
        if not _PROTOCOL.startswith(self._begin[: len(_PROTOCOL)]):
            return Verdict(False, f"the answer is not HTTP: {_shown(self._begin)}")
        try:
            self._http.receive_data(data)
            return self._advance(ended=not data)
        except h11.RemoteProtocolError as error:
            return Verdict(False, self._broken(error, ended=not data))

    def waiting(self) -> tuple[str, str]:
        """What is missing when the time runs out now, and what there is so far."""
        if self._head:
            return "no end of the body", f"it answered {self._status()}"
        return "no complete answer", f"it began with {_shown(self._begin)}"

    def _advance(self, ended: bool) -> Verdict | None:
        while (event := self._http.next_event()) not in (h11.NEED_DATA, h11.PAUSED):
            if isinstance(event, h11.Response):
                self._head = event
            elif isinstance(event, h11.Data):
                self._body += event.data
            elif isinstance(event, (h11.EndOfMessage, h11.ConnectionClosed)):
                return self._judge()
        return self._judge() if self._read >= LIMIT or ended else None

    def _judge(self) -> Verdict:
        if not self._head:
            return Verdict(False, "the answer has no end of its headers")
        code = self._head.status_code
        ok = code in self._accepted if self._accepted else 200 <= code <= 299
        text = reason_in(bytes(self._body))
        reason = f"{code}: {text}" if text else self._status()
        return Verdict(ok, reason, *note_in(bytes(self._body))) if ok else Verdict(ok, reason)

    def _status(self) -> str:
        assert self._head
        code, phrase = self._head.status_code, bytes(self._head.reason).decode("latin-1")
        if 300 <= code <= 399 and not self._accepted:
            return f"{code} {phrase} (redirects are not followed)"
        return f"{code} {phrase}".strip()

    def _broken(self, error: h11.RemoteProtocolError, ended: bool) -> str:
        if not self._begin:
            return "the connection was closed without an answer"
        if self._head:
            return f"{self._status()}, but the body is broken: {error}"
        if ended:
            return f"the connection was closed within the headers, after {_shown(self._begin)}"
        return f"the answer is not valid HTTP: {error}"


def reason_in(body: bytes) -> str:
    """The text under the first of the known keys, if the body is a JSON object; else empty."""
    found = _object_in(body)
    texts = (found.get(key) for key in _KEYS)
    return next((text for text in texts if isinstance(text, str) and text.strip()), "")


def note_in(body: bytes) -> tuple[str, bool]:
    """Why a program that is well has a `reason` all the same, and whether it is a rival."""
    found = _object_in(body)
    reason = found.get("reason")
    if not isinstance(reason, str) or not reason.strip():
        return "", False
    return reason, found.get("trouble") == "rival"


def _object_in(body: bytes) -> dict[str, Any]:
    """The JSON object that the body is; empty if it is something else."""
    if body.lstrip()[:1] != b"{":
        return {}
    try:
        found: dict[str, Any] = msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return {}
    return found


@lru_cache(maxsize=1024)  # the same again at every probe, and a third of h11's work
def _ask(host: str, path: str, headers: tuple[tuple[str, str], ...]) -> h11.Request:
    """The request; the config's headers replace ours of the same name, but one."""
    ours = {"host": host, "user-agent": "watchdog", "accept": "*/*"}
    given = {name.lower(): value for name, value in headers}
    named = {**ours, **given, "connection": "close"}
    return h11.Request(method="GET", target=path, headers=list(named.items()))


def _shown(data: bytes) -> str:
    """The beginning of foreign bytes, for a person."""
    return repr(data[:40].decode("latin-1"))
