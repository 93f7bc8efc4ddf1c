"""Which groups there are, who is in them, and in which order they start.

As in supervisor: [group:x] gathers programs, a program in none is a group by itself, event
listeners form pools; all are ordered by priority, then by name.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from watchdog.config.errors import nearest
from watchdog.config.supervisord import kinds
from watchdog.config.supervisord.fcgi import read_socket
from watchdog.config.supervisord.processes import Process, read_processes
from watchdog.config.supervisord.reading import Reading

PROGRAM, FCGI, GROUP, LISTENER = "program:", "fcgi-program:", "group:", "eventlistener:"
_NO_FCGI = "take it out: an [fcgi-program] is a group by itself, whose processes share a socket"
LISTENERS_START_FIRST = -1  # the default priority of their groups


class Group(Struct, frozen=True):
    """A group and its processes.

    `listener` is set for a pool of event listeners, `socket` where FastCGI servers share one.
    """

    name: str
    priority: int
    processes: tuple[Process, ...]
    listener: dict[str, Any] | None = None
    socket: dict[str, Any] | None = None


def read_groups(reading: Reading) -> list[Group]:
    """All groups, in the order in which they start."""
    sections = [name for name in reading.document.sections if _has_name(reading, name)]
    groups: list[Group] = []
    gathered: set[str] = set()
    groups += [_read_group(reading, name, gathered) for name in sections if name.startswith(GROUP)]
    alone = [name for name in sections if name.startswith(PROGRAM) and name not in gathered]
    groups += [_read_alone(reading, name) for name in alone]
    groups += [_read_pool(reading, name) for name in sections if name.startswith(LISTENER)]
    groups += [_read_fcgi(reading, name) for name in sections if name.startswith(FCGI)]
    return sorted(groups, key=lambda group: (group.priority, group.name))


def _has_name(reading: Reading, section: str) -> bool:
    kind, colon, name = section.partition(":")
    if f"{kind}{colon}" not in (PROGRAM, FCGI, GROUP, LISTENER):
        return False
    try:
        kinds.NAME.read(name)
    except ValueError:
        reading.complain(section, "", f"not a name for a {kind}", kinds.NAME.allowed)
        return False
    return True


def _read_group(reading: Reading, section: str, gathered: set[str]) -> Group:
    reader = reading.section(section)
    name = kinds.NAME.read(section.partition(":")[2])
    processes: list[Process] = []
    for program in reader.read("programs", kinds.NAMES, ()):
        member = _find_program(reading, section, program)
        if member is not None:
            gathered.add(member)
            processes += read_processes(reading, member, name)
    return Group(name, reader.read("priority", kinds.INTEGER, 999), tuple(processes))


def _find_program(reading: Reading, section: str, program: str) -> str | None:
    """The section of a group's member; None if it is complained about."""
    sections = reading.document.sections
    if PROGRAM + program in sections:
        return PROGRAM + program
    if FCGI + program in sections:
        found = f'"{program}" is an fcgi-program'
        reading.complain(section, "programs", found, "", _NO_FCGI)
    else:
        known = [name.partition(":")[2] for name in sections if name.startswith((PROGRAM, FCGI))]
        close = nearest(program, known)
        hint = f"did you mean {close}?" if close else f"write a section [program:{program}]"
        reading.complain(section, "programs", f'there is no program "{program}"', "", hint)
    return None


def _read_alone(reading: Reading, section: str) -> Group:
    name = kinds.NAME.read(section.partition(":")[2])
    priority = reading.section(section).read("priority", kinds.INTEGER, 999)
    return Group(name, priority, tuple(read_processes(reading, section, name)))


def _read_fcgi(reading: Reading, section: str) -> Group:
    alone, socket = _read_alone(reading, section), read_socket(reading, section)
    return Group(alone.name, alone.priority, alone.processes, socket=socket)


def _read_pool(reading: Reading, section: str) -> Group:
    name = section.partition(":")[2]
    reader = reading.section(section)
    if reader.read("redirect_stderr", kinds.BOOLEAN, False):
        reader.complain("redirect_stderr", "found true", "false: its output is the protocol")
    events = [event.upper() for event in reader.read("events", kinds.NAMES, ()) if event]
    if not events:
        reader.complain("events", "there are no events", "names such as PROCESS_STATE,TICK_60")
    listener = {
        "events": list(dict.fromkeys(events)),
        "buffer": reader.read("buffer_size", kinds.COUNT, 10),
    }
    priority = reader.read("priority", kinds.INTEGER, LISTENERS_START_FIRST)
    return Group(name, priority, tuple(read_processes(reading, section, name)), listener)
