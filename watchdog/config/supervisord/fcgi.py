"""[fcgi-program:x]: processes that share one listening socket, each as its descriptor 0."""

from __future__ import annotations

import re
from typing import Any

from watchdog.config.supervisord import kinds
from watchdog.config.supervisord.kinds import Kind
from watchdog.config.supervisord.reading import Reading, SectionReader

_TCP = re.compile(r"tcp://([^\s:]+):(\d+)")
_ALLOWED = "tcp://127.0.0.1:9000, or unix:///absolute/path"


def _place(text: str) -> str:
    """The socket as our own configuration has it. Of names only the usual one is known."""
    if text.startswith("unix:///"):
        return f"unix:{text.removeprefix('unix://')}"
    match = _TCP.fullmatch(text)
    if match is None or not 0 < int(match[2]) < 65536:
        raise ValueError
    host = "127.0.0.1" if match[1] == "localhost" else match[1]
    if not re.fullmatch(r"[0-9.]+", host):
        raise ValueError
    return f"{host}:{match[2]}"


def _backlog(text: str) -> int:
    if not 0 < int(text) < 65536:
        raise ValueError
    return int(text)


SOCKET: Kind[str] = Kind(_ALLOWED, _place)
BACKLOG: Kind[int] = Kind("a whole number from 1 to 65535", _backlog)


def read_socket(reading: Reading, section: str) -> dict[str, Any] | None:
    """The table of its socket; None if it is complained about."""
    reader = reading.section(section, {"program_name": section.partition(":")[2].strip()})
    if "socket" not in reader:
        reader.complain("", "socket is missing", _ALLOWED, "write socket=...")
        return None
    place = reader.read("socket", SOCKET, "")
    if not place:
        return None
    table: dict[str, Any] = {"listen": place, **_dress(reader, place)}
    backlog = reader.read("socket_backlog", BACKLOG, None)
    return table if backlog is None else table | {"backlog": backlog}


def _dress(reader: SectionReader, place: str) -> dict[str, Any]:
    """Mode and owner, which only a file has."""
    mode = reader.read("socket_mode", kinds.OCTAL, None)
    owner = reader.text("socket_owner")
    if place.startswith("unix:"):
        given = {"mode": f"{0o700 if mode is None else mode:03o}"}
        return given if owner is None else given | {"owner": owner}
    for key in ("socket_mode", "socket_owner"):
        if key in reader:
            reader.complain(key, "found beside a tcp:// socket", "only for unix:// sockets")
    return {}
