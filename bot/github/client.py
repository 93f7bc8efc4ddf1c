"""GitHub's REST interface, as far as issues need it.

One connection pool, one time limit for a whole request, no redirects (a token must not follow
one). While GitHub asks for a rest nothing is sent: who goes on asking is shut out for longer.
"""

import asyncio
import time
from dataclasses import dataclass
from typing import Any

import httpx

from bot import __version__
from bot.github.refusals import GitHubError, Reply, explain, resting
from bot.github.settings import GitHubSettings

PATIENCE = 10.0  # seconds for one request; GitHub ends its own after 10 as well
PAGE = 20
_VERSION = "2022-11-28"


@dataclass(frozen=True)
class Issue:
    """What is shown of an issue."""

    number: int
    title: str
    url: str
    labels: tuple[str, ...]
    is_open: bool
    is_pull_request: bool


class GitHub:
    """The issues of whatever the token may see; every method raises `GitHubError`."""

    def __init__(self, settings: GitHubSettings, patience: float = PATIENCE) -> None:
        self._settings, self._patience = settings, patience
        self._rest_until = 0.0
        self._opened: httpx.AsyncClient | None = None

    async def check(self) -> None:
        """See that GitHub answers and takes the token; costs nothing of the hourly limit."""
        try:
            await self._ask("GET", "/rate_limit", "rate limit")
        except GitHubError as error:
            if error.trouble:  # a server without limits answers 404
                raise

    async def open_issue(self, repository: str, title: str, body: str, labels: list[str]) -> Issue:
        content = {"title": title, "body": body, "labels": labels}
        reply = await self._ask("POST", f"/repos/{repository}/issues", repository, content)
        return read_issue(reply.document)

    async def open_issues(self, repository: str) -> tuple[list[Issue], bool]:
        """The newest open issues, without pull requests, and whether there may be more."""
        path = f"/repos/{repository}/issues?state=open&per_page={PAGE}"
        reply = await self._ask("GET", path, repository)
        if not isinstance(reply.document, list):
            raise _unintelligible()
        issues = [read_issue(document) for document in reply.document]
        more = 'rel="next"' in reply.headers.get("link", "")
        return [issue for issue in issues if not issue.is_pull_request], more

    async def issue(self, repository: str, number: int) -> Issue:
        path, place = f"/repos/{repository}/issues/{number}", f"{repository}#{number}"
        return read_issue((await self._ask("GET", path, place)).document)

    async def close_issue(self, repository: str, number: int) -> Issue:
        path, place = f"/repos/{repository}/issues/{number}", f"{repository}#{number}"
        content = {"state": "closed", "state_reason": "completed"}
        return read_issue((await self._ask("PATCH", path, place, content)).document)

    async def close(self) -> None:
        """Let go of the connections."""
        opened, self._opened = self._opened, None
        if opened is not None:
            await opened.aclose()

    def _http(self) -> httpx.AsyncClient:
        """Made at the first use: it reads all certificates, and not every bot has a token."""
        if self._opened is None:
            self._opened = httpx.AsyncClient(
                base_url=self._settings.api_url,
                timeout=self._patience,
                headers={
                    "Accept": "application/vnd.github+json",
                    "Authorization": f"Bearer {self._settings.token}",
                    "User-Agent": f"watchdog-bot/{__version__}",
                    "X-GitHub-Api-Version": _VERSION,
                },
            )
        return self._opened

    async def _ask(self, method: str, path: str, place: str, content: Any = None) -> Reply:
        if time.time() < self._rest_until:
            raise resting(self._rest_until, time.time())
        reply = await self._exchange(method, path, content)
        if 200 <= reply.status < 300:
            return reply
        refusal = explain(reply, place, time.time())
        self._rest_until = max(self._rest_until, refusal.rest_until)
        raise refusal

    async def _exchange(self, method: str, path: str, content: Any) -> Reply:
        try:
            async with asyncio.timeout(self._patience):
                answer = await self._http().request(method, path, json=content)
        except (TimeoutError, httpx.TimeoutException):
            text = f"GitHub gives no answer in {self._patience:g} s"
            raise GitHubError(text + _doubt(method), trouble=True) from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            text = f"GitHub cannot be reached: {error or type(error).__name__}"
            raise GitHubError(text + _doubt(method), trouble=True) from None
        return Reply(answer.status_code, answer.headers, _read(answer))


def _doubt(method: str) -> str:
    """Only what may be done twice may be tried again without a look."""
    doubt = "; whether it was opened nobody knows: look at /issues before you try again"
    return doubt if method == "POST" else ""


def _read(answer: httpx.Response) -> Any:
    try:
        return answer.json()
    except (ValueError, RecursionError):
        return None


def read_issue(document: Any) -> Issue:
    """The issue that GitHub describes; raises `GitHubError` if it is none."""
    try:
        return Issue(
            number=int(document["number"]),
            title=str(document["title"]),
            url=str(document["html_url"]),
            labels=tuple(str(label["name"]) for label in document["labels"]),
            is_open=document["state"] == "open",
            is_pull_request="pull_request" in document,
        )
    except (KeyError, TypeError, ValueError):
        raise _unintelligible() from None


def _unintelligible() -> GitHubError:
    return GitHubError("what answers there is not GitHub; see GITHUB_API_URL", trouble=True)
