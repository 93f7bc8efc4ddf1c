"""Who may use the control API. (Over the unix socket, the file's mode says so first.)

A web page in the user's own browser can send requests to loopback, too, and to wherever its user
is logged in. What keeps it out: a call whose Origin is another one is refused; and without a
password the Host must be this machine (a name that was rebound to 127.0.0.1 is not), and a call
must be declared as XML, which a browser does not send elsewhere without asking first.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from watchdog.config.loopback import is_loopback
from watchdog.wire.login import Credentials, comes_from_elsewhere

__all__ = [
    "OPEN",
    "Access",
    "Credentials",
    "Door",
    "comes_from_elsewhere",
    "declares_xml",
    "is_meant_for_us",
]


class Door(Struct, frozen=True):
    """The listener that a request came through."""

    is_local: bool  # the unix socket: whoever may open the file may ask
    credentials: Credentials | None = None
    metrics_public: bool = False  # /metrics is for everybody


class Access(Struct, frozen=True):
    """Who may use which listener; None is without a password."""

    http: Credentials | None = None
    socket: Credentials | None = None
    metrics_public: bool = False


OPEN = Access()


def is_meant_for_us(headers: Mapping[str, str]) -> bool:
    """Whether the request was meant for loopback, by its Host."""
    return is_loopback(_host_of(headers.get("host", "")))


def declares_xml(headers: Mapping[str, str]) -> bool:
    """Whether the body is declared as XML."""
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    return kind in ("text/xml", "application/xml")


def _host_of(place: str) -> str:
    """The host of `host:port`, an IPv6 one without its brackets."""
    return place[1:].partition("]")[0] if place.startswith("[") else place.partition(":")[0]
