"""What the issue tracker is told."""

import ipaddress
import re
from dataclasses import dataclass, field

from bot.environment import Reader, conceal
from bot.github.routes import BadRoute, Route, parse_routes
from bot.redaction import redact
from bot.urls import split_url

API_URL = "https://api.github.com"
_OWNER = r"[A-Za-z0-9](?:-?[A-Za-z0-9_]){0,38}"
REPOSITORY = re.compile(rf"{_OWNER}/(?!\.{{1,2}}(?![A-Za-z0-9._-]))[A-Za-z0-9._-]{{1,100}}")
_TOKEN = re.compile(r"[!-~]{10,1000}")

_URL_ALLOWED = (
    f"an https URL such as {API_URL} or https://github.example.com/api/v3 "
    "(http only for this machine: the token is sent there)"
)
_TOKEN_ALLOWED = "a GitHub token, as github.com/settings/tokens gives it"
_ROUTES_ALLOWED = "PATTERN => label, label; PATTERN => label"


@dataclass(frozen=True)
class GitHubSettings:
    """Where issues go, on whose behalf, and with which labels."""

    token: str = field(default="", repr=False)  # GITHUB_TOKEN
    api_url: str = API_URL  # GITHUB_API_URL
    repository: str = ""  # GITHUB_REPOSITORY: where a command names none
    routes: tuple[Route, ...] = ()  # GITHUB_LABEL_ROUTES

    @property
    def secrets(self) -> tuple[str, ...]:
        """What no log may hold."""
        return (self.token,) if self.token else ()


def read_github(reader: Reader) -> GitHubSettings:
    """The issue tracker's part of the settings."""
    return GitHubSettings(
        token=_token(reader),
        api_url=_api_url(reader),
        repository=_repository(reader),
        routes=_routes(reader),
    )


def _token(reader: Reader) -> str:
    about = "The token that issues are opened with; it needs the permission Issues (read, write)."
    return reader.fitting(
        "GITHUB_TOKEN", _TOKEN.fullmatch, about, _TOKEN_ALLOWED, show=conceal, secret=True
    )


def _api_url(reader: Reader) -> str:
    about = "The REST interface of GitHub, or of a GitHub Enterprise Server."
    return reader.fitting(
        "GITHUB_API_URL", is_api_url, about, _URL_ALLOWED, show=_redacted, default=API_URL
    ).rstrip("/")


def _redacted(url: str) -> str:
    return repr(redact(url))


def _repository(reader: Reader) -> str:
    about, allowed = "Where a command names no other.", "a repository as owner/name"
    return reader.fitting("GITHUB_REPOSITORY", REPOSITORY.fullmatch, about, allowed)


def _routes(reader: Reader) -> tuple[Route, ...]:
    about = "Labels of a new issue: those of every pattern (Python's, any case) found in its text."
    reader.know("GITHUB_LABEL_ROUTES", allowed=_ROUTES_ALLOWED, about=about)
    found = reader.find("GITHUB_LABEL_ROUTES")
    if found is None:
        return ()
    name, value, source = found
    try:
        return parse_routes(value)
    except BadRoute as error:
        reader.complain(name, source, str(error), _ROUTES_ALLOWED)
        return ()


def is_api_url(url: str) -> bool:
    """Whether a token may be sent there: over TLS, or not off this machine."""
    parts = split_url(url, "http", "https")
    if parts is None or not parts.hostname:
        return False
    plain = not parts.query and not parts.fragment and "@" not in parts.netloc
    safe = parts.scheme == "https" or _is_here(parts.hostname)
    return plain and safe and not re.search(r"\s", url)


def _is_here(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
