"""What a test, a demo or a person does to the sandbox: speak as a user, look, break things."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Mapping

from bot.sandbox.accounts import Account, Document, Message
from bot.sandbox.engine import Engine
from bot.sandbox.methods import find_commands
from bot.sandbox.rival import run_rival

DEFAULT_USER = 1001
DEFAULT_NAME = "Ann"

# Valid JSON, but it lacks what every message has: python-telegram-bot cannot parse it.
BROKEN_UPDATE: Mapping[str, object] = {"message": {"message_id": 1, "text": "broken"}}


class Stage:
    """The operations of the admin API, for use inside the process too."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._rivals: dict[int, asyncio.Task[None]] = {}
        self.add_user(DEFAULT_USER, DEFAULT_NAME)

    def add_user(
        self, user: int, first_name: str = DEFAULT_NAME, username: str | None = None
    ) -> Document:
        """Add a user and the private chat with them."""
        return self.engine.world.add_user(user, first_name, username)

    def add_chat(self, chat: int, kind: str = "group", title: str = "A group") -> Document:
        """Add a group, supergroup or channel."""
        return self.engine.world.add_chat(chat, kind, title)

    def send(
        self, text: str, bot: int | None = None, user: int = DEFAULT_USER, chat: int | None = None
    ) -> int:
        """Write to the bot as a user; the chat is the user's own by default. Returns update_id."""
        world, account = self.engine.world, self.engine.world.pick(bot)
        content: Document = {
            "from": world.user(user),
            "chat": world.chat(user if chat is None else chat),
            "date": int(time.time()),
            "text": text,
        }
        commands = find_commands(text)
        if commands:
            content["entities"] = commands
        message = account.write(user if chat is None else chat, False, content)
        account.message_of_update[account.queue.last_id + 1] = message.id
        return self.engine.queue(account, {"message": message.document})

    def press(
        self, message: int, data: str, bot: int | None = None, user: int = DEFAULT_USER
    ) -> int:
        """Press a button under a message of the bot. Returns update_id."""
        account = self.engine.world.pick(bot)
        found = account.message(message)
        query: Document = {
            "id": str(account.queue.last_id + 1),
            "from": self.engine.world.user(user),
            "chat_instance": str(found.chat),
            "message": found.document,
            "data": data,
        }
        account.message_of_update[account.queue.last_id + 1] = len(account.messages)
        return self.engine.queue(account, {"callback_query": query})

    def inject(self, update: object = None, bot: int | None = None) -> int:
        """Queue a raw update: an object, or text as it is; by default one that PTB can't parse."""
        account = self.engine.world.pick(bot)
        if isinstance(update, str):
            return self.engine.queue_text(account, update)
        broken = dict(BROKEN_UPDATE) if update is None else json.loads(json.dumps(update))
        return self.engine.queue(account, broken)

    def messages(
        self, bot: int | None = None, chat: int | None = None, after_update: int = 0
    ) -> list[Message]:
        """What was written (and not deleted), oldest first; after an update's message if named."""
        account = self.engine.world.pick(bot)
        first = account.message_of_update.get(after_update, 0)
        return [
            message
            for message in account.messages[first:]
            if not message.deleted and (chat is None or message.chat == chat)
        ]

    async def replies(
        self,
        after_update: int = 0,
        bot: int | None = None,
        chat: int | None = None,
        count: int = 1,
        patience: float = 10.0,
    ) -> list[Document]:
        """What the bot wrote after an update; waits `patience` seconds for `count` messages."""

        def look() -> list[Document] | None:
            found = self._written_by_bot(after_update, bot, chat)
            return found if len(found) >= count else None

        found = await self.engine.wait_for(look, patience)
        return self._written_by_bot(after_update, bot, chat) if found is None else found

    async def polling(
        self, bot: int | None = None, more_than: int = 0, patience: float = 10.0
    ) -> bool:
        """Wait until more than so many polls were seen and a live one waits."""

        def look() -> bool | None:
            if bot is None and not self.engine.world.accounts:
                return None
            account = self.engine.world.pick(bot)
            enough = account.statistics.polls > more_than
            return True if enough and self.engine.is_polling(account) else None

        return bool(await self.engine.wait_for(look, patience))

    def revoke(self, bot: int | None = None) -> None:
        """Refuse the bot's token from now on; its waiting poll gets an empty answer first."""
        account = self.engine.world.pick(bot)
        account.revoked = True
        self.engine.settle(account, account.rules.end(self.engine.now()))

    def restore(self, bot: int | None = None) -> None:
        """Accept the bot's token again, and undo logOut and close."""
        account = self.engine.world.pick(bot)
        account.revoked = False
        account.logged_out_until = account.closing_until = float("-inf")
        self.engine.settle(account, [])

    def fault(self, request: Mapping[str, object]) -> Document:
        """Add a fault (see `faults.py`)."""
        now = self.engine.now()
        return self.engine.faults.add(request, now).describe(now)

    def faults(self) -> list[Document]:
        """The faults in force."""
        now = self.engine.now()
        return [fault.describe(now) for fault in self.engine.faults.list(now)]

    def clear_faults(self, fault: int | None = None) -> int:
        """End one fault or all; what hangs goes on."""
        ended = self.engine.faults.clear(fault)
        self.engine.announce()
        return ended

    def start_rival(self, bot: int | None = None, seconds: float | None = None) -> None:
        """Let a second instance poll this bot's token, for some seconds or until stopped."""
        account = self.engine.world.pick(bot)
        self.stop_rival(account.id)
        task = asyncio.get_running_loop().create_task(run_rival(self.engine, account, seconds))
        self._rivals[account.id] = task

    def stop_rival(self, bot: int | None = None) -> bool:
        """End the rival, as a kill would. Returns whether there was one."""
        rival = self._rivals.pop(self.engine.world.pick(bot).id, None)
        return rival is not None and rival.cancel()

    def stop_rivals(self) -> None:
        """End every rival."""
        for bot in list(self._rivals):
            self.stop_rival(bot)

    def statistics(self, bot: int | None = None) -> Document:
        """The figures of one bot, with times as Unix time."""
        account, now = self.engine.world.pick(bot), self.engine.now()
        return _describe(account) | account.statistics.describe(now, self.engine.to_wall)

    def all_statistics(self) -> Document:
        """The figures of every bot, and their sums."""
        bots = {str(bot): self.statistics(bot) for bot in self.engine.world.accounts}
        sums = {key: sum(_number(bots[bot][key]) for bot in bots) for key in _SUMMED}
        return {"now": time.time(), **sums, "bots": bots}

    def _written_by_bot(
        self, after_update: int, bot: int | None, chat: int | None
    ) -> list[Document]:
        return [m.document for m in self.messages(bot, chat, after_update) if m.from_bot]


_SUMMED = (
    "polls",
    "conflicts",
    "conflicts_unseen",
    "webhook_conflicts",
    "overlaps",
    "overlap_seconds",
    "updates_delivered",
    "updates_confirmed",
    "messages_sent",
)


def _describe(account: Account) -> Document:
    return {
        "bot": account.id,
        "updates_pending": len(account.queue),
        "updates_confirmed": account.queue.confirmed,
        "messages_sent": account.sent,
        "messages_edited": account.edited,
        "calls": dict(account.calls),
        "revoked": account.revoked,
        "webhook": bool(account.rules.webhook),
        "deliveries": account.webhook.delivered if account.webhook else 0,
        "deliveries_failed": account.webhook.failed if account.webhook else 0,
    }


def _number(value: object) -> float:
    return value if isinstance(value, int | float) else 0
