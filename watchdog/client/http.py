"""HTTP/1.1 as far as the control API speaks it: one connection, calls, and one stream.

Written out because the standard library's client takes 20 ms to load, as long as the rest of a
command does. The other end is always our own server.
"""

from __future__ import annotations

import errno
import socket
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import BinaryIO, TypeVar

from watchdog.client.address import Address
from watchdog.client.errors import Refused, Unreachable

T = TypeVar("T")

CONNECT_SECONDS = 5.0
_LONGEST_LINE = 16 * 1024
_BLOCK = 64 * 1024

_REASONS = {
    errno.ENOENT: "it is not running (there is no control socket)",
    errno.ECONNREFUSED: "it is not running any more (nobody listens)",
    errno.EACCES: "it belongs to another user",
    errno.EPERM: "it belongs to another user",
    errno.EAGAIN: "it does not answer: its queue is full",
}
_ABSENT = (errno.ENOENT, errno.ECONNREFUSED)

_WORDS = {
    401: "it asks for a user and a password: give --user NAME, and the password in"
    " WATCHDOG_PASSWORD, in a file (--password-file), or at the prompt",
    429: "too many wrong passwords came from here; wait some seconds",
}
"""What a person is told instead of the server's own words."""


class Connection:
    """A connection to the server. Every failure of it is `Unreachable`."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._socket = self._guarded(lambda: _connect(address))
        self._input: BinaryIO = self._socket.makefile("rb")

    def post(self, path: str, body: bytes, seconds: float | None) -> bytes:
        """The body of the answer, if it comes within `seconds` (None: whenever it comes)."""
        head = f"Content-Type: text/xml\r\nContent-Length: {len(body)}\r\n"
        return self._guarded(lambda: self._exchange(f"POST {path}", head, body, seconds))

    def open_stream(self, path: str) -> Iterator[bytes]:
        """What the server sends, as it comes, until it ends. A refusal is told at once."""
        self._guarded(lambda: self._open_stream(path))
        return self._read_chunks()

    def _read_chunks(self) -> Iterator[bytes]:
        while chunk := self._guarded(self._read_chunk):
            yield chunk

    def wait_until_closed(self) -> None:
        """Return once the server hangs up."""
        self._socket.settimeout(None)
        try:
            while self._input.read(_BLOCK):
                pass
        except OSError:
            pass  # it broke: that is an end, too

    def interrupt(self) -> None:
        """Have whoever reads, in another thread, read the end."""
        with suppress(OSError):  # it is closed already
            self._socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Hang up."""
        self._input.close()
        self._socket.close()

    def _exchange(self, request: str, head: str, body: bytes, seconds: float | None) -> bytes:
        self._socket.settimeout(seconds)
        self._socket.sendall(self._head(request, head) + body)
        status, headers = self._read_head()
        answer = self._read_exactly(int(headers.get("content-length", "0")))
        if status != 200:
            raise _refusal(status, answer)
        return answer

    def _open_stream(self, path: str) -> None:
        self._socket.settimeout(CONNECT_SECONDS)
        self._socket.sendall(self._head(f"GET {path}", ""))
        status, headers = self._read_head()
        if status != 200:
            raise _refusal(status, self._read_exactly(int(headers.get("content-length", "0"))))
        self._socket.settimeout(None)

    def _head(self, request: str, head: str) -> bytes:
        host = "localhost" if self._address.path else f"{self._address.host}:{self._address.port}"
        text = f"{request} HTTP/1.1\r\nHost: {host}\r\n{self._authorization()}{head}\r\n"
        return text.encode("latin-1")

    def _authorization(self) -> str:
        if not self._address.user:
            return ""
        import binascii

        login = f"{self._address.user}:{self._address.password}".encode()
        return f"Authorization: Basic {binascii.b2a_base64(login, newline=False).decode()}\r\n"

    def _read_head(self) -> tuple[int, dict[str, str]]:
        words = self._read_line().split(" ", 2)
        headers: dict[str, str] = {}
        while line := self._read_line():
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        if len(words) < 2 or not words[0].startswith("HTTP/1."):
            raise ValueError("no HTTP")
        return int(words[1]), headers

    def _read_chunk(self) -> bytes:
        size = int(self._read_line(), 16)
        data = self._read_exactly(size)
        self._read_line()
        return data

    def _read_line(self) -> str:
        line = self._input.readline(_LONGEST_LINE)
        if not line.endswith(b"\n"):
            raise EOFError
        return line.rstrip(b"\r\n").decode("latin-1")

    def _read_exactly(self, count: int) -> bytes:
        data = self._input.read(count)
        if len(data) < count:
            raise EOFError
        return data

    def _guarded(self, do: Callable[[], T]) -> T:
        try:
            return do()
        except TimeoutError:
            raise self._unreachable("it does not answer; it may be stopped or stuck") from None
        except EOFError:
            raise self._unreachable("it hung up") from None
        except ValueError:
            raise self._unreachable("what answers there is no watchdog") from None
        except OSError as error:
            raise self._unreachable(_explain(error), error.errno in _ABSENT) from None

    def _unreachable(self, why: str, absent: bool = False) -> Unreachable:
        return Unreachable(str(self._address), why, absent)


def _connect(address: Address) -> socket.socket:
    if not address.path:
        plain = socket.create_connection((address.host, address.port), CONNECT_SECONDS)
        return _secure(plain, address.host) if address.secure else plain
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(CONNECT_SECONDS)
    try:
        connection.connect(address.path)
    except OSError:
        connection.close()
        raise
    return connection


def _secure(plain: socket.socket, host: str) -> socket.socket:
    import ssl  # only for a proxy with TLS: 20 ms

    return ssl.create_default_context().wrap_socket(plain, server_hostname=host)


def _explain(error: OSError) -> str:
    known = _REASONS.get(error.errno or 0)
    return known or error.strerror or str(error)


def _refusal(status: int, body: bytes) -> Refused:
    text = body.decode(errors="replace").strip()
    return Refused(status, _WORDS.get(status, text) or f"HTTP status {status}")
