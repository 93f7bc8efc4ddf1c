"""Tells a supervisor how the bot is, in systemd's notify protocol, if one is listening.

One datagram per message to the unix socket named in NOTIFY_SOCKET. `WATCHDOG=1` is only ever sent
while the verdict is well, so a supervisor that hears nothing knows as much as one that asks.
"""

import logging
import os
import socket
from collections.abc import Mapping
from contextlib import suppress

# Absent on Windows, where no supervisor sets NOTIFY_SOCKET either.
UNIX: int | None = getattr(socket, "AF_UNIX", None)

_log = logging.getLogger("bot.notify")


class Notifier:
    """A client of NOTIFY_SOCKET; every method does nothing when there is none."""

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        self._address = _address(environ.get("NOTIFY_SOCKET", ""))
        self.interval = _interval(environ) if self._address else None
        self._status: str | None = None
        self._failed = False

    def ready(self, status: str) -> None:
        """The bot serves."""
        self._send(f"READY=1\nSTATUS={_line(status)}")

    def alive(self) -> None:
        """The bot is well at this moment."""
        self._send("WATCHDOG=1")

    def status(self, status: str) -> None:
        """A sentence for people, sent only when it changes."""
        if status != self._status:
            self._status = status
            self._send(f"STATUS={_line(status)}")

    def stopping(self, status: str) -> None:
        """The bot is on its way out."""
        self._send(f"STOPPING=1\nSTATUS={_line(status)}")

    def _send(self, message: str) -> None:
        if self._address is None or UNIX is None:
            return
        try:
            with socket.socket(UNIX, socket.SOCK_DGRAM) as client:
                client.setblocking(False)
                client.sendto(message.encode(), self._address)
        except OSError as error:
            self._complain(error)

    def _complain(self, error: OSError) -> None:
        """Once: a supervisor that has gone away must not fill the log."""
        if not self._failed:
            self._failed = True
            _log.warning("NOTIFY_SOCKET does not take messages: %s", error.strerror or error)


def _address(name: str) -> bytes | None:
    """The socket's address: `@` stands for the leading NUL of the abstract namespace."""
    if name.startswith("@"):
        return b"\0" + os.fsencode(name[1:])
    return os.fsencode(name) if name.startswith("/") else None


def _interval(environ: Mapping[str, str]) -> float | None:
    """Half of WATCHDOG_USEC in seconds, unless that was meant for another process."""
    if environ.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return None
    with suppress(ValueError):
        if (microseconds := int(environ.get("WATCHDOG_USEC", ""))) > 0:
            return microseconds / 2_000_000
    return None


def _line(text: str) -> str:
    return " ".join(text.split())[:300]
