"""Where a watchdog is: a unix socket, or a host and port with user and password. Pure."""

from __future__ import annotations

from typing import NamedTuple

from watchdog.client.errors import Unreachable

_FORMS = "a path, unix:///path, or http://[user:password@]host:port"


class Address(NamedTuple):
    """`path` is empty for TCP."""

    path: str = ""
    host: str = ""
    port: int = 0
    user: str = ""
    password: str = ""

    def __str__(self) -> str:
        """As a person would write it, without the password."""
        return self.path or f"http://{self.host}:{self.port}"

    def __repr__(self) -> str:
        return f"Address({self})"


def parse(text: str) -> Address:
    """The address that the text means; `Unreachable` if it means none."""
    scheme, separator, rest = text.partition("://")
    if not separator:
        return Address(path=text)
    if scheme == "unix" and rest:
        return Address(path=rest)
    if scheme == "http":
        return _parse_http(rest)
    raise Unreachable("", f"found the address {scheme}://...; allowed: {_FORMS}")


def _parse_http(rest: str) -> Address:
    login, _, place = rest.partition("/")[0].rpartition("@")
    host, _, port = place.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not (host and port.isdecimal() and 0 < int(port) < 65536):
        raise Unreachable("", f"found an http address without host and port; allowed: {_FORMS}")
    user, _, password = login.partition(":")
    return Address("", host, int(port), user, password)
