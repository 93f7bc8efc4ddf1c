"""A call to the watchdog that started this bot: XML-RPC over its unix socket, and nothing more.

The bot knows two methods and two structs of the protocol; it shares no code with the other side.
"""

import socket
from http.client import HTTPConnection, HTTPException
from typing import Any
from xml.parsers.expat import ExpatError
from xmlrpc.client import Error, ServerProxy, Transport

PATIENCE = 3.0  # seconds for each call; a person waits for the answer
_UNIX = "unix://"


class Unanswered(Exception):
    """The watchdog gave no answer, or one that makes no sense; the text says why."""


class _Connection(HTTPConnection):
    """HTTP over a unix socket."""

    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=PATIENCE)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


class _UnixTransport(Transport):
    def __init__(self, path: str) -> None:
        super().__init__()
        self._path = path

    def make_connection(self, host: Any) -> HTTPConnection:
        return _Connection(self._path)


def ask_watchdog(url: str, program: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Its status, and the incidents of a program, newest first; raises `Unanswered`. Blocks."""
    if not url.startswith(_UNIX):
        raise Unanswered("only an address that begins with unix:// is understood")
    transport = _UnixTransport(url.removeprefix(_UNIX))
    try:
        with ServerProxy("http://localhost/RPC2", transport, allow_none=True) as server:
            status: Any = server.watchdog.status()
            incidents: Any = server.watchdog.incidents(program)
    except (OSError, HTTPException, Error, ExpatError) as error:
        raise Unanswered(str(error) or type(error).__name__) from None
    if not isinstance(status, dict) or not isinstance(incidents, list):
        raise Unanswered("its answer makes no sense")
    return status, incidents
