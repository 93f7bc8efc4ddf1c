"""`python -m bot webhook show|delete`: the webhook as Telegram has it, for whoever takes over."""

import time
from collections.abc import Iterator
from typing import Any

from bot.api import Api, ApiError, Refused
from bot.exits import Exit, ExitCode
from bot.settings import Settings
from bot.survey import demand_settings, load_survey
from bot.times import duration
from bot.webhook.settings import host_of


def show() -> ExitCode:
    """Print what getWebhookInfo says."""
    settings = demand_settings(load_survey())
    found = ask(settings, "getWebhookInfo")
    print("\n".join(describe(found, settings.webhook.url, time.time())))
    return ExitCode.CLEAN


def delete() -> ExitCode:
    """Delete the webhook; the updates that wait are kept for whoever comes next."""
    settings = demand_settings(load_survey())
    found = ask(settings, "getWebhookInfo")
    if not found.get("url"):
        print(f"no webhook is set for the bot {settings.bot_id}: it can poll")
        return ExitCode.CLEAN
    ask(settings, "deleteWebhook")
    print(f"the webhook at {host_of(found['url'])} is deleted; {_count(found)}, all are kept")
    return ExitCode.CLEAN


def ask(settings: Settings, method: str) -> dict[str, Any]:
    """The result of a call; raises `Exit` 75 or 77."""
    try:
        result = Api(settings.api_root, settings.token).call(method)
        return result if isinstance(result, dict) else {}
    except Refused as error:
        code = ExitCode.REFUSED if error.status in (401, 404) else ExitCode.TEMPORARY
        raise Exit(code, f"Telegram refuses {method}: {error}") from None
    except ApiError as error:
        raise Exit(ExitCode.TEMPORARY, f"{method}: {error}") from None


def describe(found: dict[str, Any], ours: str, now: float) -> Iterator[str]:
    """What getWebhookInfo says, in lines; `ours` is WEBHOOK_URL, empty if unset."""
    url = str(found.get("url") or "")
    if not url:
        yield "no webhook is set: updates are there for whoever polls"
    else:
        whose = " (WEBHOOK_URL)" if url == ours else ""
        yield f"a webhook is set: {host_of(url)}{whose}"
        yield f"at once: {found.get('max_connections', 40)}"
    yield _count(found)
    if error := found.get("last_error_message"):
        age = duration(max(0.0, now - float(found.get("last_error_date", now))))
        yield f"the last error: {error}, {age} ago"


def _count(found: dict[str, Any]) -> str:
    return f"updates that wait: {int(found.get('pending_update_count', 0))}"
