"""All of it, in order: from the text of a `supervisord.conf` to tables, and to a `Config`."""

from __future__ import annotations

import platform
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from msgspec.structs import replace

from watchdog.config.errors import ConfigError, nearest
from watchdog.config.loading import Origin, assemble, file_origin
from watchdog.config.model import Config
from watchdog.config.supervisord import own
from watchdog.config.supervisord.document import Document, read_document
from watchdog.config.supervisord.expansion import ENV
from watchdog.config.supervisord.groups import Group, read_groups
from watchdog.config.supervisord.house import here_of, read_house
from watchdog.config.supervisord.known import note_unknown
from watchdog.config.supervisord.naming import DialectFindings
from watchdog.config.supervisord.processes import Process
from watchdog.config.supervisord.reading import Reading
from watchdog.config.supervisord.translate import BadCommand, Setting, translate
from watchdog.config.supervisord.variables import Placeholders, double_dollars

Tables = dict[str, Any]
_NO_PATHS = {None, "merge", "separate", "state", "discard"}


class Dialect(NamedTuple):
    """A file that was read: our tables, and what else is known of it."""

    tables: Tables
    document: Document
    sections: dict[str, str]  # of each program, by its name in the tables
    notes: tuple[str, ...]


def load_dialect(file: Path, text: str, environ: Mapping[str, str]) -> Config:
    """The configuration; `ConfigError` with all that is wrong."""
    dialect = read_dialect(file, text, environ)
    findings = DialectFindings(dialect.document, dialect.sections)
    config = assemble(dialect.tables, origin_of(file, environ), findings)
    return replace(config, notes=dialect.notes)


def origin_of(file: Path, environ: Mapping[str, str]) -> Origin:
    """Relative paths are relative to where supervisord is started, not to the file."""
    origin = file_origin(file, environ)
    return replace(origin, base=Path.cwd())


def read_dialect(file: Path, text: str, environ: Mapping[str, str]) -> Dialect:
    """Our tables for the file; texts that came from the environment are `${NAME}` in them."""
    placeholders = Placeholders(environ)
    plain = _read(file, text, environ)
    try:
        named = _read(file, text, placeholders.environ()).tables
    except ConfigError:  # where a number was wanted, a placeholder is none
        named = {}
    return plain._replace(tables=placeholders.merge(plain.tables, named))


def _read(file: Path, text: str, environ: Mapping[str, str]) -> Dialect:
    """One reading, with these variables."""
    names = {
        "here": here_of(str(file)),
        "host_node_name": platform.node(),
        **{ENV + name: value for name, value in environ.items()},
    }
    document = read_document(file, text, names)
    reading = Reading(document, names)
    house = read_house(reading, str(Path.cwd()))
    groups = read_groups(reading)
    sections: dict[str, str] = {}
    programs: Tables = {}
    for group, process in _each(groups):
        if process.key in programs:
            reading.note(process.section, "", f"a second {process.key}; this one counts")
        table = _translate(reading, process, group, house.setting)
        programs[process.key] = table
        sections[process.key] = process.section
    _check_own(reading, groups)
    _share_logs(programs)
    note_unknown(reading)
    reading.raise_any()
    watchdog = own.merge(double_dollars(house.table), own.read_own(reading, own.SECTION, names))
    reading.raise_any()
    tables = {"watchdog": watchdog, "programs": programs}
    if "alerts" in watchdog:  # written `alerts.urls = [...]`: a section of it would name a program
        tables["alerts"] = watchdog.pop("alerts")
    return Dialect(tables, document, sections, tuple(reading.notes))


def _each(groups: Iterable[Group]) -> Iterable[tuple[Group, Process]]:
    return ((group, process) for group in groups for process in group.processes)


def _translate(reading: Reading, process: Process, group: Group, setting: Setting) -> Tables:
    """The table of a process, with our own keys for it over it."""
    try:
        table: Tables = double_dollars(translate(process, group, setting))
    except BadCommand as error:
        if not reading.has_complained(process.section, "command"):  # else there is none to judge
            reading.complain(process.section, "command", str(error))
        return {}
    if process.stdout.syslog or process.stderr.syslog:
        reading.note(process.section, "stdout_syslog", "no syslog is written to, only the log")
    for name in dict.fromkeys((process.program, process.key)):
        given = own.read_own(reading, own.PREFIX + name, process.names)
        if "instances" in given:
            hint = f"write numprocs under [{process.section}]"
            reading.complain(own.PREFIX + name, "instances", "found beside numprocs", "", hint)
        table = own.merge(table, given)
    table.pop("instances", None)
    return table


def _check_own(reading: Reading, groups: list[Group]) -> None:
    """A section of ours that belongs to no program is a mistake."""
    known: set[str] = set()
    for _, process in _each(groups):
        known |= {process.program, process.key}
    for section in reading.document.sections:
        name = section.removeprefix(own.PREFIX)
        if section.startswith(own.PREFIX) and name not in known:
            close = nearest(name, known)
            hint = f"did you mean [watchdog:{close}]?" if close else ""
            reading.complain(section, "", f'there is no program "{name}"', "", hint)


def _share_logs(programs: Tables) -> None:
    """Mark the programs that write into one file, as the workers of a pool often do."""
    users: dict[str, list[str]] = {}
    for name, table in programs.items():
        logs = table.get("logs", {})
        for path in {logs.get("path"), logs.get("stderr")} - _NO_PATHS:
            users.setdefault(path, []).append(name)
        if logs.get("path") == logs.get("stderr"):
            logs["stderr"] = "merge"
    for names in (names for names in users.values() if len(names) > 1):
        for name in names:
            programs[name]["logs"]["shared"] = True
