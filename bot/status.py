"""What /status says: the bot's own view of itself, and the watchdog's, if one is there.

The watchdog is asked at its control socket, as any program may that it started: it hands down the
address (SUPERVISOR_SERVER_URL) and the program's name (WATCHDOG_PROGRAM). The two views are kept
apart on purpose: a bot that takes itself for well may be known better from outside.
"""

import asyncio
import time
from collections.abc import Mapping
from typing import Any

from bot.report import Reporter
from bot.supervisor import Unanswered, ask_watchdog
from bot.times import duration, stamp

PROGRAM = "WATCHDOG_PROGRAM"
SERVER = "SUPERVISOR_SERVER_URL"
# What is told to everybody: the bot's owner may not have made a list yet.
_NAMES_NO_HOST = ("rival", "loop", "handler", "poison")
_TITLES = {"panic": "panic (one-time codes, OTP)"}  # in the words of those who look for it


def bot_view(reporter: Reporter, listed: bool) -> list[str]:
    """The health document as a few lines for a person; reasons name hosts, and are for `listed`."""
    _, document = reporter.document()
    queue = document["queue"]
    lines = [
        f"status: {document['status']}",
        f"pid {document['pid']}, up {duration(document['uptime_seconds'])}, "
        f"version {document['version']}",
        _receiving(document),
        f"updates: {queue['updates']}, waiting: {queue['waiting']}, failed: {queue['failed']}",
        f"time: {stamp(time.time())}",
        *(f"{_TITLES.get(name, name)}: {_state(state)}" for name, state in _others(document)),
    ]
    return [*lines, *_reason(document, listed)]


def _reason(document: dict[str, Any], listed: bool) -> list[str]:
    if not document["reason"]:
        return []
    if listed or document["trouble"] in _NAMES_NO_HOST:
        return [document["reason"]]
    return ["why: in the log, in /health, and here for users in ALLOWED_USERS"]


def _receiving(document: dict[str, Any]) -> str:
    webhook, polling = document["webhook"], document["polling"]
    if document["mode"] == "webhook":
        return f"deliveries: {webhook['deliveries']}, waiting at Telegram: {webhook['pending']}"
    return f"polls: {polling['round_trips']}, conflicts: {polling['conflicts']}"


def _others(document: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return [
        item for item in document["capabilities"].items() if item[0] not in ("basics", "guards")
    ]


def _state(state: dict[str, Any]) -> str:
    if not state["on"]:
        return "off"
    return "degraded" if state.get("state") == "degraded" else "on"


async def watchdog_view(environ: Mapping[str, str], listed: bool) -> list[str]:
    """The watchdog's lines for a user, who sees them only if `listed`."""
    url, program = environ.get(SERVER, ""), environ.get(PROGRAM, "")
    if not url or not program:
        return ["watchdog: none, I was not started by one"]
    if not listed:
        return ["watchdog: there is one; only users in ALLOWED_USERS are told more"]
    try:
        status, incidents = await asyncio.to_thread(ask_watchdog, url, program)
        return describe(status, incidents, program)
    except Unanswered as error:
        return [f"watchdog: it should be at {url}, but there is no answer: {error}"]
    except (KeyError, TypeError, ValueError, AttributeError):  # of another version than we know
        return [f"watchdog: there is one at {url}, but its answer makes no sense to me"]


def describe(status: dict[str, Any], incidents: list[dict[str, Any]], program: str) -> list[str]:
    """What the watchdog's answers say of this program, in lines."""
    whole = status["watchdog"]
    lines = [
        f"watchdog: {whole['state']}, pid {whole['pid']}, up {duration(whole['uptime_seconds'])}"
    ]
    mine = next((one for one in status["programs"] if one.get("name") == program), None)
    if mine is None:
        return [*lines, f"it knows no program {program} any more"]
    lines += [
        f"program {program}: {mine['state']}, {mine['health']}, incarnation {mine['incarnation']}, "
        f"up {duration(mine.get('uptime_seconds'))}, restarts: {mine['restarts']}"
    ]
    if mine.get("reason"):
        lines.append(str(mine["reason"]))
    return [*lines, _last(incidents)]


def _last(incidents: list[dict[str, Any]]) -> str:
    if not incidents:
        return "last incident: none is kept"
    last = incidents[0]
    return f"last incident: {stamp(last['at'])}, {last['cause']}: {last['reason']}"
