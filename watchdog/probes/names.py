"""From the host in a config to the addresses to try.

Numeric addresses and localhost, which is nearly every probe, need no look-up and no thread. Any
other name is looked up in a short-lived daemon thread of its own rather than in asyncio's pool: a
name server that hangs would fill that pool, and asyncio joins it when the watchdog wants to end.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading

LOCALHOST = ("127.0.0.1", "::1")

Lookup = asyncio.Future[tuple[str, ...]]


def split(address: str) -> tuple[str, int]:
    """Host and port of host:port or [IPv6]:port; ValueError says what is wrong."""
    host, colon, port = address.rpartition(":")
    if not colon or not (port.isascii() and port.isdigit()) or not 0 < int(port[:6]) < 65536:
        raise ValueError(f"{address} has no port; write host:port")
    if host.startswith("[") and host.endswith("]"):
        return host[1:-1], int(port)
    if not host or ":" in host:
        raise ValueError(f"{address} is no host:port; an IPv6 address goes in brackets")
    return host, int(port)


def known(host: str) -> tuple[str, ...]:
    """The addresses of a host that can be told without asking anybody; else none."""
    if host.lower() in ("localhost", "localhost."):
        return LOCALHOST
    for family in (socket.AF_INET, socket.AF_INET6):
        with contextlib.suppress(OSError, ValueError):
            socket.inet_pton(family, host)
            return (host,)
    return ()


class Resolver:
    """Looks names up, at most once at a time each, however many probes wait for one."""

    def __init__(self) -> None:
        self._asked: dict[str, Lookup] = {}

    async def resolve(self, host: str) -> tuple[str, ...]:
        """The addresses of the host, in the order to try; OSError if there is none."""
        # The shield: one probe that gives up must not take the answer from the others.
        return known(host) or await asyncio.shield(self._ask(host))

    def _ask(self, host: str) -> Lookup:
        if host not in self._asked:
            answer: Lookup = asyncio.get_running_loop().create_future()
            self._asked[host] = answer
            answer.add_done_callback(lambda done: self._forget(host, done))
            threading.Thread(target=_look_up, args=(host, answer), daemon=True).start()
        return self._asked[host]

    def _forget(self, host: str, answer: Lookup) -> None:
        del self._asked[host]
        answer.exception()  # looked at, so that asyncio does not complain if nobody waits any more


def _look_up(host: str, answer: Lookup) -> None:
    """In a thread: ask the system, and hand the answer to the loop if that still exists."""
    found: tuple[str, ...] | OSError
    try:
        infos = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
        found = tuple(dict.fromkeys(str(info[4][0]) for info in infos))
    except (OSError, UnicodeError):
        found = OSError(f"the host name {host} is not known")
    with contextlib.suppress(RuntimeError):
        answer.get_loop().call_soon_threadsafe(_settle, answer, found)


def _settle(answer: Lookup, found: tuple[str, ...] | OSError) -> None:
    if isinstance(found, OSError):
        answer.set_exception(found)
    else:
        answer.set_result(found)
