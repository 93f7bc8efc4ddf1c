"""What is read from the chat, which labels follow, and what a mistake looks like."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.exits import Exit
from bot.github.client import Issue
from bot.github.routes import find_labels, parse_routes
from bot.github.settings import GitHubSettings
from bot.github.texts import (
    LONGEST_TITLE,
    read_draft,
    read_number,
    show_list,
    show_opened,
    split_target,
)
from bot.settings import read_settings
from bot.texts import LONGEST, units

BOT = "123456789:AAExampleExampleExampleExampleExamp"
TOKEN = "ghp_ExampleExampleExampleExampleExample0"
ANY = st.text(st.characters(codec="utf-8"))


def read(**environ: str) -> GitHubSettings:
    return read_settings({"TELEGRAM_BOT_TOKEN": BOT, **environ}, {}).github


def test_the_settings_of_a_server_of_ones_own() -> None:
    """Each variable arrives, the URL without its last slash."""
    settings = read(
        GITHUB_TOKEN=TOKEN,
        GITHUB_API_URL="https://github.example.com/api/v3/",
        GITHUB_REPOSITORY="ann/bot",
        GITHUB_LABEL_ROUTES="crash|error => bug; please => wish, later",
    )
    assert settings.api_url == "https://github.example.com/api/v3"
    assert settings.repository == "ann/bot"
    assert [route.labels for route in settings.routes] == [("bug",), ("wish", "later")]
    assert TOKEN not in repr(settings)


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("GITHUB_API_URL", "http://github.example.com", "only for this machine"),
        ("GITHUB_API_URL", "github.com", "https URL"),
        ("GITHUB_REPOSITORY", "bot", "owner/name"),
        ("GITHUB_REPOSITORY", "ann/..", "owner/name"),
        ("GITHUB_REPOSITORY", "https://github.com/ann/bot", "owner/name"),
        ("GITHUB_LABEL_ROUTES", "crash", "no =>"),
        ("GITHUB_LABEL_ROUTES", "=> bug", "no pattern"),
        ("GITHUB_LABEL_ROUTES", "(crash => bug", "'(crash', which is no pattern"),
        ("GITHUB_LABEL_ROUTES", "x => " + "l" * 51, "50 characters"),
    ],
)
def test_a_mistake_names_variable_found_and_allowed(name: str, value: str, told: str) -> None:
    """At the start, in a sentence."""
    with pytest.raises(Exit) as caught:
        read(**{name: value})
    assert name in caught.value.reason
    assert told in caught.value.reason


@pytest.mark.parametrize("token", ["short", "ghp_with a space in it", "ghp_Umläut0123456789"])
def test_a_bad_token_is_not_shown(token: str) -> None:
    """Only its length is."""
    with pytest.raises(Exit) as caught:
        read(GITHUB_TOKEN=token)
    assert token not in caught.value.reason
    assert f"({len(token)} characters)" in caught.value.reason


def test_labels_follow_patterns() -> None:
    """Every route that is found counts, in any case; a label comes once."""
    routes = parse_routes(r"crash|error => bug; \btoken\b => security, bug ; ")
    assert find_labels(routes, "An ERROR about a token") == ["bug", "security"]
    assert find_labels(routes, "tokens are nice") == []


def test_a_repository_is_the_first_word_if_it_looks_like_one() -> None:
    """owner/name in front, or the default."""
    assert split_target("bob/web It stops", "ann/bot") == ("bob/web", "It stops")
    assert split_target("bob/web\nIt stops", "ann/bot") == ("bob/web", "It stops")
    assert split_target("It stops in bob/web", "ann/bot") == ("ann/bot", "It stops in bob/web")
    assert split_target("and/or/not", "ann/bot") == ("ann/bot", "and/or/not")


def test_a_draft_is_a_title_and_the_lines_below() -> None:
    """A title that is too long for GitHub is in the text as a whole."""
    draft = read_draft("It  stops\n\nat night", "ann/bot")
    assert draft is not None
    assert (draft.title, draft.body) == ("It stops", "at night\n\nSent from Telegram.")
    long = read_draft("x" * 400, "ann/bot")
    assert long is not None
    assert len(long.title) == LONGEST_TITLE
    assert long.body.startswith("x" * 400)
    assert read_draft("bob/web", "ann/bot") is None
    assert read_draft("", "ann/bot") is None


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("5", ("ann/bot", 5)),
        ("#5", ("ann/bot", 5)),
        ("bob/web 5", ("bob/web", 5)),
        ("bob/web#5", ("bob/web", 5)),
        ("٥", None),
        ("0", None),
        ("5 6", None),
        ("-1", None),
        ("9" * 11, None),
        ("5/../../x", None),
        ("", None),
    ],
)
def test_a_number_is_ascii_digits(text: str, found: object) -> None:
    """Anything else is asked again, and never part of a URL."""
    assert read_number(text, "ann/bot") == found


@given(
    st.lists(
        st.builds(
            Issue,
            st.integers(1, 10**9),
            ANY,
            ANY,
            st.lists(ANY).map(tuple),
            st.booleans(),
            st.booleans(),
        ),
        max_size=20,
    ),
    st.booleans(),
)
def test_a_list_fits_into_a_message(issues: list[Issue], more: bool) -> None:
    """Whatever the titles are."""
    assert units(show_list("ann/bot", issues, more)) <= LONGEST


def test_labels_that_were_not_set_are_told() -> None:
    """GitHub drops them in silence where the token may not set any."""
    issue = Issue(5, "<i> & co", "javascript:alert(1)", ("bug",), True, False)
    text = show_opened("ann/bot", issue, ["bug", "wish"])
    assert text.splitlines() == [
        "Opened ann/bot#5: &lt;i&gt; &amp; co",
        "labels: bug",
        "not set: wish (the token may set no labels)",
    ]
