"""What webhook mode is told."""

import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from bot.environment import Reader, conceal
from bot.urls import split_url

POLLING, WEBHOOK = "POLLING", "WEBHOOK"
# Telegram takes no other ports for webhooks; a Bot API server of one's own takes any.
PORTS = (80, 88, 443, 8443)
_SECRET = re.compile(r"[A-Za-z0-9_-]{16,256}")
_ADDRESS = re.compile(r"(?P<host>[^\s:/]+|\[[0-9A-Fa-f:.]+\]):(?P<port>[0-9]{1,5})")
_PATH = re.compile(r"/[!\"$->@-~]*")  # printable, without # and ?
_SOCKET = "unix:"


@dataclass(frozen=True)
class Address:
    """Where to listen: a host and a port, or the path of a unix socket."""

    host: str = "127.0.0.1"
    port: int = 9877
    path: str = ""

    def __str__(self) -> str:
        if self.path:
            return f"{_SOCKET}{self.path}"
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True)
class WebhookSettings:
    """How updates come in. Times are in seconds, sizes in bytes."""

    on: bool = False
    url: str = field(default="", repr=False)  # people put secrets into its path
    listen: Address = Address()
    path: str = field(default="/", repr=False)  # of the requests that arrive here
    secret: str = field(default="", repr=False)  # empty: a new one at each start
    max_connections: int = 40
    body_limit: int = 1024 * 1024
    check_seconds: float = 60.0
    delete_on_stop: bool = False

    @property
    def host(self) -> str:
        """The part of the URL that may be shown."""
        return host_of(self.url)

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must not be in any log."""
        return (self.secret,) if self.secret else ()


def host_of(url: str) -> str:
    """The host of a webhook, without what may be secret: a user, a password, the path."""
    return url.partition("://")[2].partition("/")[0].rpartition("@")[2][:100]


def read_webhook(reader: Reader) -> WebhookSettings:
    """Webhook mode's part of the settings."""
    mode = reader.choice(
        "BOT_MODE", POLLING, (POLLING, WEBHOOK), "How updates come: see docs/bot-webhook.md."
    )
    url = _read_url(reader, needed=mode == WEBHOOK)
    return WebhookSettings(
        on=mode == WEBHOOK,
        url=url,
        listen=_read_address(reader),
        path=_read_path(reader) or urlsplit(url).path or "/",
        secret=_read_secret(reader),
        max_connections=reader.whole(
            "WEBHOOK_MAX_CONNECTIONS", 40, 1, 100, "Updates that Telegram may send at once."
        ),
        body_limit=1024
        * reader.whole("WEBHOOK_BODY_KIB", 1024, 16, 65536, "The largest delivery, in KiB."),
        check_seconds=reader.seconds(
            "WEBHOOK_CHECK_SECONDS",
            60.0,
            1.0,
            "How often Telegram is asked whether its deliveries arrive.",
            3600.0,
        ),
        delete_on_stop=reader.flag(
            "WEBHOOK_DELETE_ON_STOP",
            False,
            "Delete the webhook when the bot stops; otherwise updates wait at Telegram.",
        ),
    )


def _read_url(reader: Reader, *, needed: bool) -> str:
    name = "WEBHOOK_URL"
    allowed = "an https URL such as https://bot.example.org/telegram (http only for this machine)"
    about = "Where Telegram sends the updates, in webhook mode."
    reader.know(name, allowed=allowed, about=about, secret=True)
    found = reader.find(name)
    if found is None:
        if needed:
            reader.problems.append(f"BOT_MODE is webhook, which needs {name}: {allowed}")
        return ""
    if not _is_webhook(found[1]):
        reader.complain(name, found[2], repr(host_of(found[1]) or "no URL"), allowed)
        return ""
    return found[1]


def _is_webhook(url: str) -> bool:
    parts = split_url(url, "http", "https")
    if parts is None or not parts.hostname or parts.fragment:
        return False
    return parts.scheme == "https" or parts.hostname in ("127.0.0.1", "::1", "localhost")


def _read_address(reader: Reader) -> Address:
    name, default = "WEBHOOK_LISTEN", Address()
    allowed = "HOST:PORT, or unix:PATH"
    about = "Where deliveries are taken, behind nginx or the like; see docs/bot-webhook.md."
    reader.know(name, allowed=allowed, default=default, about=about)
    found = reader.find(name)
    if found is None:
        return default
    if found[1].startswith(_SOCKET) and found[1] != _SOCKET:
        return Address("", 0, found[1].removeprefix(_SOCKET))
    parts = _ADDRESS.fullmatch(found[1])
    if parts is None or not 1 <= int(parts["port"]) <= 65535:
        reader.complain(name, found[2], repr(found[1]), allowed)
        return default
    return Address(parts["host"].strip("[]"), int(parts["port"]))


def _read_path(reader: Reader) -> str:
    about = "The path of deliveries as they arrive here; that of WEBHOOK_URL if unset."
    allowed = "a path such as /telegram"
    return reader.fitting(
        "WEBHOOK_PATH", _PATH.fullmatch, about, allowed, show=conceal, secret=True
    )


def _read_secret(reader: Reader) -> str:
    about = "What Telegram proves itself with; if unset, a new one is made at each start."
    allowed = "16 to 256 of A-Z a-z 0-9 _ and -"
    return reader.fitting(
        "WEBHOOK_SECRET", _SECRET.fullmatch, about, allowed, show=conceal, secret=True
    )
