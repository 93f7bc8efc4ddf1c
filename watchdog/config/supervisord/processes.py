"""One [program:x] (or eventlistener, fcgi-program): the processes that it stands for.

The names that may be expanded grow while a section is read, exactly as in supervisord: what is the
same for all processes is read before `process_num` is known, the variables of `environment` can
be used in what is read after it.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from watchdog.config.errors import nearest
from watchdog.config.supervisord import kinds
from watchdog.config.supervisord.expansion import ENV, Names
from watchdog.config.supervisord.kinds import AutoRestart, LogFile
from watchdog.config.supervisord.reading import Reading, SectionReader

MOST = 10_000  # processes of one section: more is a mistake, and would be read for minutes


class Output(Struct, frozen=True):
    """Where one stream goes."""

    file: LogFile
    maximum: int
    backups: int
    syslog: bool
    events: bool = False
    capture: int = 0  # bytes


class Process(Struct, frozen=True):
    """One process as supervisord would configure it. Durations are seconds, sizes bytes."""

    section: str
    group: str
    name: str
    command: str
    directory: str | None
    umask: int | None
    user: str | None
    priority: int
    autostart: bool
    autorestart: AutoRestart
    startsecs: int
    startretries: int
    stopsignal: str
    stopwaitsecs: int
    stopasgroup: bool
    killasgroup: bool
    exitcodes: tuple[int, ...]
    redirect_stderr: bool
    stdout: Output
    stderr: Output
    environment: dict[str, str]
    serverurl: str | None
    names: dict[str, Any]  # what may be expanded in our own keys for it

    @property
    def program(self) -> str:
        """What its section is called."""
        return self.section.partition(":")[2].strip()

    @property
    def key(self) -> str:
        """Its name in our configuration: the group is left out if it is called the same."""
        return self.name if self.group == self.name else f"{self.group}:{self.name}"


def read_processes(reading: Reading, section: str, group: str) -> list[Process]:
    """The processes of a section as members of a group, in supervisor's order."""
    program = kinds.NAME.read(section.partition(":")[2])
    reader = reading.section(section, {"program_name": program, "group_name": group})
    if "command" not in reader:
        close = nearest("command", reader.keys)
        hint = f"write command= instead of {close}=" if close else "write command=..."
        reader.complain("", "command is missing", "what to run", hint)
        return []
    common = _read_common(reader)
    numbers = _numbers(reader)
    process_name = reader.plain("process_name", kinds.NAME, "%(program_name)s")
    _check(reader, common, len(numbers), process_name)
    found = [_read_one(reader, group, process_name, common, n, numbers) for n in numbers]
    return sorted(found, key=lambda process: (process.priority, process.name))


def _read_common(reader: SectionReader) -> dict[str, Any]:
    """What is the same for all processes of the section."""
    stopasgroup = reader.read("stopasgroup", kinds.BOOLEAN, False)
    return {
        "section": reader.name,
        "priority": reader.read("priority", kinds.INTEGER, 999),
        "autostart": reader.read("autostart", kinds.BOOLEAN, True),
        "autorestart": reader.read("autorestart", kinds.AUTO_RESTART, "unexpected"),
        "startsecs": reader.read("startsecs", kinds.COUNT, 1),
        "startretries": reader.read("startretries", kinds.COUNT, 3),
        "stopsignal": reader.read("stopsignal", kinds.SIGNAL, "TERM"),
        "stopwaitsecs": reader.read("stopwaitsecs", kinds.COUNT, 10),
        "stopasgroup": stopasgroup,
        "killasgroup": reader.read("killasgroup", kinds.BOOLEAN, stopasgroup),
        "exitcodes": reader.read("exitcodes", kinds.EXIT_CODES, (0,)),
        "redirect_stderr": reader.read("redirect_stderr", kinds.BOOLEAN, False),
        "user": reader.text("user"),
        "umask": reader.read("umask", kinds.OCTAL, None),
        "serverurl": _server_url(reader),
    }


def _server_url(reader: SectionReader) -> str | None:
    given = reader.text("serverurl")
    return None if given is None or given.strip().upper() == "AUTO" else given


def _numbers(reader: SectionReader) -> range:
    count = reader.read("numprocs", kinds.COUNT, 1)
    first = reader.read("numprocs_start", kinds.INTEGER, 0)
    if count > MOST:
        reader.complain("numprocs", f"found {count}", f"up to {MOST}")
        count = 1
    return range(first, first + count)


def _check(reader: SectionReader, common: dict[str, Any], count: int, process_name: str) -> None:
    """What supervisord refuses although each value by itself is fine."""
    if count > 1 and "%(process_num)" not in process_name:
        allowed = "a name with %(process_num)02d in it, since numprocs is more than 1"
        hint = "write process_name=%(program_name)s_%(process_num)02d"
        reader.complain("process_name", f'found "{process_name}"', allowed, hint)
    if common["stopasgroup"] and not common["killasgroup"]:
        reader.complain("killasgroup", "found false beside stopasgroup=true", "true")


def _read_one(
    reader: SectionReader,
    group: str,
    process_name: str,
    common: dict[str, Any],
    number: int,
    numbers: range,
) -> Process:
    reader.names.update(process_num=number, numprocs=len(numbers))
    environment: dict[str, str] = reader.read("environment", kinds.PAIRS, {})
    names: Names = {**reader.names, **{ENV + key: value for key, value in environment.items()}}
    inner = reader.with_names(names)
    return Process(
        **common,
        group=group,
        name=inner.expanded("process_name", process_name, "process"),
        command=inner.text("command", "") or "",
        directory=inner.text("directory"),
        stdout=_read_output(inner, "stdout"),
        stderr=_read_output(inner, "stderr"),
        environment=environment,
        names=dict(names),
    )


def _read_output(reader: SectionReader, stream: str) -> Output:
    automatic: LogFile = True
    file: LogFile = reader.read(f"{stream}_logfile", kinds.LOG_FILE, automatic)
    syslog = reader.read(f"{stream}_syslog", kinds.BOOLEAN, False)
    if isinstance(file, str) and file.lower() == "syslog":  # how it was once written
        file, syslog = None, True
    return Output(
        file=file,
        maximum=reader.read(f"{stream}_logfile_maxbytes", kinds.SIZE, 50 * 1024**2),
        backups=reader.read(f"{stream}_logfile_backups", kinds.COUNT, 10),
        syslog=syslog,
        events=reader.read(f"{stream}_events_enabled", kinds.BOOLEAN, False),
        capture=reader.read(f"{stream}_capture_maxbytes", kinds.SIZE, 0),
    )
