"""/issue, /issues and /close: the issue tracker in the chat."""

from collections.abc import Awaitable, Callable

from telegram import Update

from bot.capability import Context
from bot.condition import Condition, Rhythm, watch
from bot.figures import Figures
from bot.github.client import GitHub
from bot.github.refusals import GitHubError
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
        self._settings, self._condition = settings, condition
        self._figures, self._clean = figures, clean
        self._github = GitHub(settings)

    async def open(self, update: Update, context: Context) -> None:
        draft = read_draft(self._clean(argument(update)), self._settings.repository)
        if draft is None:
            return await reply_plain(update, USAGE_OPEN)
        labels = find_labels(self._settings.routes, f"{draft.title}\n{draft.body}")

        async def work() -> str:
            issue = await self._github.open_issue(draft.repository, draft.title, draft.body, labels)
            return show_opened(draft.repository, issue, labels)

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

    async def look(self) -> None:
        """See how GitHub is, and tell the condition."""

        async def work() -> str:
            await self._github.check()
            return ""

        await self._in_words(work)

    async def tend(self) -> None:
        """Look after GitHub until cancelled."""
        try:
            await watch(self._condition, self.look, _RHYTHM)
        finally:
            await self._github.close()

    async def _reply(
        self, update: Update, repository: str, work: Callable[[], Awaitable[str]]
    ) -> None:
        if not repository:
            return await reply_plain(update, NO_REPOSITORY)
        return await reply_html(update, await self._in_words(work))

    async def _in_words(self, work: Callable[[], Awaitable[str]]) -> str:
        """What `work` says as HTML, or why GitHub did not do it."""
        try:
            text = await work()
        except GitHubError as error:
            if error.trouble:
                self._condition.fail(str(error))
            return show_refusal(error)
        self._condition.well()
        return text
