"""The http probe: one GET over a connection of its own, no TLS, no redirects, no proxy.

What the bytes mean is `reply.py`'s business.
"""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING

from watchdog.probes.attempt import Attempt, ProbeTarget, Verdict
from watchdog.probes.connect import CannotConnect, connect, explain
from watchdog.probes.names import split

if TYPE_CHECKING:
    from watchdog.probes.reply import Reply

CHUNK = 16 * 1024  # bytes read at once


def split_url(url: str) -> tuple[str, str]:
    """The address (host:port) and the request target of an http:// URL; ValueError otherwise."""
    scheme, _, rest = url.partition("://")
    if scheme.lower() != "http":
        raise ValueError("only http:// can be probed")
    rest = rest.partition("#")[0]
    end = min(i for i in (rest.find("/"), rest.find("?"), len(rest)) if i >= 0)
    host, path = rest[:end], rest[end:]
    if "@" in host:
        raise ValueError("a probe's URL holds no user name; put credentials into its headers")
    ported = host if ":" in host.rpartition("]")[2] else f"{host}:80"
    return ported, path if path.startswith("/") else f"/{path}"


async def check(target: ProbeTarget, attempt: Attempt) -> Verdict:
    """Ask, and judge by the status; the reason is the body's, where it has one."""
    # h11 takes 20 ms to import and is needed by nobody who probes in another way.
    from watchdog.probes.reply import CannotAsk, Reply

    try:
        address, path = split_url(target.url)
        host, port = split(address)
        reply = Reply(target.status)
        request = reply.request(address, path, target.headers)
        attempt.waiting = f"no connection to {address}"
        connection = await connect(host, port, attempt.resolver, address)
    except (ValueError, CannotAsk, CannotConnect) as error:
        return Verdict(False, str(error))
    with connection:
        try:
            return await _converse(connection, request, reply, attempt)
        except OSError as error:
            return Verdict(False, explain(error, address))


async def _converse(
    connection: socket.socket, request: bytes, reply: Reply, attempt: Attempt
) -> Verdict:
    loop = asyncio.get_running_loop()
    attempt.waiting = "no answer"
    await loop.sock_sendall(connection, request)
    while not (verdict := reply.feed(await loop.sock_recv(connection, CHUNK))):
        attempt.waiting, attempt.detail = reply.waiting()
        await asyncio.sleep(0)  # an endless body must not keep the loop from the others
    return verdict
