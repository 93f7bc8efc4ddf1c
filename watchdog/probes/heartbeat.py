"""Listens to the programs that tell about themselves: one notify socket for each.

What it keeps true: a datagram counts only if the program's user or root sent it, and only for the
incarnation that lives now; a program that floods its socket slows down nobody but itself.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from functools import partial

from watchdog.core.events import Event
from watchdog.probes.notify_linux import Datagram, bind, receive, take
from watchdog.probes.notify_message import LIMIT, parse
from watchdog.probes.text import keep_as_is

Post = Callable[[str, Event], None]
Redact = Callable[[str], str]

BURST = 64  # datagrams read within a breath
QUEUE = 4096  # more than the kernel keeps unread for one socket (net.unix.max_dgram_qlen)
BREATH = 0.02  # seconds; also the rest after a full burst, while the sender waits


class NotifySockets:
    """The notify sockets of one watchdog.

    `scope` is what the names are made from, and so stays the same from one watchdog to the next
    that takes over its programs, and differs from any other's: the resolved state directory.
    """

    def __init__(self, post: Post, scope: str, redact: Redact = keep_as_is) -> None:
        self._post = post
        self._scope = scope
        self._redact = redact
        self._ears: dict[str, _Ear] = {}

    def open(self, program: str, uid: int, heartbeat: float | None = None) -> dict[str, str]:
        """Listen to the program, which runs as `uid` and owes a beat every `heartbeat` seconds.

        Returns what its environment must hold. Open already: takes the new uid. OSError if the
        socket's name is taken, which means that another watchdog uses this state directory.
        """
        ear = self._ears.get(program)
        if not ear:
            bound, address = bind(_name(self._scope, program))
            ear = self._ears[program] = _Ear(bound, address, partial(self._hear, program))
        ear.uids = {0, uid}
        return _environment(ear.address, heartbeat)

    def _hear(self, program: str, incarnation: int, datagram: bytes) -> None:
        if event := parse(datagram, incarnation, self._redact):
            self._post(program, event)

    def begin(self, program: str, incarnation: int) -> None:
        """What arrives from now on is of this incarnation; what lies there unread is dropped."""
        if ear := self._ears.get(program):
            ear.begin(incarnation)

    def descriptors(self) -> dict[str, int]:
        """The socket of each program, for `inherit`."""
        return {program: ear.descriptor for program, ear in self._ears.items()}

    def inherit(self, program: str, descriptor: int) -> None:
        """Go on with a socket that was ours before we were re-executed; `resume` must follow."""
        bound, address = take(descriptor)
        self._ears[program] = _Ear(bound, address, partial(self._hear, program))

    def resume(self, program: str, incarnation: int) -> None:
        """This incarnation goes on; what lies there unread is of it, too."""
        if ear := self._ears.get(program):
            ear.resume(incarnation)

    def close(self, program: str) -> None:
        """Listen no more."""
        if ear := self._ears.pop(program, None):
            ear.close()

    def close_all(self) -> None:
        """Listen to nobody any more."""
        for program in list(self._ears):
            self.close(program)


class _Ear:
    """One socket, and whom to believe."""

    def __init__(
        self, bound: socket.socket, address: str, heard: Callable[[int, bytes], None]
    ) -> None:
        self.address = address
        self.uids: set[int] = set()
        self._socket = bound
        self._heard = heard
        self._incarnation: int | None = None
        self._since = 0.0  # loop time since which datagrams are counted ...
        self._taken = 0  # ... and how many there were
        self._rest: asyncio.TimerHandle | None = None
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(bound, self._listen)

    def begin(self, incarnation: int) -> None:
        for _ in range(QUEUE):
            if not self._next():
                break
        self._incarnation = incarnation

    def resume(self, incarnation: int) -> None:
        self._incarnation = incarnation

    @property
    def descriptor(self) -> int:
        return self._socket.fileno()

    def close(self) -> None:
        if self._rest:
            self._rest.cancel()
        self._loop.remove_reader(self._socket)
        self._socket.close()

    def _listen(self) -> None:
        self._count_anew()
        while self._taken < BURST:
            datagram = self._next()
            if not datagram:
                return
            self._taken += 1
            self._hear(datagram)
        self._pause()

    def _count_anew(self) -> None:
        now = self._loop.time()
        if now - self._since >= BREATH:
            self._since, self._taken = now, 0

    def _pause(self) -> None:
        if self._socket.fileno() >= 0:
            self._loop.remove_reader(self._socket)
            self._rest = self._loop.call_later(BREATH, self._listen_on)

    def _listen_on(self) -> None:
        self._rest = None
        self._loop.add_reader(self._socket, self._listen)

    def _next(self) -> Datagram | None:
        """The next datagram, or None if there is none, or if whoever heard one has closed us."""
        if self._socket.fileno() < 0:
            return None
        try:
            return receive(self._socket, LIMIT)
        except BlockingIOError:
            return None

    def _hear(self, datagram: Datagram) -> None:
        if self._incarnation is None or datagram.cut or datagram.uid not in self.uids:
            return
        self._heard(self._incarnation, datagram.data)


def _environment(address: str, heartbeat: float | None) -> dict[str, str]:
    given = {"NOTIFY_SOCKET": address}
    if heartbeat:
        given["WATCHDOG_USEC"] = str(round(heartbeat * 1e6))
    return given


def _name(scope: str, program: str) -> str:
    """A name within the 107 bytes of a socket's, whatever the program's: legible, and unique."""
    from hashlib import blake2b  # lazily: brings OpenSSL to a watchdog that may not have it

    digest = blake2b(f"{scope}\0{program}".encode(), digest_size=8).hexdigest()
    legible = "".join(c if c.isascii() and (c.isalnum() or c in "-_.") else "-" for c in program)
    return f"watchdog/notify/{digest}/{legible[:40]}"
