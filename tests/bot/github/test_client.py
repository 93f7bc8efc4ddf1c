"""The client against a real HTTP server: each refusal in words, and no request too many."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.github.client import GitHub
from bot.github.refusals import GitHubError, Reply, explain
from bot.github.settings import GitHubSettings
from tests.bot.github.fake import TOKEN, Fault

REPOSITORY = "ann/bot"


@pytest.fixture
async def client(github: Any) -> AsyncIterator[GitHub]:
    client = GitHub(GitHubSettings(token=TOKEN, api_url=github.url), patience=1.0)
    yield client
    await client.close()


async def refusal(client: GitHub) -> GitHubError:
    with pytest.raises(GitHubError) as caught:
        await client.open_issues(REPOSITORY)
    assert TOKEN not in str(caught.value)
    return caught.value


async def test_an_issue_is_opened_found_and_closed(client: GitHub, github: Any) -> None:
    """The whole life of an issue, with the headers that GitHub asks for."""
    issue = await client.open_issue(REPOSITORY, "It stops", "at night", ["bug"])
    assert (issue.number, issue.labels, issue.is_open) == (1, ("bug",), True)
    assert (await client.open_issues(REPOSITORY))[0] == [issue]
    assert not (await client.close_issue(REPOSITORY, 1)).is_open
    assert await client.open_issues(REPOSITORY) == ([], False)
    assert github.headers[0]["X-GitHub-Api-Version"] == "2022-11-28"
    assert github.headers[0]["User-Agent"].startswith("watchdog-bot/")


async def test_pull_requests_are_no_issues_and_a_page_is_not_all(
    client: GitHub, github: Any
) -> None:
    """GitHub lists pull requests as issues; a next page is said."""
    for number in range(21):
        github.add(REPOSITORY, f"issue {number}")
    github.add(REPOSITORY, "change", pull_request={"url": "x"})
    issues, more = await client.open_issues(REPOSITORY)
    assert [issue.title for issue in issues[:2]] == ["issue 20", "issue 19"]
    assert (len(issues), more) == (19, True)


@pytest.mark.parametrize(
    ("status", "content", "words", "trouble"),
    [
        (401, {"message": "Bad credentials"}, "refuses the token", True),
        (403, {"message": "Resource not accessible"}, "may not do this in ann/bot", False),
        (404, {"message": "Not Found"}, "there is no ann/bot", False),
        (410, {"message": "Issues are disabled"}, "has no issues", False),
        (422, {"message": "Validation Failed", "errors": ["no title"]}, "Failed; no title", False),
        (422, {"errors": [{"field": "title", "code": "missing"}]}, "title: missing", False),
        (301, {"message": "Moved Permanently"}, "another name", False),
        (418, {"message": "teapot"}, "HTTP 418 (GitHub says: teapot)", False),
        (503, "<html>", "trouble of its own (HTTP 503)", True),
        (200, "<html>", "not GitHub", True),
    ],
)
async def test_a_refusal_is_told_in_words(
    client: GitHub, github: Any, status: int, content: Any, words: str, trouble: bool
) -> None:
    """What it means and what to do; /health hears only of what concerns all requests."""
    text = content if isinstance(content, str) else json.dumps(content)
    github.faults.append(Fault(status, {"Location": "http://127.0.0.1:1/"}, text))
    error = await refusal(client)
    assert words in str(error)
    assert error.trouble is trouble


@pytest.mark.parametrize(
    ("status", "headers", "content", "seconds"),
    [
        (403, {"retry-after": "30"}, {}, 30),
        (429, {"retry-after": "7"}, {}, 7),
        (403, {}, {"message": "You have exceeded a secondary rate limit."}, 60),
        (429, {}, {}, 60),
        (403, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1000090"}, {}, 90),
        (403, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "999000"}, {}, 1),
        (403, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "9" * 40}, {}, 3600),
        (403, {"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}, {}, 60),
        (403, {"retry-after": "²"}, {}, 60),
    ],
)
def test_a_limit_says_how_long_to_rest(
    status: int, headers: dict[str, str], content: Any, seconds: float
) -> None:
    """As the headers say, a minute where they say nothing, an hour at most."""
    error = explain(Reply(status, headers, content), REPOSITORY, now=1_000_000.0)
    assert error.rest_until == 1_000_000.0 + seconds
    assert error.trouble
    assert f"in {seconds} s" in str(error)


async def test_nothing_is_asked_while_github_asks_for_a_rest(client: GitHub, github: Any) -> None:
    """The second command is answered from memory; after the rest it goes through."""
    github.fail(403, {"message": "secondary rate limit"}, retry_after="1")
    assert "asks for a rest" in str(await refusal(client))
    assert "asks for a rest" in str(await refusal(client))
    assert len(github.requests) == 1
    async with asyncio.timeout(10):
        while len(github.requests) == 1:
            with contextlib.suppress(GitHubError):
                await client.open_issues(REPOSITORY)
            await asyncio.sleep(0.05)
    assert len(github.requests) == 2


async def test_a_slow_answer_is_not_waited_for(client: GitHub, github: Any) -> None:
    """One second here; an issue may have been opened all the same, and that is said."""
    github.faults += [Fault(seconds=2.5), Fault(seconds=2.5)]
    began = time.monotonic()
    assert str(await refusal(client)) == "GitHub gives no answer in 1 s"
    with pytest.raises(GitHubError, match="nobody knows: look at /issues"):
        await client.open_issue(REPOSITORY, "twice?", "", [])
    assert time.monotonic() - began < 4


async def test_a_connection_that_ends_and_one_that_is_refused(client: GitHub, github: Any) -> None:
    """Both are an outage in words."""
    github.faults.append(Fault(drop=True))
    assert "cannot be reached" in str(await refusal(client))
    nobody = GitHub(GitHubSettings(token=TOKEN, api_url="http://127.0.0.1:1"))
    assert "cannot be reached" in str(await refusal(nobody))
    await nobody.close()


async def test_a_redirect_is_not_followed(client: GitHub, github: Any) -> None:
    """The token goes to one server only."""
    github.faults.append(Fault(307, {"Location": f"{github.url}/rate_limit"}))
    await refusal(client)
    assert len(github.requests) == 1


async def test_a_server_without_limits_is_well(client: GitHub, github: Any) -> None:
    """A GitHub Enterprise Server may know no /rate_limit; a wrong token is trouble anywhere."""
    await client.check()
    elsewhere = GitHub(GitHubSettings(token=TOKEN, api_url=github.url + "/nothing"))
    await elsewhere.check()
    await elsewhere.close()
    github.token = "another"
    with pytest.raises(GitHubError, match="refuses the token"):
        await client.check()
