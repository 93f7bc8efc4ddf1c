"""Sending one notice from any program: without the library, without polling, once.

A long text is sent in several messages, in order. Where Telegram asks for patience, it gets it;
what did surely not arrive is tried again; what may have arrived is not, and the error says so.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bot.access import read_api_root, read_token
from bot.api import Api, ApiError, Refused, Unknown, patiently
from bot.env_file import read_env_file
from bot.environment import Reader
from bot.notices.settings import read_notices
from bot.parting import all_parts

MOST_MESSAGES = 10  # of one notice: more is a flood


class NotifyError(Exception):
    """A notice that did not arrive as a whole; the text says why and has no secret in it.

    `delivered` messages of it have arrived; of the next one that is not known if `doubtful`.
    """

    def __init__(self, text: str, delivered: int = 0, *, doubtful: bool = False) -> None:
        super().__init__(text)
        self.delivered = delivered
        self.doubtful = doubtful


class Misconfigured(NotifyError):
    """No token or no chat, or one that is wrong: a person must act."""


class TokenRefused(NotifyError):
    """Telegram does not take the token."""


_REFUSALS = {
    400: Misconfigured,  # such as "chat not found"
    401: TokenRefused,
    403: Misconfigured,  # such as "bot was blocked by the user"
    404: TokenRefused,
}


def notify(
    text: str,
    chat: str | int | None = None,
    *,
    seconds: float = 60.0,
    environ: Mapping[str, str] = os.environ,
) -> int:
    """Send `text` to `chat` (TG_CHAT_ID if None), and return how many messages it took.

    Takes `seconds` at most, and a few for the call under way. 0 is returned when TG_ENABLED is
    false: nothing was sent. Raises NotifyError.
    """
    api, told = _prepare(environ, chat)
    if not told:
        return 0
    parts = list(all_parts(_clean(text)))
    if not parts:
        raise NotifyError("there is no text to send")
    if len(parts) > MOST_MESSAGES:
        parts = [*parts[: MOST_MESSAGES - 1], "… (the rest was left out)"]
    for number, part in enumerate(parts):
        _send(api, told, part, seconds, number)
    return len(parts)


async def notify_async(text: str, chat: str | int | None = None, **options: Any) -> int:
    """`notify` for programs with an event loop, which goes on meanwhile."""
    import asyncio  # whoever calls this has it already; nobody else waits for it

    return await asyncio.to_thread(notify, text, chat, **options)


def _prepare(environ: Mapping[str, str], chat: str | int | None) -> tuple[Api, str]:
    """Whom to ask, and the chat; an empty one while notices are switched off."""
    file = read_env_file(Path(".env"))
    reader = Reader(environ, file.values, file.lines, file.name)
    token, root, settings = read_token(reader), read_api_root(reader), read_notices(reader)
    problems = [*file.problems, *reader.problems]
    told = settings.chat if chat is None else str(chat)
    if settings.enabled and not told:
        problems.append("no chat: set TG_CHAT_ID, or name one")
    if problems:
        raise Misconfigured("; ".join(problems))
    return Api(root, token), told if settings.enabled else ""


def _send(api: Api, chat: str, text: str, seconds: float, delivered: int) -> None:
    message = {"chat_id": chat, "text": text, "link_preview_options": {"is_disabled": True}}
    try:
        patiently(lambda: api.call("sendMessage", message), seconds)
    except Refused as error:
        kind = _REFUSALS.get(error.status, NotifyError)
        raise kind(f"Telegram says no: {error}", delivered) from None
    except Unknown as error:
        doubt = f"it is not known whether it arrived: {error}"
        raise NotifyError(doubt, delivered, doubtful=True) from None
    except ApiError as error:
        raise NotifyError(f"not sent: {error}", delivered) from None


def _clean(text: str) -> str:
    """Without halves of signs, which no server takes; two that belong together are joined."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
