"""What the panic command is told; it is off until its secret, its users and its action are set."""

import binascii
from base64 import b32decode
from dataclasses import dataclass, field

from bot.environment import Reader
from bot.panic.action import Action, BadAction, find_action

LEAST_BYTES = 14  # 112 bits: NIST SP 800-63B-4, and pyotp takes no less
_SECRET = (
    "base32 of 112 bits (23 characters) or more: `python -m bot otp-setup` makes one, for here and "
    "for the app; unset, the bot runs without the panic command"
)
_EXAMPLE = "JBSWY3DPEHPK3PXP"  # in so many guides that anybody could make codes with it
_ACTION = "a command, an http(s) URL to POST to, or module:function"


@dataclass(frozen=True)
class PanicSettings:
    """Who may, with which secret, what is done, and how long that may take."""

    otp_secret: str = field(default="", repr=False)
    authorized_users: frozenset[int] = frozenset()
    action: Action | None = None
    action_text: str = field(default="", repr=False)  # a URL may hold a secret of its own
    timeout_seconds: float = 60.0

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must not be in any log."""
        return (self.otp_secret, self.action_text if "://" in self.action_text else "")

    @property
    def missing(self) -> str | None:
        """What to set, if anything."""
        parts = {
            "PANIC_OTP_SECRET": self.otp_secret,
            "PANIC_AUTHORIZED_USERS": self.authorized_users,
            "PANIC_ACTION": self.action,
        }
        unset = [name for name, value in parts.items() if not value]
        return f"set {', '.join(unset)}" if unset else None


def read_panic(reader: Reader) -> PanicSettings:
    """The panic command's part of the settings."""
    return PanicSettings(
        otp_secret=_read_secret(reader),
        authorized_users=reader.users(
            "PANIC_AUTHORIZED_USERS", "Who may use /panic_close_all, with a code."
        ),
        action=_read_action(reader),
        action_text=_find_text(reader),
        timeout_seconds=reader.seconds(
            "PANIC_TIMEOUT_SECONDS", 60.0, 0.1, "How long the action may take.", 3600.0
        ),
    )


def _read_secret(reader: Reader) -> str:
    name = "PANIC_OTP_SECRET"
    about = "The secret that the authenticator app has, too."
    reader.know(name, allowed=_SECRET, about=about, secret=True)
    found = reader.find(name)
    if found is None:
        return ""
    secret = normalize(found[1])
    if is_secret(secret):
        return secret
    reader.complain(name, found[2], f"*** ({_describe_unfit(secret)})", _SECRET)
    return ""


def _describe_unfit(secret: str) -> str:
    """What is wrong with it, without a letter of it."""
    if secret == _EXAMPLE:
        return f"{len(secret)} characters, the example that many guides print"
    size = _decoded_size(secret)
    return f"{len(secret)} characters, " + ("no base32" if size is None else f"{size * 8} bits")


def normalize(secret: str) -> str:
    """As pyotp wants it: apps show it in small letters and groups of four."""
    return "".join(secret.split()).replace("-", "").upper().rstrip("=")


def is_secret(secret: str) -> bool:
    """Whether a normalized secret is base32 and long enough."""
    size = _decoded_size(secret)
    return size is not None and size >= LEAST_BYTES


def _decoded_size(secret: str) -> int | None:
    """The bytes of a normalized secret; None if it is no base32."""
    try:
        return len(b32decode(secret + "=" * (-len(secret) % 8)))
    except (binascii.Error, ValueError):
        return None


def _find_text(reader: Reader) -> str:
    found = reader.find("PANIC_ACTION")
    return found[1] if found else ""


def _read_action(reader: Reader) -> Action | None:
    name = "PANIC_ACTION"
    about, found = "What /panic_close_all does, once for each code.", reader.find(name)
    secret = found is not None and "://" in found[1]  # a URL may hold one
    reader.know(name, allowed=_ACTION, about=about, secret=secret)
    if found is None:
        return None
    try:
        return find_action(found[1])
    except BadAction as error:
        reader.complain(name, found[2], str(error), _ACTION)
        return None
