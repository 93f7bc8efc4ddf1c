"""Where a watchdog is: a unix socket, or a host and port with user and password. Pure."""

from __future__ import annotations

from typing import NamedTuple

from watchdog.client.errors import Unreachable

_FORMS = "a path, unix:///path, http://host:port, or https://host[:port] (a proxy with TLS)"
_HTTPS = 443


class Address(NamedTuple):
    """`path` is empty for TCP."""

    path: str = ""
    host: str = ""
    port: int = 0
    user: str = ""
    password: str = ""
    secure: bool = False  # TLS, which a proxy before the watchdog speaks

    def __str__(self) -> str:
        """As a person would write it, without the password."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return self.path or f"http{'s' * self.secure}://{host}:{self.port}"

    def __repr__(self) -> str:
        return f"Address({self})"


def parse(text: str) -> Address:
    """The address that the text means; `Unreachable` if it means none."""
    scheme, separator, rest = text.partition("://")
    if not separator:
        return Address(path=text)
    if scheme == "unix" and rest:
        return Address(path=rest)
    if scheme in ("http", "https"):
        return _parse_http(rest, secure=scheme == "https")
    raise Unreachable("", f"found the address {scheme}://...; allowed: {_FORMS}")


def _parse_http(rest: str, secure: bool) -> Address:
    login, _, place = rest.partition("/")[0].rpartition("@")
    host, port = _split(place, _HTTPS if secure else None)
    if not (host and port.isdecimal() and 0 < int(port) < 65536):
        raise Unreachable("", f"found an http address without host and port; allowed: {_FORMS}")
    user, _, password = login.partition(":")
    return Address("", host, int(port), user, password, secure)


def _split(place: str, default: int | None) -> tuple[str, str]:
    """Host and port; the host of IPv6 stands in brackets, the port may be left out if known."""
    host, colon, port = place.rpartition(":")
    if default is not None and (not colon or place.endswith("]")):
        host, port = place, str(default)
    return host.removeprefix("[").removesuffix("]"), port
