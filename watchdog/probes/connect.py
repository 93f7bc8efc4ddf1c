"""Connecting to the first address of a host that accepts, and saying plainly why none did.

Bare sockets on the event loop rather than transports: a thousand programs probed every second
should not be felt.
"""

from __future__ import annotations

import asyncio
import errno
import os
import socket

from watchdog.probes.names import Resolver


class CannotConnect(Exception):
    """There is no connection; the text is a reason fit to be shown."""


async def connect(host: str, port: int, resolver: Resolver, shown: str) -> socket.socket:
    """A non-blocking socket connected to the host. CannotConnect says why there is none."""
    failure: Exception = OSError(f"no address for {shown}")
    try:
        for ip in await resolver.resolve(host):
            try:
                return await _connect_one(ip, port)
            except OSError as error:
                failure = error
    except (OSError, OverflowError) as error:
        failure = error
    raise CannotConnect(explain(failure, shown)) from None


async def _connect_one(ip: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in ip else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setblocking(False)
        await asyncio.get_running_loop().sock_connect(sock, (ip, port))
        _refuse_itself(sock)
    except BaseException:  # a cancelled probe, too, must not leave its socket behind
        sock.close()
        raise
    return sock


def _refuse_itself(sock: socket.socket) -> None:
    # A port in the ephemeral range that nobody listens on can be handed out by the kernel as our
    # own source port, and TCP then connects the socket to itself. That is not the program, and
    # while it lasts it takes the port from it.
    if sock.getsockname() == sock.getpeername():
        raise ConnectionRefusedError(errno.ECONNREFUSED, "connected to itself")


def explain(error: Exception, shown: str) -> str:
    """What went wrong with a connection, in words."""
    number = error.errno if isinstance(error, OSError) else None
    if number is None or number <= 0:
        return str(error)
    if number in (errno.EMFILE, errno.ENFILE):
        return "the watchdog itself has too many files open to probe"
    words = os.strerror(number)
    return f"{words[:1].lower()}{words[1:]} at {shown}"
