"""Tells whoever started the watchdog how it is: systemd's notify protocol, upward.

READY=1 once every program that starts by itself is ready, or will not be soon (it failed, or waits
for a lock); STATUS= in a sentence whenever that changes; WATCHDOG=1 from the event loop, so only
while it turns. Without NOTIFY_SOCKET nothing of this exists, and nothing wakes up.
"""

from __future__ import annotations

import asyncio
import contextlib
import faulthandler
import os
import socket
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Protocol

from watchdog.core.fleet import Fleet
from watchdog.core.model import Health, Need, Role, State
from watchdog.core.program import Program

PAUSE = 0.05
"""Seconds from a change to telling it: a thousand programs that start at once are one change."""

EXTENSION, EXTENDING = 20.0, 5.0
"""Seconds that we ask for while something is under way, and how often we ask. The time itself is
bounded by the programs' own: startup probes end, and so does a grace."""

HELD = (Need.DEPENDENCIES, Need.LOCK, Need.LEASE)
NAMED = 3  # programs that a sentence names


class Teller(Protocol):
    """What the daemon lets happen to whoever tells."""

    def begin(self) -> None:
        """Nothing is told before this."""

    def touch(self) -> None:
        """A program changed."""

    def reloading(self) -> contextlib.AbstractContextManager[None]:
        """The configuration is being read again, or a new version takes over."""
        ...

    def end(self) -> None:
        """Everything is down."""


class Silence:
    """Nobody wants to hear."""

    def begin(self) -> None: ...

    def touch(self) -> None: ...

    def reloading(self) -> contextlib.AbstractContextManager[None]:
        return contextlib.nullcontext()

    def end(self) -> None: ...


class Upward:
    """The fleet, as it is told upward. Everything is done on the event loop."""

    def __init__(
        self, fleet: Fleet, send: Callable[[str], None], redact: Callable[[str], str]
    ) -> None:
        self._fleet = fleet
        self._send = send
        self._redact = redact
        self._loop = asyncio.get_running_loop()
        self._begun = False
        self._told = ""
        self._ready = False
        self._leaving = False
        self._due: asyncio.TimerHandle | None = None
        self._extending: asyncio.TimerHandle | None = None

    def begin(self) -> None:
        """From now on: what was ordered to start counts as under way."""
        self._begun = True
        self.touch()
        self._extend()
        beat = interval_of(os.environ, os.getpid())
        if beat is not None:
            faulthandler.enable()  # what then ends us is SIGABRT: our stack goes to the journal
            self._beat(beat)

    def touch(self) -> None:
        """Something changed; what, is looked at in a moment."""
        if self._begun and self._due is None:
            self._due = self._loop.call_later(PAUSE, self._tell)

    @contextlib.contextmanager
    def reloading(self) -> Iterator[None]:
        """The configuration is being read again, or a new version takes over.

        That one says READY=1 itself; if it never came to be, we do.
        """
        self._send(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}")
        try:
            yield
        finally:
            if self._ready:
                self._send("READY=1")

    def end(self) -> None:
        """Everything is down."""
        self._send("STOPPING=1\nSTATUS=everything is down")

    def _tell(self) -> None:
        self._due = None
        programs = self._fleet.programs.values()
        lines: list[str] = []
        if self._fleet.exit_code is not None and not self._leaving:
            self._leaving = True
            lines.append("STOPPING=1")
            self._extend()
        elif not self._ready and not self._leaving and are_settled(programs):
            self._ready = True
            lines += ["READY=1", f"MAINPID={os.getpid()}"]
        sentence = self._redact(describe(programs, leaving=self._leaving)).replace("\n", " ")
        if sentence != self._told:
            self._told = sentence
            lines.append(f"STATUS={sentence}")
        if lines:
            self._send("\n".join(lines))

    def _extend(self) -> None:
        """Ask for more time as long as something is under way."""
        if self._extending is not None:
            self._extending.cancel()
            self._extending = None
        if self._leaving or not self._ready:
            self._send(f"EXTEND_TIMEOUT_USEC={int(EXTENSION * 1e6)}")
            self._extending = self._loop.call_later(EXTENDING, self._extend)

    def _beat(self, interval: float) -> None:
        self._send("WATCHDOG=1")
        self._loop.call_later(interval, self._beat, interval)


def make_teller(fleet: Fleet, redact: Callable[[str], str]) -> Teller:
    """Whoever tells, if the environment says that somebody listens."""
    mouth = find_mouth(os.environ)
    return Silence() if mouth is None else Upward(fleet, mouth.send, redact)


class Mouth:
    """Sends datagrams to the socket that the environment names."""

    def __init__(self, address: str) -> None:
        self._address = f"\0{address[1:]}" if address.startswith("@") else address
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
        self._socket.setblocking(False)

    def send(self, text: str) -> None:
        """Say it; who does not listen is no reason to do anything else worse."""
        with contextlib.suppress(OSError):
            self._socket.sendto(text.encode("utf-8", "replace"), self._address)


def find_mouth(environ: Mapping[str, str]) -> Mouth | None:
    """Where to say it; None if nobody wants to hear."""
    address = environ.get("NOTIFY_SOCKET", "")
    return Mouth(address) if address[:1] in ("/", "@") and len(address) > 1 else None


def interval_of(environ: Mapping[str, str], pid: int) -> float | None:
    """Seconds between two signs of life: half of what is allowed; None if none are expected."""
    meant = environ.get("WATCHDOG_PID", "") or str(pid)
    allowed = environ.get("WATCHDOG_USEC", "")
    if meant != str(pid) or not allowed.isdecimal() or not int(allowed):
        return None
    return int(allowed) / 2e6


def are_settled(programs: Iterable[Program]) -> bool:
    """Whether nothing is on its way up any more."""
    return not any(is_coming_up(program) for program in programs)


def is_coming_up(program: Program) -> bool:
    """Whether it may soon be ready, and has not failed yet.

    Who waits for a dependency is not counted: the dependency itself is, or will not come.
    """
    match program.state:
        case State.STARTING:
            return True
        case State.WAITING:
            return not any(need in HELD for need in program.barred_by)
        case State.RUNNING:
            check = program.checks.get(Role.READINESS)
            return check is not None and check.verdict is None
    return False


def describe(programs: Iterable[Program], *, leaving: bool) -> str:
    """How things are, in a sentence."""
    known = list(programs)
    if leaving:
        left = [program.policy.name for program in known if program.pid is not None]
        return f"stopping {name_some(left)}" if left else "everything is down"
    bad = [program for program in known if not is_well(program)]
    if not bad:
        return f"{known[0].policy.name} is up" if len(known) == 1 else f"all {len(known)} are up"
    some = name_some([describe_one(program) for program in bad], "; ")
    return some if len(known) == 1 else f"{len(known) - len(bad)} of {len(known)} are up; {some}"


def is_well(program: Program) -> bool:
    """Whether there is nothing to say of it."""
    return program.state is State.RUNNING and program.health is not Health.UNHEALTHY


def describe_one(program: Program) -> str:
    """A program that is not up, or not well."""
    state = "unhealthy" if program.state is State.RUNNING else str(program.state)
    reason = f" ({program.reason})" if program.reason else ""
    return f"{program.policy.name} is {state}{reason}"


def name_some(texts: list[str], between: str = ", ") -> str:
    """The first few, and how many more."""
    more = [f"and {len(texts) - NAMED} more"] if len(texts) > NAMED else []
    return between.join([*texts[:NAMED], *more])
