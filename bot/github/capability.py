"""The issue tracker as a capability: on with a token, and for listed users only."""

from collections.abc import Iterator

from bot.capability import Capability, Command
from bot.github.commands import GitHubCommands
from bot.github.settings import GitHubSettings
from bot.parts import Parts
from bot.settings import Settings

NAME = "issue tracker"


def make_github(parts: Parts) -> Capability:
    """The capability. What a token may do is not for everybody: without a list it stays off."""
    settings, missing = parts.settings, _find_missing(parts.settings)
    condition = parts.figures.add_condition(NAME)
    commands = GitHubCommands(settings.github, condition, parts.figures, settings.clean)

    return Capability(
        name=NAME,
        commands=(
            Command("issue", "open an issue: TITLE, its text on the lines below", commands.open),
            Command("issues", "the open issues", commands.list),
            Command("close", "close an issue: NUMBER", commands.close),
        ),
        missing=missing,
        details=tuple(_describe(settings.github)),
        figures=condition.figures,
        started=commands.tend,
    )


def _find_missing(settings: Settings) -> str | None:
    wanted = {
        "GITHUB_TOKEN": settings.github.token,
        "ALLOWED_USERS": settings.guards.allowed_users,
    }
    names = [name for name, value in wanted.items() if not value]
    return f"set {' and '.join(names)}" if names else None


def _describe(settings: GitHubSettings) -> Iterator[str]:
    yield f"issues of {settings.repository or 'the repository that is named'}"
    yield f"at {settings.api_url}, routes to labels: {len(settings.routes)}"
