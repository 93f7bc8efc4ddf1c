"""HTTP's basic authentication as the server checks it, and where a browser says it comes from.

Kept apart from the control server because the browser's view asks the same.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

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


def comes_from_elsewhere(headers: Mapping[str, str]) -> bool:
    """Whether a page of another origin had a browser send it. Other clients send no Origin."""
    origin = headers.get("origin")
    if origin is None:
        return False
    return origin.partition("://")[2].lower() != headers.get("host", "").lower()
