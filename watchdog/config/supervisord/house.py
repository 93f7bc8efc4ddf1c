"""[supervisord] and the servers: our [watchdog] table, and what holds for every program.

supervisord would refuse a log file whose directory is missing; we make it. What has no meaning
here is said in a note and otherwise ignored.
"""

from __future__ import annotations

import os
from typing import Any, NamedTuple

from watchdog.config.loopback import is_loopback
from watchdog.config.supervisord import kinds
from watchdog.config.supervisord.expansion import ENV
from watchdog.config.supervisord.reading import Reading, SectionReader
from watchdog.config.supervisord.translate import NOWHERE, Setting, absolute

SECTION, UNIX, INET = "supervisord", "unix_http_server", "inet_http_server"
_OUR_OUTPUT = ("/dev/stdout", "/dev/stderr", "/dev/fd/1", "/dev/fd/2")


class House(NamedTuple):
    """What [supervisord] and the servers say."""

    table: dict[str, Any]
    setting: Setting


def read_house(reading: Reading, start: str) -> House:
    """Read [supervisord] first of all: its environment can be expanded in every other section."""
    reader = reading.section(SECTION)
    if SECTION not in reading.document.sections:
        reading.note(SECTION, "", "supervisord itself wants this section, even if it is empty")
    environment: dict[str, str] = reader.read("environment", kinds.PAIRS, {})
    setting = Setting(
        directory=_directory(reader, start),
        start=start,
        environment=environment,
        user=_user(reader),
        umask=reader.read("umask", kinds.OCTAL, None),
        childlogdir=reader.text("childlogdir"),
        identifier=reader.text("identifier", "supervisor") or "supervisor",
    )
    table = _own_log(reader, start) | _limits(reader)
    table |= {"identifier": setting.identifier}
    table["pidfile"] = absolute(reader.text("pidfile", "supervisord.pid") or "", start)
    _remark(reader)
    reading.names.update({ENV + key: value for key, value in environment.items()})
    return House(table | _unix(reading, start) | _inet(reading), setting)


def _directory(reader: SectionReader, start: str) -> str:
    """supervisord goes there only when it leaves the foreground."""
    given = reader.text("directory")
    if given is None:
        return start
    if reader.read("nodaemon", kinds.BOOLEAN, False):
        reader.note("directory", "supervisord ignores this beside nodaemon=true, and so do we")
        return start
    return absolute(given, start)


def _user(reader: SectionReader) -> str | None:
    """supervisord becomes this user; here the programs do."""
    user = reader.text("user")
    if user is None or user in ("root", "0"):
        return None
    reader.note("user", f"the programs run as {user}; the watchdog itself stays who it is")
    return user


def _own_log(reader: SectionReader, start: str) -> dict[str, Any]:
    """Where our own log goes; to a terminal or a pipe we print all the same."""
    table = {
        "log_maximum": reader.read("logfile_maxbytes", kinds.SIZE, 50 * 1024**2),
        "log_backups": reader.read("logfile_backups", kinds.COUNT, 10),
    }
    file = reader.text("logfile")
    reader.read("loglevel", kinds.LEVEL, "info")
    if file is None:
        return table
    if file == "syslog":
        reader.note("logfile", "no syslog is written to; the log is in the state directory")
        return table
    return {"log": NOWHERE if file in _OUR_OUTPUT else absolute(file, start), **table}


def _limits(reader: SectionReader) -> dict[str, Any]:
    return {
        "open_files": reader.read("minfds", kinds.COUNT, 1024),
        "processes": reader.read("minprocs", kinds.COUNT, 200),
    }


def _remark(reader: SectionReader) -> None:
    """Say what is read, and has no meaning here."""
    if not reader.read("nodaemon", kinds.BOOLEAN, False):
        reader.note("nodaemon", "`watchdog run` stays in the foreground; leave that to an init")
    for key, text in {
        "strip_ansi": "escape sequences are kept in the logs",
        "silent": "what happens is printed all the same; redirect it to be silent",
    }.items():
        if reader.read(key, kinds.BOOLEAN, False):
            reader.note(key, text)
    reader.read("nocleanup", kinds.BOOLEAN, False)  # we never remove a log at the start


def _named(reading: Reading, kind: str) -> list[str]:
    """The sections of a kind of server, those with a name of their own included."""
    return [name for name in reading.document.sections if name.startswith(kind)]


def _unix(reading: Reading, start: str) -> dict[str, Any]:
    sections = _named(reading, UNIX)
    for extra in sections[1:]:
        reading.note(extra, "", "only the first of several unix sockets is opened")
    if not sections:
        return {}
    reader = reading.section(sections[0])
    file = reader.text("file")
    if not file:
        reader.complain("file", "file is missing", "the path of the socket")
        return {}
    table: dict[str, Any] = {"socket": absolute(file.strip(), start)}
    login = {f"socket_{key}": text for key, text in _login(reader).items()}
    return table | _access(reader) | login


def _access(reader: SectionReader) -> dict[str, Any]:
    """The mode and the owner of the socket."""
    mode = reader.read("chmod", kinds.OCTAL, None)
    owner = reader.text("chown")
    found: dict[str, Any] = {} if mode is None else {"socket_mode": f"{mode & 0o777:03o}"}
    return found if owner is None else {**found, "socket_owner": owner}


def _login(reader: SectionReader) -> dict[str, str]:
    """The user and the password, both or none."""
    login = {key: text for key in ("username", "password") if (text := reader.text(key))}
    if len(login) == 1:
        missing = "password" if "username" in login else "username"
        reader.complain("", f"{missing} is missing", "both username and password, or none")
        return {}
    return login


def _inet(reading: Reading) -> dict[str, Any]:
    sections = _named(reading, INET)
    for extra in sections[1:]:
        reading.note(extra, "", "only the first of several ports is opened")
    if not sections:
        return {}
    reader = reading.section(sections[0])
    if "port" not in reader:
        reader.complain("port", "port is missing", kinds.ADDRESS.allowed)
    address = reader.read("port", kinds.ADDRESS, None)
    if address is None:
        return {}
    login = _login(reader)
    host, port = address
    return {"http": _address(reader, host, port, is_open=not login), **login}


def _address(reader: SectionReader, host: str, port: int, is_open: bool) -> str:
    """Where to listen; without a password for this machine only, whatever is written."""
    host = host.strip("[]") or "0.0.0.0"
    if is_open and not is_loopback(host):
        reader.note("port", "without username and password only this machine is let in: 127.0.0.1")
        host = "127.0.0.1"
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def here_of(file: str) -> str:
    """What `%(here)s` is in a file."""
    return os.path.dirname(os.path.abspath(file))  # noqa: PTH100, PTH120
