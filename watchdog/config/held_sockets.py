"""The sockets that are held for a program: how they are written, and what they may not share.

An address is taken as it is written, and never looked up: what a name leads to may change between
two starts, and with it who can reach the program.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct

from watchdog.config import kinds
from watchdog.config.errors import Findings, KeyPath
from watchdog.config.kinds import Kind, Unfit
from watchdog.config.model import Address, ProgramConfig, SocketConfig
from watchdog.config.places import SOCKET_LIMIT, fits_socket, resolve
from watchdog.config.read import Table

MOST = 64  # sockets of one program: each takes a descriptor of every start
UNIX = "unix:"
_FORM = re.compile(r"(?:\[([^\]\s]*)\]|([^\s:/\[\]]*)):([0-9]{1,5})")
_LABEL = re.compile(r"[!-9;-~]{1,255}")  # as systemd has it for LISTEN_FDNAMES: no colon
_ALL = {"0.0.0.0", "::"}
_OPTIONS: dict[str, Kind] = {
    "name": kinds.text("a name without a colon"),
    "mode": kinds.octal(),
    "owner": kinds.text('a user, or "user:group"'),
    "backlog": kinds.integer(1, 2**31 - 1),
}
_ALLOWED = (
    'a list of addresses such as "127.0.0.1:8000", "[::1]:8000", ":8000" (every IPv4 address) or '
    '"unix:/run/web.sock", or of tables with listen, name, mode, owner, backlog'
)


class Written(Struct, frozen=True):
    """One socket as it was written: `place` is an address, or a path that is not resolved yet."""

    place: Address | str
    options: dict[str, Any]


def sockets() -> Kind:
    """A list of addresses, each a string or a table with more about it."""

    def read(value: Any) -> tuple[Written, ...]:
        found = kinds.each(_read_one, value)
        if len(found) > MOST:
            raise Unfit(f"at most {MOST} of them")
        return found

    return Kind(_ALLOWED, read, brief="a list of addresses or tables")


def _read_one(value: Any) -> Written:
    if not isinstance(value, dict):
        return Written(_read_place(value), {})
    if "listen" not in value:
        raise Unfit("listen is missing in the table")
    options = {key: _read_option(key, item) for key, item in value.items() if key != "listen"}
    return Written(_read_place(value["listen"]), options)


def _read_option(key: str, value: Any) -> Any:
    if key not in _OPTIONS:
        raise Unfit(
            f'the table has an unknown key "{key[:40]}"; known are listen, name, mode, '
            "owner and backlog"
        )
    kind = _OPTIONS[key]
    try:
        found = kind.read(value)
    except Unfit:
        raise Unfit(f"{key} in the table must be {kind.allowed}") from None
    if key == "name" and not _LABEL.fullmatch(found):
        raise Unfit("name in the table must be printable ASCII without a colon")
    return found


def _read_place(value: Any) -> Address | str:
    if isinstance(value, int) and not isinstance(value, bool):
        raise Unfit(f'a port alone is written as ":{value}"')
    text = kinds.read_text(value)
    return _read_path(text) if text.startswith(UNIX) else _read_address(text)


def _read_path(text: str) -> str:
    path = text.removeprefix(UNIX)
    if path.startswith("//"):  # as in a URL
        path = "/" + path.lstrip("/")
    if not path.strip() or path.endswith("/"):
        raise Unfit("the path of the socket is missing")
    if path.startswith("@"):
        raise Unfit("a socket without a file is not supported; write a path")
    return path


def _read_address(text: str) -> Address:
    match = _FORM.fullmatch(text)
    if not match:
        raise Unfit("")
    if not 0 < int(match[3]) < 65536:
        raise Unfit("a port is from 1 to 65535")
    host = match[1] if match[1] is not None else match[2] or "0.0.0.0"
    return Address(_canonical(host, six=match[1] is not None), int(match[3]))


def _canonical(host: str, *, six: bool) -> str:
    import socket  # the daemon has it already; a client that only looks for the watchdog has not

    family = socket.AF_INET6 if six else socket.AF_INET
    try:
        return socket.inet_ntop(family, socket.inet_pton(family, host))
    except OSError:
        pass
    if six:
        raise Unfit("there is no IPv6 address in the brackets")
    raise Unfit("a name is not looked up: write the address, such as 127.0.0.1")


def sockets_of(
    program: str, table: Table, base: Path, environ: Mapping[str, str], findings: Findings
) -> tuple[SocketConfig, ...]:
    """The sockets of one program, each with a name; what is wrong is noted."""
    path = (*table.path, "sockets")
    written: tuple[Written, ...] = table["sockets"]
    name = program.partition(":")[0]
    found = [_socket_of(one, name, base, environ) for one in written]
    for index, (socket, one) in enumerate(zip(found, written, strict=True)):
        _check_one(socket, one, (*path, index), findings)
    _check_own(found, path, findings)
    if table["stdin"] == "socket" and len(found) != 1:
        hint = "one socket can be its stdin; write it under `sockets`"
        findings.add(
            (*table.path, "stdin"), f'found "socket" beside {len(found)} sockets', "", hint
        )
    _check_probes(found, table, findings)
    return tuple(found)


def _check_probes(sockets: list[SocketConfig], table: Table, findings: Findings) -> None:
    """Whether somebody accepts cannot be seen from a connection that the kernel accepts for us."""
    for role in ("startup", "readiness", "liveness"):
        address: Address | None = table[role]["tcp"] if table[role] else None
        if address is not None and any(overlap(one, SocketConfig(address)) for one in sockets):
            hint = "ask over http: at a held socket the kernel answers in the program's place"
            found = f"found {address}, which is one of its sockets"
            findings.add((*table.path, role, "tcp"), found, "", hint)


def _socket_of(written: Written, name: str, base: Path, environ: Mapping[str, str]) -> SocketConfig:
    place = written.place
    resolved = resolve(base, place, environ) if isinstance(place, str) else place
    return SocketConfig(resolved, **{"name": name, **written.options})


def _check_one(socket: SocketConfig, written: Written, path: KeyPath, findings: Findings) -> None:
    if isinstance(socket.place, Path):
        if not fits_socket(socket.place):
            found = f"found a path of {len(str(socket.place).encode())} bytes, {socket.place}"
            findings.add(path, found, f"at most {SOCKET_LIMIT} bytes, the limit of the system")
        return
    for key in ("mode", "owner"):
        if key in written.options:
            found = f"found {key} for {socket.key}"
            findings.add(path, found, f'{key} only for "unix:" sockets', "only a file has one")


def _check_own(sockets: list[SocketConfig], path: KeyPath, findings: Findings) -> None:
    for index, socket in enumerate(sockets):
        for other in sockets[:index]:
            if overlap(socket, other):
                found = f"{socket.key} is already taken by {other.key} in the same list"
                findings.add((*path, index), found, hint="take one of them out")
                break


def check_sockets(programs: Iterable[ProgramConfig], findings: Findings) -> None:
    """An address belongs to one program, or to those of one group that have the same list."""
    taken: list[tuple[SocketConfig, ProgramConfig]] = []
    for program in programs:
        for index, socket in enumerate(program.sockets):
            owner = next(
                (who for other, who in taken if _collide(socket, program, other, who)), None
            )
            if owner is not None:
                found = f"{socket.key} is already that of programs.{owner.written}"
                findings.add(("programs", program.written, "sockets", index), found)
            taken.append((socket, program))


def _collide(
    socket: SocketConfig, program: ProgramConfig, other: SocketConfig, owner: ProgramConfig
) -> bool:
    same = owner.team == program.team and _places(owner) == _places(program)
    return owner.name != program.name and not same and overlap(socket, other)


def _places(program: ProgramConfig) -> list[str]:
    return [socket.key for socket in program.sockets]


def check_own_doors(
    programs: Iterable[ProgramConfig], http: Address | None, control: Path, findings: Findings
) -> None:
    """The watchdog's own addresses are no program's."""
    own = {"socket": SocketConfig(control)} | ({"http": SocketConfig(http)} if http else {})
    for program in programs:
        for index, socket in enumerate(program.sockets):
            for key in (key for key, door in own.items() if overlap(socket, door)):
                found = f"{socket.key} is the watchdog's own: [watchdog] {key}"
                findings.add(("programs", program.written, "sockets", index), found)


def overlap(one: SocketConfig, other: SocketConfig) -> bool:
    """Whether both cannot be bound: the same place, or one of them every address of a port."""
    if isinstance(one.place, Path) or isinstance(other.place, Path):
        return one.place == other.place
    (host, port), (other_host, other_port) = (
        (place.host, place.port) for place in (one.place, other.place)
    )
    same_family = (":" in host) == (":" in other_host)
    return (
        port == other_port
        and same_family
        and (host == other_host or bool({host, other_host} & _ALL))
    )
