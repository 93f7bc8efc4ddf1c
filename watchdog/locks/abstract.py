"""The second lock, on Linux: a bound abstract unix socket. No `rm` can remove it.

Its name is one for all users, mount and pid namespaces; only another network namespace has names
of its own. It is inherited like any descriptor, and the name is taken until the last copy is
closed. The socket listens, though it never serves: a contender connects, reads from SO_PEERCRED
who listens (fixed at listen(2), whatever the user), and goes. The queue of such visits is emptied
by the holder (`drain`); once the holder is dead and only a child has the socket, a full queue
merely makes its name unreadable, and /proc is asked instead.

Anybody on the machine may take a name first. That keeps the program from starting, never lets two
of it run, and the refusal names who it is.
"""

from __future__ import annotations

import contextlib
import errno
import socket
import struct
import sys
from pathlib import Path

from watchdog.locks import holders
from watchdog.locks.identity import reduce, socket_name
from watchdog.locks.record import Holder, LockProblem

assert sys.platform == "linux"

BACKLOG = 64  # visits of contenders between two drains


class AbstractLock:
    """The abstract socket of one key."""

    def __init__(self, key: str) -> None:
        self.key = reduce(key)
        self._address = b"\0" + socket_name(key).encode()
        self._socket: socket.socket | None = None

    def acquire(self, holder: Holder) -> Holder | None:
        """Take the lock; or say who has it. There is nowhere to write `holder` down."""
        return self.take()

    def take(self) -> Holder | None:
        """Take the lock; or say who has it. Raises LockProblem."""
        taken = _new()
        try:
            taken.bind(self._address)
        except OSError as error:
            taken.close()
            if error.errno == errno.EADDRINUSE:
                return self._holder()
            raise LockProblem(
                f"the socket for the lock cannot be bound: {error.strerror}"
            ) from None
        taken.listen(BACKLOG)
        self._socket = taken
        return None

    def hold(self, descriptor: int) -> bool:
        """Take over a descriptor that has the lock already; False, and it is closed, if not."""
        held = socket.socket(fileno=descriptor)
        try:
            fits = bool(held.getsockname() == self._address)
        except OSError:
            fits = False
        if fits:
            self._socket = held
        else:
            held.close()
        return fits

    def describe(self, holder: Holder) -> None:
        """The kernel alone says who holds it."""

    def is_intact(self) -> bool:
        """While it is held, nothing can happen to it."""
        return self._socket is not None

    def descriptors(self) -> tuple[int, ...]:
        """What a child must inherit to keep the lock."""
        return (self._socket.fileno(),) if self._socket is not None else ()

    def drain(self) -> None:
        """Send home the contenders that came to read our name."""
        with contextlib.suppress(OSError):
            while self._socket is not None:
                self._socket.accept()[0].close()

    def close(self) -> None:
        """Let go of our own descriptor. No shutdown(2): it would act on the children's too."""
        if self._socket is not None:
            self._socket.close()
        self._socket = None

    def inode(self) -> holders.Inode:
        """The inode of whoever's socket has the name, on the one device of all sockets; or -1."""
        wanted = b"@" + self._address[1:]
        with _new() as any_socket:
            device = holders.inode_of(any_socket.fileno())[0]
        for line in Path("/proc/net/unix").read_bytes().splitlines():
            fields = line.split(maxsplit=7)
            if len(fields) == 8 and fields[7] == wanted and fields[5] == b"01":
                return device, int(fields[6])
        return device, -1

    def _holder(self) -> Holder:
        peer = self._peer()
        if peer is not None and self._is_credible(peer[0]):
            return holders.describe_process(peer[0], self.key)
        found = holders.find_holders(self.inode(), flock=False)
        if found:
            return holders.describe_process(found[0], self.key)
        return Holder(self.key, user=holders.user_name(peer[1]) if peer else "")

    def _peer(self) -> tuple[int, int] | None:
        """Pid and uid of who called listen; pid 0 is somebody in another pid namespace."""
        with _new() as visitor, contextlib.suppress(OSError):
            visitor.connect(self._address)
            form = "3i"
            raw = visitor.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize(form))
            pid, uid, _ = struct.unpack(form, raw)
            return pid, uid
        return None

    def _is_credible(self, pid: int) -> bool:
        """Whether it still has the socket, as far as we may look; only a child may have it."""
        if pid <= 0 or not holders.is_alive(pid):
            return False
        return holders.has_open(pid, self.inode(), flock=False) or not _may_look(pid)


def _new() -> socket.socket:
    kind = socket.SOCK_STREAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC
    try:
        return socket.socket(socket.AF_UNIX, kind)
    except OSError as error:
        raise LockProblem(f"no socket for the lock can be had: {error.strerror}") from None


def _may_look(pid: int) -> bool:
    try:
        next(Path(f"/proc/{pid}/fd").iterdir(), None)
    except OSError:
        return False
    return True
