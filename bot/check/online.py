"""Looks at the servers that the settings name, all at once, each within a few seconds.

Nothing is sent that changes anything: no message, no note, no issue, no question to an agent that
would cost money, and no panic action.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote

from bot.agents.specs import CallSpec, EndpointSpec
from bot.check.asking import PATIENCE, Answer, Unreachable, get
from bot.check.looks import Look
from bot.exits import ExitCode
from bot.github.refusals import Reply, explain
from bot.github.settings import GitHubSettings
from bot.panic.judge import STEP
from bot.settings import Settings
from bot.webhook.settings import host_of

_NOTES = "notes"


async def look_online(settings: Settings) -> list[Look]:
    """Every server that is set, in the order of the settings."""
    looks: list[Awaitable[list[Look]]] = [_look("Telegram", lambda: look_at_telegram(settings))]
    if settings.knowledge.url:
        looks.append(_look(_NOTES, lambda: look_at_database(settings.knowledge.url)))
    if settings.github.token:
        looks.append(_look("GitHub", lambda: look_at_github(settings.github)))
    looks += [_look(f"agent {one.name}", _look_at_agent(one)) for one in settings.agents.agents]
    return [look for found in await asyncio.gather(*looks) for look in found]


async def _look(what: str, work: Callable[[], Awaitable[list[Look]]]) -> list[Look]:
    try:
        return await work()
    except Unreachable as error:
        return [Look(what, str(error), ExitCode.TEMPORARY)]


async def look_at_telegram(settings: Settings) -> list[Look]:
    """Whether the token is good, the way is free for polling, and the clock is right."""
    root = f"{settings.base_url}{settings.token}"
    me = await get(f"{root}/getMe")
    first = judge_token(me, settings)
    if first.code:
        return [first]
    webhook = await get(f"{root}/getWebhookInfo")
    looks = [first, judge_webhook(webhook, settings), *judge_clock(me, time.time(), settings)]
    if settings.notices.missing is None:
        chat = quote(settings.notices.chat)
        looks.append(judge_chat(await get(f"{root}/getChat?chat_id={chat}"), settings.notices.chat))
    return looks


def judge_chat(answer: Answer, chat: str) -> Look:
    """What getChat says of the chat that notices go to."""
    if answer.status == 200:
        return Look("notices", f"the chat {chat} is there")
    said = f"there is no chat {chat} for this bot; write to it there first, /whoami shows the id"
    later = answer.status == 429 or answer.status >= 500
    if later:
        said = f"getChat has no answer (HTTP {answer.status})"
    return Look("notices", said, ExitCode.TEMPORARY if later else ExitCode.CONFIG)


def judge_token(answer: Answer, settings: Settings) -> Look:
    """What getMe says."""
    what, where = "token", settings.api_root
    if answer.status in (401, 404):
        said = f"{where} refuses it: it was revoked or mistyped; @BotFather has the current one"
        return Look(what, said, ExitCode.REFUSED)
    try:
        name = answer.document["result"]["username"]
    except (KeyError, TypeError):
        said = f"what answers at {where} is no Bot API server (HTTP {answer.status})"
        return Look(what, said, ExitCode.TEMPORARY)
    return Look(what, f"{where} takes it: @{name}, id {settings.bot_id}")


def judge_webhook(answer: Answer, settings: Settings) -> Look:
    """What getWebhookInfo says: a webhook that is somebody else's keeps this bot from starting."""
    try:
        url, waiting = (
            answer.document["result"]["url"],
            answer.document["result"].get("pending_update_count", 0),
        )
    except (KeyError, TypeError):
        said = f"getWebhookInfo has no answer (HTTP {answer.status})"
        return Look("webhook", said, ExitCode.TEMPORARY)
    backlog = f"; updates that wait: {waiting}" if waiting else ""
    said, code = _compare_webhook(url, settings)
    return Look("webhook", said + backlog, code)


