"""What GitHub's refusals mean, in words: a pure function of its answer and the time.

A refusal of one request (403, 404, 422) concerns whoever asked. What concerns every request (the
token, a rate limit, an outage) is *trouble*, which /health shows as well.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bot.dependency import DependencyError
from bot.texts import shorten

# What GitHub's documentation asks for where a secondary limit comes without a time.
_SECONDARY_PAUSE = 60.0
# Its limits are counted by the hour; a longer wait would be a clock that is wrong.
_LONGEST_PAUSE = 3600.0
_LONGEST_MESSAGE = 300


class GitHubError(DependencyError):
    """GitHub did not do it; the text says why, as the rest of a sentence without a full stop."""

    def __init__(self, text: str, trouble: bool = False, rest_until: float = 0.0) -> None:
        super().__init__(text, trouble)
        self.rest_until = rest_until  # seconds since 1970; nothing may be asked before


@dataclass(frozen=True)
class Reply:
    """An answer of GitHub; the names of headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    document: Any

    @property
    def message(self) -> str:
        """What GitHub says itself, in one short line; empty if nothing."""
        said = self.document.get("message") if isinstance(self.document, dict) else None
        return shorten(" ".join(str(said or "").split()), _LONGEST_MESSAGE)


def explain(reply: Reply, place: str, now: float) -> GitHubError:
    """Why GitHub refused what was asked about `place` (`owner/name` or `owner/name#5`)."""
    if _is_limit(reply):
        return _limited(reply, now)
    said = f" (GitHub says: {reply.message})" if reply.message else ""
    match reply.status:
        case 401:
            text = "GitHub refuses the token: it has expired, was revoked or is mistyped"
            return GitHubError(f"{text}; set GITHUB_TOKEN", trouble=True)
        case 403:
            text = f"the token may not do this in {place}{said}"
            return GitHubError(f"{text}; it needs the permission Issues, read and write")
        case 404:
            return GitHubError(f"there is no {place} on GitHub, or the token may not see it")
        case 410:
            return GitHubError(f"{place} has no issues, or this one was deleted{said}")
        case 422:
            return GitHubError(f"GitHub does not take it: {_reasons(reply)}")
        case 301 | 302 | 307 | 308:
            return GitHubError(f"{place} has another name now; use that")
    if reply.status >= 500:
        return GitHubError(f"GitHub has trouble of its own (HTTP {reply.status})", trouble=True)
    return GitHubError(f"GitHub answers HTTP {reply.status}{said}")


def _is_limit(reply: Reply) -> bool:
    if reply.status == 429:
        return True
    spent = reply.headers.get("x-ratelimit-remaining") == "0"
    told = "retry-after" in reply.headers or "rate limit" in reply.message.lower()
    return reply.status == 403 and (spent or told)


def _limited(reply: Reply, now: float) -> GitHubError:
    pause = min(max(_pause(reply.headers, now), 1.0), _LONGEST_PAUSE)
    return resting(now + pause, now)


def _pause(headers: Mapping[str, str], now: float) -> float:
    """Seconds to wait, by the header that has the last word in GitHub's documentation."""
    if (seconds := _number(headers.get("retry-after"))) is not None:
        return seconds
    reset = _number(headers.get("x-ratelimit-reset"))
    if headers.get("x-ratelimit-remaining") == "0" and reset is not None:
        return reset - now
    return _SECONDARY_PAUSE


def _number(text: str | None) -> float | None:
    if text is None or not text.isascii() or not text.isdecimal():
        return None
    return float(text[:15])


def resting(until: float, now: float) -> GitHubError:
    """That nothing is asked before `until`."""
    stamp = datetime.fromtimestamp(until, UTC).strftime("%H:%M:%S UTC")
    text = f"GitHub asks for a rest until {stamp}, in {until - now:.0f} s (too many requests)"
    return GitHubError(text, trouble=True, rest_until=until)


def _reasons(reply: Reply) -> str:
    """A 422 has a list of what is wrong, each with a message or with a field and a code."""
    document = reply.document if isinstance(reply.document, dict) else {}
    errors = document.get("errors")
    parts = [_reason(error) for error in errors] if isinstance(errors, list) else []
    return shorten("; ".join(filter(None, [reply.message, *parts])), _LONGEST_MESSAGE) or "HTTP 422"


def _reason(error: Any) -> str:
    if not isinstance(error, dict):
        return str(error)
    return str(error.get("message") or f"{error.get('field')}: {error.get('code')}")
