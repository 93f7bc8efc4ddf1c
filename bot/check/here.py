"""Looks at this machine: is a bot running, and can what it keeps be written? Nothing is changed."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bot.check.asking import Silent, Unreachable, get
from bot.check.holder import look_at_lock
from bot.check.looks import Look
from bot.exits import ExitCode
from bot.os_reasons import os_reason
from bot.settings import Settings
from bot.times import duration


async def look_here(settings: Settings) -> list[Look]:
    """What there is to see without a server."""
    return [await look_at_health(settings), look_at_lock(settings), *look_at_files(settings)]


async def look_at_health(settings: Settings) -> Look:
    """Who answers at the health address: this bot, nobody, or somebody who should not."""
    if not settings.health_port:
        return Look("running", "not known, since HEALTH_PORT is 0")
    try:
        document = (await get(settings.health_url)).document
    except Silent as error:
        return Look("running", f"not known: {error} at {settings.health_url}", ExitCode.TEMPORARY)
    except Unreachable:
        return Look("running", f"no, nobody answers at {settings.health_url}")
    return judge_health(document, settings)


def judge_health(document: Any, settings: Settings) -> Look:
    """What the document at our address says about who has it."""
    where = settings.health_url
    try:
        owner, pid, status = int(document["bot"]["id"]), int(document["pid"]), document["status"]
        told = f"{status}, pid {pid}, up {duration(document['uptime_seconds'])}"
    except (KeyError, TypeError, ValueError):
        said = f"another program answers at {where}; set HEALTH_PORT to a free port"
        return Look("running", said, ExitCode.CONFIG)
    if owner != settings.bot_id:
        said = f"the bot {owner} answers at {where}; set HEALTH_PORT to a free port"
        return Look("running", said, ExitCode.CONFIG)
    reason = f" ({document['reason']})" if document.get("reason") else ""
    return Look("running", f"{told}{reason}, at {where}")


def look_at_files(settings: Settings) -> Iterator[Look]:
    """Whether the files can be written that this bot writes."""
    files = {"database": ("BOT_DATABASE", settings.database_path)}
    if settings.health_port_file:
        files["health port"] = ("HEALTH_PORT_FILE", Path(settings.health_port_file))
    if settings.knowledge.path and not settings.knowledge.url:
        files["notes"] = ("KB_PATH", Path(settings.knowledge.path))
    for what, (name, path) in files.items():
        yield look_at_file(what, name, path)


def look_at_file(what: str, name: str, path: Path) -> Look:
    """Whether `path` is a file that can be written, or could be made."""
    try:
        reason = find_obstacle(path)
    except OSError as error:
        reason = os_reason(error)
    if reason is None:
        return Look(what, str(path))
    return Look(what, f"{path}: {reason}; name another place in {name}", ExitCode.CONFIG)


def find_obstacle(path: Path) -> str | None:
    """Why no file can be written at `path`, if so; raises OSError.

    Directories above it are made when they are needed.
    """
    if path.exists():
        if not path.is_file():
            return "it is no file"
        return None if os.access(path, os.W_OK) else "this user may not write it"
    above = next(parent for parent in path.absolute().parents if parent.exists())
    if not above.is_dir():
        return f"{above} is no directory"
    return None if os.access(above, os.W_OK | os.X_OK) else f"this user may not write in {above}"
