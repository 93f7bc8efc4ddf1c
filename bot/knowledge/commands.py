"""/kb_stats, /kb_search and /kb_add: the knowledge base in the chat."""

from collections.abc import Awaitable, Callable

from telegram import Update

from bot.capability import App, Context
from bot.condition import Condition, Rhythm
from bot.dependency import Dependency
from bot.knowledge.store import Store, clean
from bot.knowledge.texts import (
    USAGE_ADD,
    USAGE_SEARCH,
    read_note,
    show_bare_trouble,
    show_found,
    show_kept,
    show_stats,
    show_trouble,
)
from bot.pii import remark_on_masking
from bot.replying import argument, reply_html, reply_plain, user_of

HITS = 5
REFUSAL = "Only users in ALLOWED_USERS may add to the knowledge base."
# A database that dies unnoticed is in /health after half a minute at most; one that is back, after
# five seconds.
_RHYTHM = Rhythm(well=30.0, ill=5.0)


class KnowledgeCommands:
    """The commands on one store; `mask` is applied to what is kept.

    `lists` says who may add, and is told where the notes are and what ails the store.
    """

    def __init__(
        self,
        store: Store,
        condition: Condition,
        lists: Callable[[int | None], bool],
        mask: Callable[[str], str],
    ) -> None:
        self._store = store
        self._dependency = Dependency(store, condition, _RHYTHM)
        self._lists, self._mask = lists, mask

    async def stats(self, update: Update, context: Context) -> None:
        place = self._store.place if self._lists(user_of(update)) else None

        async def work() -> str:
            return show_stats(await self._store.stats(), place)

        await self._reply(update, work)

    async def search(self, update: Update, context: Context) -> None:
        words = clean(argument(update))
        if not words:
            return await reply_plain(update, USAGE_SEARCH)

        async def work() -> str:
            return show_found(await self._store.search(words, HITS), words)

        return await self._reply(update, work)

    async def add(self, update: Update, context: Context) -> None:
        user, message = user_of(update), update.effective_message
        if user is None or message is None or not self._lists(user):
            return await reply_plain(update, REFUSAL)
        told_apart = f"{message.chat_id}/{message.message_id}/{message.date.timestamp()}"
        text = argument(update)
        masked = self._mask(text)
        note, remarks = read_note(masked, user, told_apart), remark_on_masking(text, masked)
        if note is None:
            return await reply_plain(update, USAGE_ADD)

        async def work() -> str:
            return show_kept(note, await self._store.add(note), remarks)

        return await self._reply(update, work)

    async def tend(self, application: App) -> None:
        """Look after the store until cancelled."""
        await self._dependency.tend()

    async def _reply(self, update: Update, work: Callable[[], Awaitable[str]]) -> None:
        """Answer with what `work` says; what ails the store is for listed users only."""
        excuse = show_trouble if self._lists(user_of(update)) else show_bare_trouble
        await reply_html(update, await self._dependency.say(work, excuse))
