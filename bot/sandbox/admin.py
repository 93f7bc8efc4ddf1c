"""The admin API: `/sandbox/...`, JSON in and out, for clients on this machine only.

    GET    /sandbox                  who is there
    POST   /sandbox/users            {"user", "first_name", "username"}
    POST   /sandbox/chats            {"chat", "kind", "title"}
    POST   /sandbox/messages         {"text", "bot", "user", "chat"}: write as a user
    GET    /sandbox/messages         ?bot&chat&after_update
    POST   /sandbox/presses          {"message", "data", "bot", "user"}: press a button
    POST   /sandbox/updates          {"update", "bot"}: a raw update, by default a broken one;
                                     or {"updates"}: many of them
    GET    /sandbox/replies          ?after_update&bot&chat&count&timeout: waits
    GET    /sandbox/polling          ?bot&more_than&timeout: waits
    GET    /sandbox/statistics       ?bot
    GET    /sandbox/faults           POST adds (see `faults.py`), DELETE ?fault clears one or all
    POST   /sandbox/revoke           {"bot"}, and /sandbox/restore
    POST   /sandbox/rival            {"bot", "seconds"}, DELETE ?bot ends it
    DELETE /sandbox/connections      drop every open connection of the Bot API

`bot` is the bot's id; it may be left out while the sandbox knows only one bot. An error is
`{"error": text}` with status 400, 403, 404 or 405.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Mapping

from bot.sandbox.accounts import Message, UnknownName
from bot.sandbox.answers import encode
from bot.sandbox.faults import BadFault
from bot.sandbox.parameters import BadParameters, read_json_object, read_parameters
from bot.sandbox.stage import DEFAULT_NAME, DEFAULT_USER, Stage
from bot.serving import Answer, Request

LONGEST_WAIT = 600.0

Drop = Callable[[], int]


class Fields:
    """The fields of one admin request, checked as they are read. Raises BadParameters."""

    def __init__(self, values: Mapping[str, object]) -> None:
        self.values = values

    def text(self, name: str, default: str | None = None) -> str:
        """A text; required if there is no default."""
        value = self.values.get(name, default)
        if not isinstance(value, str):
            raise BadParameters(f"{name}: found {value!r}, a text is needed")
        return value

    def integer(self, name: str, default: int | None = None) -> int:
        """A whole number; required if there is no default."""
        value = self.optional_integer(name)
        if value is None:
            value = default
        if value is None:
            raise BadParameters(f"{name}: a whole number is needed")
        return value

    def optional_integer(self, name: str) -> int | None:
        """A whole number or None."""
        value = self.optional_number(name)
        return None if value is None else int(value)

    def optional_number(self, name: str) -> float | None:
        """A number or None."""
        value = self.values.get(name)
        if value is None or value == "":
            return None
        try:
            return read_number(str(value))
        except ValueError:
            raise BadParameters(f"{name}: found {value!r}, a number is needed") from None

    def wait(self) -> float:
        """The field `timeout` in seconds, 10 by default."""
        seconds = self.optional_number("timeout")
        return 10.0 if seconds is None else max(0.0, min(seconds, LONGEST_WAIT))


def read_number(text: str) -> float:
    """A finite number from text, whole numbers exactly. Raises ValueError."""
    number = float(text) if "." in text else int(text)
    if not abs(number) < float("inf"):
        raise ValueError(text)
    return number


Route = Callable[[Stage, Fields], object]


async def administer(stage: Stage, drop: Drop, request: Request) -> Answer:
    """Answer one request below `/sandbox`."""
    path = request.path.removeprefix("/sandbox").strip("/")
    if (request.method, path) == ("DELETE", "connections"):
        return Answer(200, encode({"dropped": drop()}))
    route = ROUTES.get((request.method, path))
    if route is None:
        return _find_nothing(request.method, path)
    try:
        result = route(stage, _read_fields(request))
        return Answer(200, encode(await result if inspect.isawaitable(result) else result))
    except (BadParameters, BadFault, UnknownName) as error:
        return _fail(400, str(error))


def _find_nothing(method: str, path: str) -> Answer:
    allowed = [m for m, p in ROUTES if p == path]
    if allowed:
        return _fail(405, f"{method} is not possible here: use {' or '.join(allowed)}")
    known = ", ".join(sorted({f"/sandbox/{p}" for _, p in ROUTES if p}))
    return _fail(404, f"no such path: known are {known}")


def _fail(status: int, text: str) -> Answer:
    return Answer(status, encode({"error": text}))


def _read_fields(request: Request) -> Fields:
    query = read_parameters(request.query, "", b"").values
    return Fields(query | dict(read_json_object(request.body)))


def _present(message: Message) -> dict[str, object]:
    return {"from_bot": message.from_bot} | message.document


def _look(stage: Stage, _fields: Fields) -> object:
    world = stage.engine.world
    return {"bots": list(world.accounts), "users": list(world.users), "chats": list(world.chats)}


def _add_user(stage: Stage, fields: Fields) -> object:
    username = fields.text("username", "") or None
    return stage.add_user(fields.integer("user"), fields.text("first_name", DEFAULT_NAME), username)


def _add_chat(stage: Stage, fields: Fields) -> object:
    kind, title = fields.text("kind", "group"), fields.text("title", "A group")
    return stage.add_chat(fields.integer("chat"), kind, title)


def _send(stage: Stage, fields: Fields) -> object:
    update_id = stage.send(
        fields.text("text"),
        fields.optional_integer("bot"),
        fields.integer("user", DEFAULT_USER),
        fields.optional_integer("chat"),
    )
    return {"update_id": update_id}


def _press(stage: Stage, fields: Fields) -> object:
    user = fields.integer("user", DEFAULT_USER)
    message, data = fields.integer("message"), fields.text("data")
    return {"update_id": stage.press(message, data, fields.optional_integer("bot"), user)}


def _inject(stage: Stage, fields: Fields) -> object:
    updates = fields.values.get("updates", [fields.values.get("update")])
    if not isinstance(updates, list) or not updates:
        raise BadParameters(f"updates: found {updates!r}, a list of updates is needed")
    bot = fields.optional_integer("bot")
    for update in updates:
        if not isinstance(update, dict | str | None):
            raise BadParameters(f"update: found {update!r}, an object or a text is needed")
        last = stage.inject(update, bot)
    return {"update_id": last}


def _messages(stage: Stage, fields: Fields) -> object:
    bot, chat = fields.optional_integer("bot"), fields.optional_integer("chat")
    found = stage.messages(bot, chat, fields.integer("after_update", 0))
    return {"messages": [_present(message) for message in found]}


async def _replies(stage: Stage, fields: Fields) -> object:
    found = await stage.replies(
        fields.integer("after_update", 0),
        fields.optional_integer("bot"),
        fields.optional_integer("chat"),
        fields.integer("count", 1),
        fields.wait(),
    )
    return {"messages": found}


async def _polling(stage: Stage, fields: Fields) -> object:
    bot, more_than = fields.optional_integer("bot"), fields.integer("more_than", 0)
    return {"polling": await stage.polling(bot, more_than, fields.wait())}


def _statistics(stage: Stage, fields: Fields) -> object:
    bot = fields.optional_integer("bot")
    return stage.all_statistics() if bot is None else stage.statistics(bot)


def _fault(stage: Stage, fields: Fields) -> object:
    return stage.fault(fields.values)


def _clear_faults(stage: Stage, fields: Fields) -> object:
    return {"cleared": stage.clear_faults(fields.optional_integer("fault"))}


def _revoke(stage: Stage, fields: Fields) -> object:
    stage.revoke(fields.optional_integer("bot"))
    return {"revoked": True}


def _restore(stage: Stage, fields: Fields) -> object:
    stage.restore(fields.optional_integer("bot"))
    return {"revoked": False}


def _start_rival(stage: Stage, fields: Fields) -> object:
    stage.start_rival(fields.optional_integer("bot"), fields.optional_number("seconds"))
    return {"rival": True}


def _stop_rival(stage: Stage, fields: Fields) -> object:
    return {"stopped": stage.stop_rival(fields.optional_integer("bot"))}


ROUTES: Mapping[tuple[str, str], Callable[[Stage, Fields], object | Awaitable[object]]] = {
    ("GET", ""): _look,
    ("POST", "users"): _add_user,
    ("POST", "chats"): _add_chat,
    ("POST", "messages"): _send,
    ("GET", "messages"): _messages,
    ("POST", "presses"): _press,
    ("POST", "updates"): _inject,
    ("GET", "replies"): _replies,
    ("GET", "polling"): _polling,
    ("GET", "statistics"): _statistics,
    ("POST", "faults"): _fault,
    ("GET", "faults"): lambda stage, _fields: {"faults": stage.faults()},
    ("DELETE", "faults"): _clear_faults,
    ("POST", "revoke"): _revoke,
    ("POST", "restore"): _restore,
    ("POST", "rival"): _start_rival,
    ("DELETE", "rival"): _stop_rival,
}
