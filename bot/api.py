"""One call of the Bot API without the library, for short commands and for other programs.

It costs no import worth the name, polls nothing, and so never conflicts with the bot. What became
of a call is told as exactly as can be known: a call that did not reach the server may be repeated,
one whose answer got lost may not.
"""

import json
import socket
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from bot.redaction import redact

_LIMIT = 1024 * 1024  # bytes of an answer


class ApiError(Exception):
    """A call that failed; the text has no secret in it."""


class NotSent(ApiError):
    """The server has surely not got it: trying again is safe."""


class Unknown(ApiError):
    """It was sent, and there was no answer: it may have been done."""


class Refused(ApiError):
    """The server has said no. `retry_after` is in seconds, None if it did not ask for patience."""

    def __init__(self, status: int, text: str, retry_after: float | None = None) -> None:
        super().__init__(f"{text} ({status})")
        self.status = status
        self.retry_after = retry_after


class Api:
    """The calls of one bot, each on a connection of its own."""

    def __init__(self, root: str, token: str, seconds: float = 10.0) -> None:
        self._parts = urlsplit(root)
        self._token, self._seconds = token, seconds

    def call(self, method: str, parameters: Mapping[str, Any] | None = None) -> Any:
        """The result of a call; raises an `ApiError`."""
        # Imported here: it brings TLS and e-mail with it, and most who import this never call.
        from http.client import HTTPConnection, HTTPException, HTTPSConnection

        kind = HTTPSConnection if self._parts.scheme == "https" else HTTPConnection
        host, port = self._parts.hostname or "", self._parts.port
        connection = kind(host, port, timeout=self._seconds)
        try:
            self._connect(connection)
            self._send(connection, method, parameters or {})
            try:
                answer = connection.getresponse()
                return _read(answer.status, answer.read(_LIMIT))
            except (OSError, HTTPException) as error:
                raise Unknown(f"{host} got it, but gave no answer: {_why(error)}") from None
        finally:
            connection.close()

    def _connect(self, connection: Any) -> None:
        try:
            connection.connect()
        except OSError as error:
            where = self._parts.netloc.rpartition("@")[2]
            raise NotSent(f"{where} cannot be reached: {_why(error)}") from None

    def _send(self, connection: Any, method: str, parameters: Mapping[str, Any]) -> None:
        """In one piece: a server that did not get all of it does nothing."""
        path = f"{self._parts.path.rstrip('/')}/bot{self._token}/{method}"
        body = json.dumps(parameters).encode(errors="replace")
        try:
            connection.request("POST", path, body, {"Content-Type": "application/json"})
        except OSError as error:
            raise NotSent(f"the connection broke: {_why(error)}") from None


def _read(status: int, body: bytes) -> Any:
    try:
        answer = json.loads(body)
        if answer["ok"] is True:
            return answer["result"]
        parameters = answer.get("parameters") or {}
        after = parameters.get("retry_after")
        text = redact(str(answer.get("description")))[:300]
        refusal = Refused(
            int(answer.get("error_code", status)), text, None if after is None else float(after)
        )
    except (ValueError, LookupError, TypeError, AttributeError):
        raise Unknown(f"HTTP {status}, and no answer of a Bot API server") from None
    if refusal.status >= 500:
        raise Unknown(str(refusal))
    raise refusal


def _why(error: Exception) -> str:
    """The system's own words; of anything else only its kind, for its text may be anything."""
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, socket.gaierror):
        return "its name is not known"
    return (isinstance(error, OSError) and error.strerror) or type(error).__name__


def patiently(call: Any, seconds: float, tries: int = 8) -> Any:
    """What `call()` returns, tried again where that is safe, until `seconds` have passed.

    A server's wish for patience is granted if there is time for it. Raises the last `ApiError`.
    """
    deadline = time.monotonic() + seconds
    for attempt in range(tries):
        try:
            return call()
        except (NotSent, Refused) as error:
            pause = _pause(error, attempt)
            if pause is None or attempt == tries - 1 or time.monotonic() + pause > deadline:
                raise
        time.sleep(pause)
    raise AssertionError("the last try either returns or raises")


def _pause(error: ApiError, attempt: int) -> float | None:
    """Seconds until the next try; None where there is no use in one."""
    if isinstance(error, Refused):
        after = error.retry_after
        return None if after is None else max(0.0, after) + 0.1
    return float(min(0.5 * 2**attempt, 8.0))
