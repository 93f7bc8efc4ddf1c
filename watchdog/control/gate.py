"""Who gets past a listener: the password, what a browser must not do, and guessing at speed.

`/healthz` is for everybody, and tells nothing but whether we are here. The unix socket never makes
anybody wait: who may open it is its owner, and must not be shut out by what happens over TCP.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable

from watchdog.control.access import Door, comes_from_elsewhere, declares_xml, is_meant_for_us
from watchdog.control.http import Reply, Request, plain
from watchdog.control.throttle import Throttle

_CHALLENGE = ("WWW-Authenticate", 'Basic realm="watchdog"')


class Gate:
    """The gate of one door."""

    def __init__(self, door: Door, now: Callable[[], float] = time.monotonic) -> None:
        self._door = door
        self._now = now
        self._throttle = Throttle()

    def stop(self, request: Request) -> Reply | None:
        """Nothing if the request may pass, else the reply that says why not."""
        if not self._door.is_local and comes_from_elsewhere(request.headers):
            return plain(403, "The Origin of the request is another than its Host")
        if self._door.metrics_public and request.target.partition("?")[0] == "/metrics":
            return None
        if self._door.credentials is not None:
            return self._check_password(request)
        return None if self._door.is_local else _check_visitor(request)

    def _check_password(self, request: Request) -> Reply | None:
        given, credentials = request.headers.get("authorization", ""), self._door.credentials
        if not given or credentials is None:
            return _challenge()
        if wait := self._wait(request.peer):
            again = ("Retry-After", str(math.ceil(wait)))
            return Reply(429, b"Too many wrong passwords; try again later\n", headers=(again,))
        if credentials.match(given):
            return None
        self._throttle.note_wrong(request.peer, self._now())
        return _challenge()

    def _wait(self, peer: str) -> float:
        return 0.0 if self._door.is_local else self._throttle.wait_of(peer, self._now())


def _challenge() -> Reply:
    return Reply(401, b"Unauthorized\n", headers=(_CHALLENGE,))


def _check_visitor(request: Request) -> Reply | None:
    """Over TCP without a password: no page that a browser shows may reach us."""
    if not is_meant_for_us(request.headers):
        return plain(403, "The Host of the request is not this machine's loopback")
    if request.method == "POST" and not declares_xml(request.headers):
        return plain(415, "A call has the Content-Type text/xml")
    return None
