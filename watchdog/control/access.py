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

_SHA = "{SHA}"  # supervisor's mark of a password given as the hexadecimal SHA-1


class Credentials(Struct, frozen=True):
    """The user and password of HTTP's basic authentication. The repr shows neither."""

    user: str
    password: str

    def __repr__(self) -> str:
        return "Credentials(***)"

    def match(self, authorization: str) -> bool:
        """Whether the header carries them; compared in constant time."""
        import binascii
        import hmac

        scheme, _, encoded = authorization.partition(" ")
        try:
            given = binascii.a2b_base64(encoded.strip(), strict_mode=True)
        except ValueError:
            return False
        user, _, password = given.partition(b":")
        right_user = hmac.compare_digest(user, self.user.encode())
        right_password = hmac.compare_digest(self._like(password), self._kept())
        return right_user and right_password and scheme.lower() == "basic"

    def _like(self, password: bytes) -> bytes:
        """The given password in the form in which ours is kept."""
        if not self.password.startswith(_SHA):
            return password
        import hashlib

        return f"{_SHA}{hashlib.sha1(password, usedforsecurity=False).hexdigest()}".encode()

    def _kept(self) -> bytes:
        """Ours, its digest in the case in which we compute one."""
        own = self.password
        return (_SHA + own.removeprefix(_SHA).lower() if own.startswith(_SHA) else own).encode()


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


def comes_from_elsewhere(headers: Mapping[str, str]) -> bool:
    """Whether a page of another origin had a browser send it. Other clients send no Origin."""
    origin = headers.get("origin")
    if origin is None:
        return False
    return origin.partition("://")[2].lower() != headers.get("host", "").lower()


def declares_xml(headers: Mapping[str, str]) -> bool:
    """Whether the body is declared as XML."""
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    return kind in ("text/xml", "application/xml")


def _host_of(place: str) -> str:
    """The host of `host:port`, an IPv6 one without its brackets."""
    return place[1:].partition("]")[0] if place.startswith("[") else place.partition(":")[0]
