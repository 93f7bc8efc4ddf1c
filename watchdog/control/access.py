"""Who may use the control API over TCP. (Over the unix socket, the file's mode says so.)

A web page in the user's own browser can send requests to loopback too. Without a password two
things keep it out: the Host must be this machine (a name that was rebound to 127.0.0.1 is not), and
a call must be declared as XML, which a browser does not send elsewhere without asking first.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

_LOOPBACK_NAMES = frozenset({"localhost", "ip6-localhost", "::1"})
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
        right_password = hmac.compare_digest(self._like(password), self.password.encode())
        return right_user and right_password and scheme.lower() == "basic"

    def _like(self, password: bytes) -> bytes:
        """The given password in the form in which ours is kept."""
        if not self.password.startswith(_SHA):
            return password
        import hashlib

        return f"{_SHA}{hashlib.sha1(password, usedforsecurity=False).hexdigest()}".encode()


class Door(Struct, frozen=True):
    """The listener that a request came through."""

    is_local: bool  # the unix socket: whoever may open the file may ask
    credentials: Credentials | None = None


LOCAL = Door(is_local=True)


def is_loopback(host: str) -> bool:
    """Whether the host is this machine itself, by name or number."""
    return host in _LOOPBACK_NAMES or _is_ipv4_loopback(host)


def comes_from_here(headers: Mapping[str, str]) -> bool:
    """Whether the request was meant for loopback, by its Host."""
    host = headers.get("host", "")
    name = host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]
    return is_loopback(name.lower())


def declares_xml(headers: Mapping[str, str]) -> bool:
    """Whether the body is declared as XML."""
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    return kind in ("text/xml", "application/xml")


def _is_ipv4_loopback(host: str) -> bool:
    parts = host.split(".")
    return parts[0] == "127" and len(parts) == 4 and all(part.isdecimal() for part in parts)
