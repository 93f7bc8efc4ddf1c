"""The issue tracker as its users have it: the bot as a process, commands in a chat."""

from __future__ import annotations

import html
from typing import Any

import pytest

from tests.bot.github.fake import TOKEN, Fault

USER = 42
NAME = "issue tracker"


@pytest.fixture
def settings(github: Any) -> dict[str, str]:
    return {
        "ALLOWED_USERS": str(USER),
        "GITHUB_TOKEN": TOKEN,
        "GITHUB_API_URL": github.url,
        "GITHUB_REPOSITORY": "ann/bot",
        "GITHUB_LABEL_ROUTES": "crash|stops => bug",
    }


def state(bot: Any) -> Any:
    return bot.health()[1]["capabilities"][NAME]["state"]


def test_an_issue_is_opened_listed_and_closed(
    bench: Any, github: Any, settings: dict[str, str]
) -> None:
    """/issue with a routed label, /issues, /close, and what is not an issue or not open."""
    bot = bench.start_well(**settings)
    link = '<a href="https://github.example/ann/bot/issues/1">'
    assert bench.ask("/issues") == ["No open issues in ann/bot."]
    assert bench.ask("/issue It stops <at> night\nask ann@example.com") == [
        f"Opened {link}ann/bot#1</a>: It stops &lt;at&gt; night\nlabels: bug\n"
        "(Personal data in it was masked.)"
    ]
    assert github.issues["ann/bot"][0]["body"] == "ask [e-mail]\n\nSent from Telegram."
    assert f"{link}#1</a> It stops" in bench.ask("/issues ann/bot")[0]
    assert bench.ask("/close #1")[0].startswith("Closed")
    assert "was closed before" in bench.ask("/close 1")[0]
    github.add("ann/bot", "change", pull_request={})
    assert "is a pull request" in bench.ask("/close 2")[0]
    assert [method for method, *_ in github.writes()] == ["POST", "PATCH"]
    assert "There is no ann/bot#9" in bench.ask("/close 9")[0]
    assert "There is no bob/web" in bench.ask("/issue bob/web mine")[0]
    assert bench.ask("/close x")[0].startswith("/close NUMBER")
    assert bench.ask("/issue")[0].startswith("/issue TITLE")
    assert state(bot) == "well"
    assert TOKEN not in bot.log
    assert bot.terminate() == 0


@pytest.mark.parametrize(
    "title",
    [
        "</a><a href='https://evil.example'>here</a>",
        "[here](https://evil.example) *bold* `code` ||x||",
        "'; DROP TABLE issues; -- {0} %s $(id)",
    ],
)
def test_a_title_is_text(bench: Any, github: Any, settings: dict[str, str], title: str) -> None:
    """GitHub gets it as it was written; in the chat nothing in it is markup."""
    bench.start_well(**settings)
    opened = bench.ask(f"/issue {title}")[0]
    listed = bench.ask("/issues")[0]
    assert github.issues["ann/bot"][0]["title"] == title
    for answer in (opened, listed):
        assert html.escape(title) in answer
        assert answer.count("<a ") == answer.count("</a>") == 1


def test_a_token_that_is_refused_is_told_everywhere(
    bench: Any, github: Any, settings: dict[str, str]
) -> None:
    """Degraded with 200, in /help and in words; the next success makes it well."""
    github.token = "another"
    bot = bench.start(LOG_LEVEL="DEBUG", **settings)
    assert "GitHub refuses the token" in bot.wait_health("degraded")["reason"]
    assert bot.health()[0] == 200
    assert "GitHub refuses the token" in bench.ask("/issues")[0]
    assert "issue tracker: does not work now" in bench.ask("/help")[0]
    assert "issue tracker: degraded" in bench.ask("/status")[0]
    assert bench.ask("hello") == ["hello"]
    github.token = TOKEN
    assert "No open issues" in bench.ask("/issues")[0]
    bot.wait_health("running")
    assert TOKEN not in bot.log
    assert TOKEN not in str(bench.sandbox.messages(bench.id, USER))


def test_a_rest_is_kept_and_nobody_else_waits(
    bench: Any, github: Any, settings: dict[str, str]
) -> None:
    """While one answer hangs others are answered; a limit is told with its end."""
    bot = bench.start_well(**settings)
    github.faults.append(Fault(seconds=3))
    bench.sandbox.send("/issues", bench.id, USER)
    assert bench.ask("hello") == ["hello"]
    bench.wait_until(lambda: not bot.health()[1]["queue"]["running_handlers"], "the slow answer")
    github.fail(403, {"message": "You have exceeded a secondary rate limit"}, retry_after="120")
    assert "GitHub asks for a rest until" in bench.ask("/issue again")[0]
    asked = len(github.requests)
    assert "GitHub asks for a rest until" in bench.ask("/issues")[0]
    assert len(github.requests) == asked
    assert state(bot) == "degraded"


def test_it_is_off_without_a_token_or_a_list(bench: Any, settings: dict[str, str]) -> None:
    """/help, the banner and the commands say what to set."""
    bot = bench.start_well(**settings | {"ALLOWED_USERS": "", "GITHUB_TOKEN": ""})
    assert "off, set GITHUB_TOKEN and ALLOWED_USERS" in bench.ask("/help")[0]
    assert "set GITHUB_TOKEN and ALLOWED_USERS" in bench.ask("/issue x")[0]
    assert "issue tracker: off, set GITHUB_TOKEN and ALLOWED_USERS" in bot.log
    assert bot.health()[1]["capabilities"][NAME]["on"] is False
