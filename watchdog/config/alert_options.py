"""The options of [alerts], and the URLs that they name.

A URL holds a token or a password, so none is ever shown: neither in an error nor in a `repr`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from watchdog.config import kinds
from watchdog.config.errors import ConfigError, Findings
from watchdog.config.files import read_text
from watchdog.config.kinds import Kind, Unfit
from watchdog.config.model import AlertsConfig
from watchdog.config.options import PATH, option, section
from watchdog.config.places import resolve
from watchdog.config.read import Table
from watchdog.config.secret import SHORTEST

KINDS = (
    "down",
    "recovered",
    "crash-loop",
    "conflict",
    "adopted",
    "standby",
    "drill",
    "watchdog",
)
ORDINARY = [kind for kind in KINDS if kind != "adopted"]
"""Told by default. An adoption harms nobody, and "watchdog" tells why there was one."""

MOST_URLS = 100
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://\S+")
_FORM = "apprise URLs such as tgram://TOKEN/CHAT"


def kinds_of_alert() -> Kind:
    """A list of words out of `KINDS`."""

    def read(value: Any) -> frozenset[str]:
        return frozenset(kinds.each(kinds.choice(*KINDS).read, value))

    return Kind("a list of " + ", ".join(f'"{kind}"' for kind in KINDS), read)


def urls() -> Kind:
    """A list of URLs. Whether a service takes them is for apprise to say."""

    def read(value: Any) -> tuple[str, ...]:
        found = tuple(dict.fromkeys(kinds.each(read_url, value)))
        if len(found) > MOST_URLS:
            raise Unfit(f"there are more than {MOST_URLS}")
        return found

    return Kind(f"a list of {_FORM}", read)


def read_url(value: Any) -> str:
    """One URL."""
    if not _URL.fullmatch(text := kinds.read_text(value).strip()):
        raise Unfit("it begins with the name of a service and ://, and has no spaces in it")
    return text


ALERTS = section(
    "alerts",
    "Who is told when something happens, through apprise (docs/alerts.md). A change takes effect "
    "at the watchdog's next start or upgrade.",
    option(
        "urls",
        urls(),
        [],
        "Where alerts go to. They hold secrets: better a variable, or `urls_file`.",
        example='["tgram://${ALERT_TOKEN}/${ALERT_CHAT}"]',
        private=True,
    ),
    option(
        "urls_file",
        PATH,
        None,
        "A file with more of them, one a line; `#` begins a comment, nothing is expanded.",
        example='"/etc/watchdog/alerts"',
        unset="none",
    ),
    option(
        "on",
        kinds_of_alert(),
        ORDINARY,
        "What is told: a program is down, or up again; it is in a crash loop; somebody else does "
        "its work elsewhere; it was adopted; a standby took over; a drill's result; the watchdog "
        "itself was gone.",
    ),
    option(
        "after",
        kinds.duration(),
        "10s",
        "So long a program must be down, or up again, before that is told. A crash loop, and what "
        "will not come back by itself, is told at once.",
    ),
    option(
        "group",
        kinds.duration(0, 3600),
        "10s",
        "What happens within this time goes into one message.",
    ),
    option(
        "limit",
        kinds.integer(1, 10_000),
        20,
        "At most so many messages within an hour; what is over is summed up in a later one.",
    ),
    option(
        "repeat",
        kinds.duration(60),
        None,
        "Tell again, this often, that a program is still down.",
        example='"1h"',
        unset="never",
    ),
    option(
        "title",
        kinds.text(),
        None,
        "How messages call this watchdog.",
        example='"the bots in Lisbon"',
        unset="`watchdog on <host name>`",
    ),
    optional=True,
)


def alerts_of(
    table: Table | None, base: Path, environ: Mapping[str, str], findings: Findings
) -> AlertsConfig | None:
    """Who is told; None if nobody is. What is wrong is noted."""
    if table is None:
        return None
    values = dict(table.values)
    listed = _listed(table, base, environ, findings)
    urls = values["urls"] = tuple(dict.fromkeys((*values["urls"], *listed)))
    del values["urls_file"]
    findings.hide(part for url in urls for part in parts_of_url(url))
    if not urls and not {"urls", "urls_file"} & table.given:
        found, hint = "there are neither urls nor urls_file", "say where alerts go to"
        findings.add(table.path, found, hint=hint)
    return AlertsConfig(**values)


def _listed(
    table: Table, base: Path, environ: Mapping[str, str], findings: Findings
) -> tuple[str, ...]:
    """The URLs of the file."""
    if not table["urls_file"]:
        return ()
    path, key = resolve(base, table["urls_file"], environ), (*table.path, "urls_file")
    try:
        lines = [line.strip() for line in read_text(path).splitlines()]
    except ConfigError as error:
        findings.add(key, f"{path}: {error.problems[0].found}", hint="write the URLs into it")
        return ()
    return tuple(
        line
        for number, line in enumerate(lines, 1)
        if line and not line.startswith("#") and _is_fit(line, f"{path}:{number}", key, findings)
    )


def _is_fit(line: str, where: str, key: tuple[str | int, ...], findings: Findings) -> bool:
    try:
        read_url(line)
    except Unfit as error:
        findings.add(key, f"{where}: a line that is no URL (not shown)", _FORM, str(error))
        return False
    return True


def parts_of_url(url: str) -> frozenset[str]:
    """All of a URL that may be secret: itself, and its longer pieces, as written and decoded."""
    pieces = re.split(r"[/:@?&=,]+", url.partition("://")[2])
    found = {url, *pieces, *map(unquote, pieces)}
    return frozenset(text for text in found if len(text) >= SHORTEST)
