"""From a configuration file to a `Config`: the reader is picked, then the schema does the rest.

A reader turns a file into nested tables in the shape of the TOML file and a function that locates
keys. Another format needs another reader and nothing else.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from watchdog.config.alert_options import ALERTS, alerts_of
from watchdog.config.build import Surroundings, build_program
from watchdog.config.errors import ConfigError, Findings, nearest
from watchdog.config.expand import Scope
from watchdog.config.files import read_text
from watchdog.config.held_sockets import check_own_doors
from watchdog.config.house_options import HOUSE_OPTIONS
from watchdog.config.login import read_logins
from watchdog.config.members import name_dependencies
from watchdog.config.model import AlertsConfig, Config, House, IncidentsConfig, ProgramConfig
from watchdog.config.places import (
    SOCKET_LIMIT,
    SOCKET_NAME,
    file_state,
    fits_socket,
    resolve,
)
from watchdog.config.read import Table, check_table, read_section
from watchdog.config.schema import WATCHDOG
from watchdog.config.sensitive import find_secrets
from watchdog.config.together import check_name, check_together

if TYPE_CHECKING:
    from watchdog.config.instances import Template

_ROOT = ("watchdog", "programs", "alerts")
_INI_SUFFIXES = (".ini", ".conf", ".cfg")
_INI_SECTION = re.compile(
    r"^\[(supervisord|supervisorctl|(?:program|group|eventlistener|fcgi-program):[^\]]*)\]", re.M
)


class Origin(Struct, frozen=True):
    """Where tables came from, and what was around them."""

    path: Path | None
    base: Path
    environ: Mapping[str, str]
    default_state: Callable[[], Path]


def load(path: str | Path, environ: Mapping[str, str] | None = None) -> Config:
    """Read a configuration file; `ConfigError` with every problem in it."""
    file = Path(path)
    text = read_text(file)
    environ = os.environ if environ is None else environ
    if is_dialect(file, text):
        from watchdog.config.supervisord.reader import load_dialect  # others need no INI parser

        return load_dialect(file, text, environ)
    from watchdog.config.toml import parse

    tables, locate = parse(str(file), text)
    findings = Findings(str(file), locate)
    return assemble(tables, file_origin(file, environ), findings)


def is_dialect(file: Path, text: str) -> bool:
    """Whether this is a `supervisord.conf`, by its name or by its sections."""
    return file.suffix in _INI_SUFFIXES or _INI_SECTION.search(text) is not None


def file_origin(file: Path, environ: Mapping[str, str]) -> Origin:
    """Relative paths in a file are relative to the directory in which it was found."""
    path = file.absolute()
    return Origin(path, path.parent, environ, lambda: file_state(path, environ))


def assemble(tables: dict[str, Any], origin: Origin, findings: Findings) -> Config:
    """The configuration that these tables describe; `ConfigError` if anything is wrong."""
    _report_unknown(tables, findings)
    scope = Scope((("the environment", origin.environ),))
    raw = tables.get("watchdog", {})
    watchdog = read_section(WATCHDOG, raw, ("watchdog",), scope, findings)
    findings.hide(find_secrets(raw, scope, {}))
    state = _state(watchdog, origin, findings)
    around = Surroundings(origin.base, state, origin.environ)
    named = _named(tables, findings)
    templates = _templates(named, around, findings)
    programs = _programs(named, templates, around, findings)
    socket = _socket(watchdog, state, origin, findings)
    logins = read_logins(watchdog, origin.base, origin.environ, findings)
    alerts = _alerts(tables, scope, origin, findings)
    check_own_doors(programs, watchdog["http"], socket, findings)
    findings.raise_any()
    return Config(
        path=origin.path,
        state=state,
        socket=socket,
        http=watchdog["http"],
        cgroup=watchdog["cgroup"],
        programs=programs,
        login=logins.http,
        socket_login=logins.socket,
        metrics_public=watchdog["metrics_public"],
        incidents=IncidentsConfig(**watchdog["incidents"].values),
        house=_house(watchdog, origin),
        alerts=alerts,
        templates=templates,
    )


def _alerts(
    tables: dict[str, Any], scope: Scope, origin: Origin, findings: Findings
) -> AlertsConfig | None:
    raw = tables.get("alerts")
    table = None if raw is None else read_section(ALERTS, raw, ("alerts",), scope, findings)
    return alerts_of(table, origin.base, origin.environ, findings)


def _report_unknown(tables: dict[str, Any], findings: Findings) -> None:
    for key in tables:
        if key not in _ROOT:
            close = nearest(key, _ROOT)
            hint = f'did you mean "{close}"?' if close else ""
            findings.add((key,), "unknown table", "" if close else ", ".join(_ROOT), hint)


def _state(watchdog: Table, origin: Origin, findings: Findings) -> Path:
    try:
        if watchdog["state"]:
            return resolve(origin.base, watchdog["state"], origin.environ)
        return origin.default_state()
    except ConfigError as error:
        findings.include(error)
        return origin.base


def _socket(watchdog: Table, state: Path, origin: Origin, findings: Findings) -> Path:
    given = watchdog["socket"]
    path = resolve(origin.base, given, origin.environ) if given else state / SOCKET_NAME
    if not fits_socket(path):
        found = f"found a path of {len(os.fsencode(path))} bytes, {path}"
        hint = "set `socket` under [watchdog] to a shorter path, such as /tmp/watchdog-bot.sock"
        allowed = f"at most {SOCKET_LIMIT} bytes, the limit of the system"
        findings.add(("watchdog", "socket"), found, allowed, hint)
    return path


def _house(watchdog: Table, origin: Origin) -> House:
    given = {option.key: watchdog[option.key] for option in HOUSE_OPTIONS}
    for key in ("log", "pidfile"):
        if given[key] is not None:
            given[key] = resolve(origin.base, given[key], origin.environ)
    return House(**given)


def _named(tables: dict[str, Any], findings: Findings) -> dict[str, Any]:
    named = check_table(tables.get("programs", {}), ("programs",), findings)
    if not named and isinstance(tables.get("programs", {}), dict):
        hint = 'add a table such as [programs.bot] with command = ["python", "-m", "bot"]'
        findings.add(("programs",), "there is no program", hint=hint)
    for name in named:
        check_name(name, findings)
    return named


def _templates(
    named: dict[str, Any], around: Surroundings, findings: Findings
) -> dict[str, Template]:
    """The tables that stand for several programs."""
    found = {
        name: raw for name, raw in named.items() if isinstance(raw, dict) and "instances" in raw
    }
    if not found:
        return {}
    from watchdog.config.instances import read_template  # others need nothing of it

    return {name: read_template(name, raw, around, findings) for name, raw in found.items()}


def _programs(
    named: dict[str, Any],
    templates: Mapping[str, Template],
    around: Surroundings,
    findings: Findings,
) -> tuple[ProgramConfig, ...]:
    programs: list[ProgramConfig] = []
    for name, raw in named.items():
        if name in templates:
            from watchdog.config.instances import build_all

            programs += build_all(templates[name], templates[name].count, findings)
        else:
            programs.append(build_program(name, raw, around, findings))
    return finish(programs, templates, findings)


def finish(
    programs: Iterable[ProgramConfig], templates: Iterable[str], findings: Findings
) -> tuple[ProgramConfig, ...]:
    """The programs as they are together: what is wrong between them is noted."""
    found = name_dependencies(programs, templates)
    check_together(found, findings)
    for program in found:
        findings.hide(program.secrets)
    return found
