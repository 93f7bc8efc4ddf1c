"""The world of the sandbox: bots with their tokens, users, chats, and what was written in them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from bot.sandbox.answers import refuse
from bot.sandbox.rules import PollingRules
from bot.sandbox.statistics import PollStatistics
from bot.sandbox.updates import UpdateQueue
from bot.sandbox.webhook import Webhook
from bot.serving import Answer

TOKEN_SHAPE = re.compile(r"(\d{1,20}):[A-Za-z0-9_-]{24,}", re.ASCII)
MAXIMUM_TOKEN = 100

# How long Telegram refuses a bot that logged out, in seconds (the Bot API's page on logOut).
LOGGED_OUT_FOR = 600.0

# How long an instance that was closed takes to go, in seconds; after that the bot works again.
CLOSING_FOR = 1.0

Document = dict[str, object]


class UnknownName(Exception):
    """A bot, user, chat or message that the sandbox does not know; the text names it."""


@dataclass(slots=True)
class Message:
    """One message in a chat; `document` is what the Bot API shows of it."""

    id: int
    chat: int
    from_bot: bool
    document: Document
    deleted: bool = False


@dataclass(slots=True)
class Account:
    """One bot: its polling, its messages, and what was revoked."""

    id: int
    queue: UpdateQueue = field(default_factory=UpdateQueue)
    rules: PollingRules = field(init=False)
    statistics: PollStatistics = field(default_factory=PollStatistics)
    messages: list[Message] = field(default_factory=list)
    commands: list[object] = field(default_factory=list)
    webhook: Webhook | None = None
    message_of_update: dict[int, int] = field(default_factory=dict)
    revoked: bool = False
    closing_until: float = float("-inf")
    logged_out_until: float = float("-inf")
    sent: int = 0
    edited: int = 0
    calls: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.rules = PollingRules(self.queue)

    def profile(self) -> Document:
        """The bot as a user."""
        return {
            "id": self.id,
            "is_bot": True,
            "first_name": f"Sandbox bot {self.id}",
            "username": f"sandbox_{self.id}_bot",
        }

    def refusal(self, now: float) -> Answer | None:
        """Why this bot may call nothing at the moment."""
        if self.revoked:
            return refuse(401)
        if now < self.logged_out_until:
            return refuse(400, "Logged out")
        if now < self.closing_until:
            return refuse(500, "Internal Server Error: restart")
        return None

    def write(self, chat: int, from_bot: bool, content: Document) -> Message:
        """Add a message to a chat; `content` lacks only its `message_id`."""
        message_id = len(self.messages) + 1
        message = Message(message_id, chat, from_bot, {"message_id": message_id} | content)
        self.messages.append(message)
        return message

    def find(self, chat: int, message_id: int) -> Message | None:
        """The message with this id in this chat, unless it was deleted."""
        if not 1 <= message_id <= len(self.messages):
            return None
        message = self.messages[message_id - 1]
        return message if message.chat == chat and not message.deleted else None

    def message(self, message_id: int) -> Message:
        """The message with this id. Raises UnknownName."""
        if not 1 <= message_id <= len(self.messages):
            raise UnknownName(f"no message {message_id}: there are {len(self.messages)}")
        return self.messages[message_id - 1]

    def count_call(self, method: str) -> None:
        """Remember that a known method was called."""
        self.calls[method] = self.calls.get(method, 0) + 1


class World:
    """Every account, user and chat. Tokens are kept only to compare them, and never shown."""

    def __init__(self, tokens: tuple[str, ...] = (), first_update: int = 1) -> None:
        self._listed = frozenset(tokens)
        self._first_update = first_update
        self.accounts: dict[int, Account] = {}
        self.users: dict[int, Document] = {}
        self.chats: dict[int, Document] = {}
        for token in tokens:
            self.account(read_bot_id(token))

    def account(self, bot_id: int) -> Account:
        """The account of this bot, made when it is first named."""
        if bot_id not in self.accounts:
            self.accounts[bot_id] = Account(bot_id, UpdateQueue(self._first_update))
        return self.accounts[bot_id]

    def log_in(self, token: str) -> Account | Answer:
        """The account that a token opens, or the answer to a token that opens none."""
        if len(token) > MAXIMUM_TOKEN or not TOKEN_SHAPE.fullmatch(token):
            return refuse(404)
        if self._listed and token not in self._listed:
            return refuse(401)
        return self.account(read_bot_id(token))

    def pick(self, bot_id: int | None) -> Account:
        """The named bot, or the only one there is. Raises UnknownName."""
        if bot_id is not None:
            return self.account(bot_id)
        if len(self.accounts) == 1:
            return next(iter(self.accounts.values()))
        if not self.accounts:
            raise UnknownName("no bot has called yet: start one, or name it by its id")
        known = ", ".join(str(known) for known in self.accounts)
        raise UnknownName(f"several bots are known: name one by its id ({known})")

    def add_user(self, user_id: int, first_name: str, username: str | None) -> Document:
        """Add or replace a user, with the private chat of the same id."""
        user: Document = {"id": user_id, "is_bot": False, "first_name": first_name}
        if username:
            user["username"] = username
        self.users[user_id] = user
        self.chats[user_id] = {k: v for k, v in user.items() if k != "is_bot"} | {"type": "private"}
        return user

    def add_chat(self, chat_id: int, kind: str, title: str) -> Document:
        """Add or replace a group, supergroup or channel."""
        self.chats[chat_id] = {"id": chat_id, "type": kind, "title": title}
        return self.chats[chat_id]

    def user(self, user_id: int) -> Document:
        """A user. Raises UnknownName."""
        if user_id not in self.users:
            raise UnknownName(f"no user {user_id}: add it first")
        return self.users[user_id]

    def chat(self, chat_id: int) -> Document:
        """A chat. Raises UnknownName."""
        if chat_id not in self.chats:
            raise UnknownName(f"no chat {chat_id}: add it (or the user of this id) first")
        return self.chats[chat_id]


def read_bot_id(token: str) -> int:
    """The part of a token before the colon: the bot's id. Raises ValueError without the token."""
    found = TOKEN_SHAPE.fullmatch(token)
    if not found:
        raise ValueError(
            "not a bot token: it should look like 123456789:AA..., a bot's id, a colon"
            " and at least 24 letters, digits, _ or -"
        )
    return int(found[1])
