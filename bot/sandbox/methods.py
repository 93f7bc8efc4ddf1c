"""The Bot API methods that the sandbox answers, all but getUpdates (see `rules.py`).

Each is a function of a `Call`; it returns the answer and leaves in `call.replies` what becomes due
for the polls. Names are matched without regard to case, as Telegram does.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from bot.sandbox.accounts import CLOSING_FOR, LOGGED_OUT_FOR, Account, Document, Message, World
from bot.sandbox.answers import refuse, succeed
from bot.sandbox.parameters import Parameters
from bot.sandbox.rules import Reply
from bot.sandbox.webhook import BadWebhook, read_webhook
from bot.serving import Answer

MAXIMUM_TEXT = 4096
MAXIMUM_CAPTION = 1024


@dataclass(slots=True)
class Call:
    """One call: who, with what, when (`now` by the sandbox's clock, `date` as Unix time)."""

    world: World
    account: Account
    parameters: Parameters
    now: float
    date: int
    replies: list[Reply] = field(default_factory=list)


class Refused(Exception):
    """The call failed; carries the answer."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


def perform(method: str, call: Call) -> Answer:
    """Answer one call; an unknown method is a 404."""
    handler = METHODS.get(method.lower())
    if handler is None:
        return refuse(404)
    try:
        return handler(call)
    except Refused as refused:
        return refused.answer


def get_me(call: Call) -> Answer:
    """The bot itself."""
    abilities = {
        "can_join_groups": True,
        "can_read_all_group_messages": False,
        "supports_inline_queries": False,
        "can_connect_to_business": False,
        "has_main_web_app": False,
    }
    return succeed(call.account.profile() | abilities)


def send_message(call: Call) -> Answer:
    """Write a text in a chat."""
    text = _require_text(call)
    content = _begin_message(call) | {"text": text} | _entities(text)
    return _send(call, content | _markup(call))


def send_document(call: Call) -> Answer:
    """Write a file in a chat; only its name and size are kept."""
    caption = call.parameters.text("caption")
    if len(caption) > MAXIMUM_CAPTION:
        raise Refused(refuse(400, "Bad Request: message caption is too long"))
    content = _begin_message(call) | {"document": _document(call)}
    return _send(call, content | ({"caption": caption} if caption else {}) | _markup(call))


def edit_message_text(call: Call) -> Answer:
    """Replace the text of one of the bot's messages."""
    message, text = _find_message(call, "edit"), _require_text(call)
    if not message.from_bot:
        raise Refused(refuse(400, "Bad Request: message can't be edited"))
    changes = {"text": text, "edit_date": call.date} | _entities(text) | _markup(call)
    unchanged = message.document.get("text") == text
    if unchanged and message.document.get("reply_markup") == changes.get("reply_markup"):
        raise Refused(refuse(400, _NOT_MODIFIED))
    message.document = {k: v for k, v in message.document.items() if k not in _EDITED} | changes
    call.account.edited += 1
    return succeed(message.document)


def delete_message(call: Call) -> Answer:
    """Delete a message."""
    _find_message(call, "delete").deleted = True
    return succeed(True)


def send_chat_action(call: Call) -> Answer:
    """Accept "typing" and its like."""
    _require_chat(call)
    return succeed(True)


def accept(_call: Call) -> Answer:
    """Accept a call that changes nothing here."""
    return succeed(True)


def get_chat(call: Call) -> Answer:
    """A chat in full, as far as the sandbox knows it."""
    full = {
        "accent_color_id": 0,
        "max_reaction_count": 11,
        "accepted_gift_types": dict.fromkeys(_GIFTS, False),
    }
    return succeed(_require_chat(call) | full)


def set_webhook(call: Call) -> Answer:
    """Set or (with an empty url) remove the webhook. The engine sees to the deliveries."""
    if not call.parameters.text("url"):
        return delete_webhook(call)
    try:
        call.account.webhook = webhook = read_webhook(call.parameters)
    except BadWebhook as error:
        raise Refused(refuse(400, str(error))) from None
    call.replies += call.account.rules.set_webhook(webhook.url, call.now)
    _drop_pending(call)
    return succeed(True, "Webhook was set")


def delete_webhook(call: Call) -> Answer:
    """Remove the webhook, so that polling is allowed again."""
    had_one = bool(call.account.rules.webhook)
    call.account.webhook = None
    call.replies += call.account.rules.set_webhook("", call.now)
    _drop_pending(call)
    return succeed(True, "Webhook was deleted" if had_one else "Webhook is already deleted")


def get_webhook_info(call: Call) -> Answer:
    """The webhook, and how many updates wait."""
    webhook = call.account.webhook
    info: Document = {
        "url": call.account.rules.webhook,
        "has_custom_certificate": False,
        "pending_update_count": len(call.account.queue),
    }
    return succeed(info | (webhook.describe() if webhook else {}))


def set_my_commands(call: Call) -> Answer:
    """Remember the bot's menu of commands."""
    commands = call.parameters.document("commands")
    if not isinstance(commands, list):
        raise Refused(refuse(400, "Bad Request: can't parse commands JSON object"))
    call.account.commands = commands
    return succeed(True)


def get_my_commands(call: Call) -> Answer:
    """The menu as it was set."""
    return succeed(call.account.commands)


def delete_my_commands(call: Call) -> Answer:
    """Empty the menu."""
    call.account.commands = []
    return succeed(True)


def log_out(call: Call) -> Answer:
    """Leave this server: every later call is refused with 400 for ten minutes."""
    call.account.logged_out_until = call.now + LOGGED_OUT_FOR
    call.replies += call.account.rules.end(call.now)
    return succeed(True)


def close(call: Call) -> Answer:
    """Close this instance: calls meet the restart for a moment, then the bot works again."""
    call.account.closing_until = call.now + CLOSING_FOR
    call.replies += call.account.rules.end(call.now)
    return succeed(True)


def _send(call: Call, content: Document) -> Answer:
    chat = call.parameters.integer("chat_id")
    call.account.sent += 1
    return succeed(call.account.write(chat, True, content).document)


def _begin_message(call: Call) -> Document:
    chat = _require_chat(call)
    content = {"from": call.account.profile(), "chat": chat, "date": call.date}
    return content | _reply_to(call)


def _reply_to(call: Call) -> Document:
    found = call.parameters.document("reply_parameters")
    if not isinstance(found, dict) or not isinstance(found.get("message_id"), int):
        return {}
    chat = call.parameters.integer("chat_id")
    original = call.account.find(chat, found["message_id"])
    return {"reply_to_message": original.document} if original else {}


def _require_chat(call: Call) -> Document:
    if not call.parameters.text("chat_id"):
        raise Refused(refuse(400, "Bad Request: chat_id is empty"))
    chat = call.world.chats.get(call.parameters.integer("chat_id"))
    if chat is None:
        raise Refused(refuse(400, "Bad Request: chat not found"))
    return chat


def _require_text(call: Call) -> str:
    text = call.parameters.text("text").strip()
    if not text:
        raise Refused(refuse(400, "Bad Request: message text is empty"))
    if len(text) > MAXIMUM_TEXT:
        raise Refused(refuse(400, "Bad Request: message is too long"))
    return text


def _find_message(call: Call, verb: str) -> Message:
    chat = call.parameters.integer("chat_id")
    message = call.account.find(chat, call.parameters.integer("message_id"))
    if message is None:
        raise Refused(refuse(400, f"Bad Request: message to {verb} not found"))
    return message


def _markup(call: Call) -> Document:
    markup = call.parameters.document("reply_markup")
    inline = isinstance(markup, dict) and "inline_keyboard" in markup
    return {"reply_markup": markup} if inline else {}


def _document(call: Call) -> Document:
    name, size = call.parameters.files.get("document", (call.parameters.text("document"), 0))
    if not name:
        raise Refused(refuse(400, "Bad Request: there is no document in the request"))
    file_id = f"sandbox-{len(call.account.messages) + 1}"
    return {"file_id": file_id, "file_unique_id": file_id, "file_name": name, "file_size": size}


def _drop_pending(call: Call) -> None:
    if call.parameters.truth("drop_pending_updates"):
        call.account.queue.drop_all()


def _entities(text: str) -> Document:
    entities = find_commands(text)
    return {"entities": entities} if entities else {}


def find_commands(text: str) -> list[Document]:
    """The bot commands in a text, with offsets in UTF-16 units as the Bot API counts."""
    return [
        {
            "type": "bot_command",
            "offset": len(text[: found.start(1)].encode("utf-16-le")) // 2,
            "length": len(found[1]),
        }
        for found in re.finditer(r"(?:^|(?<=\s))(/[A-Za-z0-9_]{1,32}(?:@\w+)?)", text, re.ASCII)
    ]


_GIFTS = (
    "unlimited_gifts",
    "limited_gifts",
    "unique_gifts",
    "premium_subscription",
    "gifts_from_channels",
)
_EDITED = frozenset({"text", "entities", "reply_markup", "edit_date"})
_NOT_MODIFIED = (
    "Bad Request: message is not modified: specified new message content and reply markup "
    "are exactly the same as a current content and reply markup of the message"
)

METHODS: dict[str, Callable[[Call], Answer]] = {
    "getme": get_me,
    "sendmessage": send_message,
    "senddocument": send_document,
    "editmessagetext": edit_message_text,
    "deletemessage": delete_message,
    "sendchataction": send_chat_action,
    "answercallbackquery": accept,
    "getchat": get_chat,
    "setwebhook": set_webhook,
    "deletewebhook": delete_webhook,
    "getwebhookinfo": get_webhook_info,
    "setmycommands": set_my_commands,
    "getmycommands": get_my_commands,
    "deletemycommands": delete_my_commands,
    "logout": log_out,
    "close": close,
}
