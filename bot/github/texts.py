"""What is read from and said in the chat: pure functions of the message and of GitHub's answers."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bot.github.client import Issue
from bot.github.refusals import GitHubError
from bot.github.settings import REPOSITORY
from bot.texts import escape, join_lines, shorten

LONGEST_TITLE = 256  # characters, GitHub's own limit
_LONGEST_SHOWN = 120
_NUMBER = re.compile(r"#?([1-9][0-9]{0,9})")
_BOTH = re.compile(rf"({REPOSITORY.pattern})#([1-9][0-9]{{0,9}})")

USAGE_OPEN = "/issue TITLE, and the text on the lines below; or /issue owner/name TITLE"
USAGE_CLOSE = "/close NUMBER; or /close owner/name NUMBER"
NO_REPOSITORY = "Which repository? Name it as owner/name, or set GITHUB_REPOSITORY."


@dataclass(frozen=True)
class Draft:
    """An issue that is to be opened."""

    repository: str
    title: str
    body: str


def split_target(text: str, default: str) -> tuple[str, str]:
    """(repository, the rest): the first word if it is written as owner/name, else the default."""
    first, _, rest = text.partition("\n")
    word, _, line = first.partition(" ")
    if REPOSITORY.fullmatch(word):
        return word, f"{line}\n{rest}".strip()
    return default, text


def read_draft(text: str, default: str) -> Draft | None:
    """The issue in what follows /issue; a title that is too long is the text's beginning, too."""
    repository, content = split_target(text, default)
    head, _, rest = content.partition("\n")
    title = " ".join(head.split())
    if not title:
        return None
    whole = rest.strip() if len(title) <= LONGEST_TITLE else content
    return Draft(
        repository, shorten(title, LONGEST_TITLE), f"{whole}\n\nSent from Telegram.".strip()
    )


def read_number(text: str, default: str) -> tuple[str, int] | None:
    """(repository, number) in what follows /close, which may also be owner/name#5."""
    if both := _BOTH.fullmatch(text):
        return both[1], int(both[2])
    repository, rest = split_target(text, default)
    number = _NUMBER.fullmatch(rest)
    return (repository, int(number[1])) if number else None


def show_opened(
    repository: str, issue: Issue, wanted: Sequence[str], remarks: Sequence[str] = ()
) -> str:
    """That it is there, with the labels that it really has."""
    lines = [f"Opened {_link(issue, f'{repository}#{issue.number}')}: {_title(issue)}"]
    if issue.labels:
        lines.append("labels: " + escape(", ".join(issue.labels)))
    if lost := [label for label in wanted if label not in issue.labels]:
        lines.append(f"not set: {escape(', '.join(lost))} (the token may set no labels)")
    return join_lines([*lines, *remarks])


def show_list(repository: str, issues: Sequence[Issue], more: bool) -> str:
    """The open issues, newest first."""
    if not issues and not more:
        return f"No open issues in {escape(repository)}."
    lines = [
        f"{_link(issue, f'#{issue.number}')} {_title(issue)}{_labels(issue)}" for issue in issues
    ]
    tail = ["and older ones"] if more else []
    return join_lines([f"Open issues in {escape(repository)}:", *lines, *tail])


def show_closed(repository: str, issue: Issue) -> str:
    return f"Closed {_link(issue, f'{repository}#{issue.number}')}: {_title(issue)}"


def show_left(repository: str, issue: Issue) -> str:
    """Why an issue was not closed."""
    link = _link(issue, f"{repository}#{issue.number}")
    if issue.is_pull_request:
        return f"{link} is a pull request, and I close issues only."
    return f"{link} was closed before: {_title(issue)}"


def show_refusal(error: GitHubError) -> str:
    text = shorten(str(error), 1000)
    return escape(f"{text[:1].upper()}{text[1:]}.")


def _title(issue: Issue) -> str:
    return escape(shorten(" ".join(issue.title.split()), _LONGEST_SHOWN))


def _labels(issue: Issue) -> str:
    return escape(f" ({shorten(', '.join(issue.labels), _LONGEST_SHOWN)})") if issue.labels else ""


def _link(issue: Issue, text: str) -> str:
    """A link, if the URL is one that may be shown."""
    if re.fullmatch(r"https?://[^\s\"<>]{1,300}", issue.url):
        return f'<a href="{escape(issue.url)}">{escape(text)}</a>'
    return escape(text)
