"""What a watchdog hands to the version that is executed in its place: state and descriptors.

The state is written to a file without a name, whose descriptor stays open across the exec and is
named in one variable; whoever reads it takes the variable out of the environment, so that no child
ever sees it. Each program is packed by itself: one that the other version cannot read does not take
the others with it.
"""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
from msgspec import Struct
from msgspec.msgpack import Decoder, Encoder

from watchdog.core.plans import Plans
from watchdog.core.program import Program
from watchdog.daemon.gaps import Kept
from watchdog.daemon.ledger import Account
from watchdog.daemon.records import Record
from watchdog.process import Birth
from watchdog.sockets import Inheritance

HANDOVER = "WATCHDOG_HANDOVER"
"""The variable that tells a watchdog that it takes over, and from which descriptor."""

REHEARSAL = "WATCHDOG_REHEARSAL"
"""The same for one that is only to try whether it could."""


class Doors(Struct, frozen=True):
    """Where clients wait: listening sockets by descriptor; -1 is none."""

    unix: int = -1
    path: str = ""
    file: tuple[int, int] | None = None
    tcp: int = -1
    http: tuple[str, int] | None = None


class Handover(Struct):
    """Everything that must not be lost between the two. New fields need a default."""

    version: str
    count: int  # upgrades of this process, this one included
    began: float  # on the monotonic clock
    state: str  # the state directory, which cannot change on the way
    state_lock: int = -1
    parent: int = 0  # who started it; 0: that version did not know
    doors: Doors = Doors()
    locks: dict[str, tuple[str, tuple[int, ...]]] = {}
    notify: dict[str, int] = {}
    guardian: tuple[int, int] = (-1, 0)  # the pipe to it, and its pid
    # A FIFO forgets what lies in it once nobody has it open, as when its process dies just now.
    pipes: list[int] = []
    audience: bytes = b""  # what event listeners were told, and what waits for them
    listeners: dict[str, tuple[int, int]] = {}  # the pipes to them and from them
    programs: dict[str, msgspec.Raw] = {}
    plans: Plans = Plans()
    records: list[Record] = []
    resting: list[str] = []  # programs that nobody wants up
    same: list[str] = []  # programs whose process would notice no change of the configuration
    anew: bool = False  # nothing goes on: everything is down, and starts from the beginning
    gaps: Kept = Kept()  # restarts that are under way, and the last ones
    sockets: list[Inheritance] = []  # that are held for programs
    counts: dict[str, msgspec.Raw] = {}  # what was counted for /metrics
    ended: dict[str, float] = {}  # when the last process of a program ended (Unix seconds)
    hooks: dict[str, Birth] = {}  # the processes of those under way
    accounts: dict[str, Account] = {}  # of the ledger: ends whose successor is awaited

    def descriptors(self) -> list[int]:
        """All that must stay open."""
        locks = [one for _, some in self.locks.values() for one in some]
        doors = [self.doors.unix, self.doors.tcp]
        own = [self.state_lock, self.guardian[0]]
        ears = [one for pair in self.listeners.values() for one in pair]
        held = [one.descriptor for one in self.sockets]
        found = [*own, *doors, *locks, *ears, *held, *self.notify.values(), *self.pipes]
        return [descriptor for descriptor in found if descriptor >= 0]


def pack(program: Program) -> msgspec.Raw:
    """A program by itself. Requests are left out: whoever asked is answered before."""
    return msgspec.Raw(Encoder().encode(msgspec.structs.replace(program, pending=())))


def unpack(raws: dict[str, msgspec.Raw]) -> dict[str, Program]:
    """The programs that can be read."""
    decoder = Decoder(Program)
    found: dict[str, Program] = {}
    for name, raw in raws.items():
        try:
            found[name] = decoder.decode(raw)
        except msgspec.DecodeError:  # another version's idea of a program
            continue
    return found


def write(handover: Handover) -> int:
    """A descriptor from which it can be read; closed on exec unless the caller changes that."""
    descriptor = nameless_file(Path(handover.state))
    data = Encoder().encode(handover)
    while data:
        data = data[os.write(descriptor, data) :]
    return descriptor


def nameless_file(directory: Path) -> int:
    """An empty file that is gone when its last descriptor is. Raises OSError."""
    if hasattr(os, "memfd_create"):
        return os.memfd_create("watchdog")
    path = directory / f".handover-{os.getpid()}"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    path.unlink()
    return descriptor


def read_all(descriptor: int) -> bytes:
    """All that was written."""
    size = os.fstat(descriptor).st_size
    data = b""
    while len(data) < size and (piece := os.pread(descriptor, size - len(data), len(data))):
        data += piece
    return data


def receive(variable: str) -> Handover | None:
    """What was handed to us, if anything was. Its descriptors are ours alone from now on."""
    text = os.environ.pop(variable, "")
    if not text:
        return None
    descriptor = int(text)
    try:
        handover = Decoder(Handover).decode(read_all(descriptor))
    finally:
        os.close(descriptor)
    if variable == HANDOVER:
        keep(handover, across_exec=False)
    return handover


def keep(handover: Handover, *, across_exec: bool) -> None:
    """Whether all its descriptors stay open in what is executed."""
    for descriptor in handover.descriptors():
        os.set_inheritable(descriptor, across_exec)
