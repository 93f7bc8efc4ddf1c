"""/issue, /issues and /close: the issue tracker in the chat."""

from collections.abc import Awaitable, Callable

from telegram import Update

from bot.capability import App, Context
from bot.condition import Condition, Rhythm
from bot.dependency import Dependency
from bot.figures import Figures
from bot.github.client import GitHub
from bot.github.routes import find_labels
from bot.github.settings import GitHubSettings
from bot.github.texts import (
    NO_REPOSITORY,
    USAGE_CLOSE,
    USAGE_OPEN,
    read_draft,
    read_number,
    show_closed,
    show_left,
    show_list,
    show_opened,
    show_refusal,
    split_target,
)
from bot.pii import remark_on_masking
from bot.polling import await_confirmation
from bot.replying import argument, reply_html, reply_plain

# A token that was revoked is in /health after five minutes; GitHub is asked for little else.
_RHYTHM = Rhythm(well=300.0, ill=30.0)


class GitHubCommands:
    """The commands; whoever reaches them may use them. `clean` is applied to what is sent on."""

    def __init__(
        self,
        settings: GitHubSettings,
        condition: Condition,
        figures: Figures,
        clean: Callable[[str], str],
    ) -> None:
        self._settings, self._figures, self._clean = settings, figures, clean
        self._github = GitHub(settings)
        self._dependency = Dependency(self._github, condition, _RHYTHM)

    async def open(self, update: Update, context: Context) -> None:
        text = argument(update)
        masked = self._clean(text)
        draft = read_draft(masked, self._settings.repository)
        if draft is None:
            return await reply_plain(update, USAGE_OPEN)
        remarks = remark_on_masking(text, masked)
        labels = find_labels(self._settings.routes, f"{draft.title}\n{draft.body}")

        async def work() -> str:
            issue = await self._github.open_issue(draft.repository, draft.title, draft.body, labels)
            return show_opened(draft.repository, issue, labels, remarks)

        if draft.repository:
            # A bot that is killed now must not be sent this command again, and open two.
            await await_confirmation(self._figures, update.update_id)
        return await self._reply(update, draft.repository, work)

    async def list(self, update: Update, context: Context) -> None:
        repository, rest = split_target(argument(update), self._settings.repository)

        async def work() -> str:
            return show_list(repository, *await self._github.open_issues(repository))

        await self._reply(update, "" if rest else repository, work)

    async def close(self, update: Update, context: Context) -> None:
        target = read_number(argument(update), self._settings.repository)
        if target is None:
            return await reply_plain(update, USAGE_CLOSE)
        repository, number = target

        async def work() -> str:
            issue = await self._github.issue(repository, number)
            if issue.is_pull_request or not issue.is_open:
                return show_left(repository, issue)
            return show_closed(repository, await self._github.close_issue(repository, number))

        return await self._reply(update, repository, work)

    async def tend(self, application: App) -> None:
        """Look after GitHub until cancelled."""
        await self._dependency.tend()

    async def _reply(
        self, update: Update, repository: str, work: Callable[[], Awaitable[str]]
    ) -> None:
        if not repository:
            return await reply_plain(update, NO_REPOSITORY)
        return await reply_html(update, await self._dependency.say(work, show_refusal))