def _compare_webhook(url: str, settings: Settings) -> tuple[str, ExitCode]:
    """What a webhook means for a bot that starts with these settings."""
    ours = settings.webhook.url if settings.webhook.on else ""
    if url == ours:
        return "it is as it should be" if url else "none is set", ExitCode.CLEAN
    if not url:
        return "none is set yet; the start sets it", ExitCode.CLEAN
    if settings.take_over:
        return f"{host_of(url)} has it; BOT_TAKE_OVER will take it from there", ExitCode.CLEAN
    said = f"{host_of(url)} has it: this bot would not start; BOT_TAKE_OVER=true if it may"
    return said, ExitCode.CONFIG


def judge_clock(answer: Answer, now: float, settings: Settings) -> Iterable[Look]:
    """One-time codes are made of the time; Telegram's is in the head of its answer."""
    try:
        off = now - parsedate_to_datetime(answer.headers["date"]).timestamp()
    except (KeyError, TypeError, ValueError):
        return
    if abs(off) < STEP:
        yield Look("clock", "this machine and Telegram agree")
        return
    which = "ahead of" if off > 0 else "behind"
    said = f"this machine is {abs(off):.0f} s {which} Telegram; set its clock"
    matters = settings.panic.missing is None
    yield Look("clock", said, ExitCode.CONFIG if matters else ExitCode.CLEAN)


async def look_at_database(url: str) -> list[Look]:
    """Whether the database lets us in; its tables are left to the bot."""
    try:
        from bot.knowledge.postgres_store import try_url
    except ImportError:
        return [Look(_NOTES, "DATABASE_URL needs the package asyncpg", ExitCode.CONFIG)]
    place, refusal, mended_by_waiting = await try_url(url, PATIENCE)
    if refusal is None:
        return [Look(_NOTES, f"{place} lets us in")]
    code = ExitCode.TEMPORARY if mended_by_waiting else ExitCode.CONFIG
    return [Look(_NOTES, f"{place}: {refusal}", code)]


async def look_at_github(settings: GitHubSettings) -> list[Look]:
    """Whether the token is good, and sees the repository."""
    answer = await get(f"{settings.api_url}/rate_limit", settings.token)
    limits_off = answer.status == 404  # an Enterprise Server may have none
    if answer.status != 200 and not limits_off:
        return [_judge_github(answer, settings.api_url)]
    looks = [Look("GitHub", f"{settings.api_url} takes the token")]
    if settings.repository:
        there = await get(f"{settings.api_url}/repos/{settings.repository}", settings.token)
        looks.append(
            Look("GitHub", f"{settings.repository} is there")
            if there.status == 200
            else _judge_github(there, settings.repository)
        )
    return looks


def _judge_github(answer: Answer, place: str) -> Look:
    refusal = explain(Reply(answer.status, answer.headers, answer.document), place, time.time())
    later = answer.status >= 500 or refusal.rest_until
    return Look("GitHub", str(refusal), ExitCode.TEMPORARY if later else ExitCode.CONFIG)


def _look_at_agent(spec: CallSpec | EndpointSpec) -> Callable[[], Awaitable[list[Look]]]:
    async def look() -> list[Look]:
        if isinstance(spec, CallSpec):
            return [Look(f"agent {spec.name}", f"{spec.entry_point} can be called")]
        return [judge_endpoint(await get(f"{spec.url}/models", spec.key), spec)]

    return look


def judge_endpoint(answer: Answer, spec: EndpointSpec) -> Look:
    """What an endpoint says to a question for its models, which costs nothing."""
    what, status = f"agent {spec.name}", answer.status
    if status in (401, 403):
        return Look(what, f"{spec.url} refuses the key (HTTP {status})", ExitCode.CONFIG)
    if 300 <= status < 400:
        said = f"{spec.url} sends elsewhere (HTTP {status}), which no agent follows"
        return Look(what, said, ExitCode.CONFIG)
    if (status >= 500 and status != 501) or status == 429:  # 501: no such question
        return Look(what, f"{spec.url} is out of order (HTTP {status})", ExitCode.TEMPORARY)
    models = _models(answer.document)
    if spec.model in models:
        return Look(what, f"{spec.url} has the model {spec.model}")
    if models:
        return Look(what, f"{spec.url} answers; {spec.model} is not among the models it lists")
    return Look(what, f"{spec.url} answers; it does not say which models it has")


def _models(document: Any) -> set[str]:
    try:
        return {str(model["id"]) for model in document["data"]}
    except (KeyError, TypeError):
        return set()
