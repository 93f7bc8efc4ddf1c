"""All listening sockets of one watchdog: which are open, and for whom.

A socket is known by its address; the programs that have it in their lists are its users, several
where a program was multiplied. It is opened for the first start of the first of them, stays open
over every restart, and is closed when all of them are at rest. A short while after that: a stop
that is followed by a start is how supervisor's clients restart.

Every descriptor is closed on exec: only the spawn of a user passes it on.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import Callable, Collection, Iterable, Sequence
from pathlib import Path

from msgspec import Struct

from watchdog.config.model import SocketConfig
from watchdog.socket_file import Identity, identify
from watchdog.sockets.opening import Owner, dress, listen, open_socket
from watchdog.sockets.recovery import Fetch, fetch_all

LINGER = 1.0  # seconds: on a busy machine a client may take so long from its stop to its start


class Inheritance(Struct, frozen=True):
    """One open socket for the version that is executed in our place."""

    key: str
    descriptor: int
    users: tuple[str, ...]
    path: str = ""  # of a unix socket
    file: Identity | None = None  # which file there is ours
    given: bool = False


class Held(Struct):
    """One open socket."""

    listener: socket.socket
    users: set[str]
    path: Path | None = None
    file: Identity | None = None
    given: bool = False  # by whoever started us, who listens there, too: it is never closed

    @property
    def is_lost(self) -> bool:
        """Whether nobody can reach it any more: its file was removed, or replaced."""
        return self.path is not None and identify(self.path) != self.file

    def close(self) -> None:
        """Let go of our copy; who inherited it may listen on."""
        self.listener.close()

    def remove(self) -> None:
        """Nobody listens any more: leave no file behind."""
        if self.path is not None and not self.is_lost:
            with contextlib.suppress(OSError):
                self.path.unlink()
        self.close()


class Sockets:
    """`tell` is called with a program and what became of a socket of it, in words."""

    def __init__(self, fetch: Fetch, tell: Callable[[str, str], None]) -> None:
        self._fetch, self._tell = fetch, tell
        self._held: dict[str, Held] = {}  # by key
        self._resting: dict[str, asyncio.TimerHandle] = {}  # by program

    def open(self, program: str, wanted: Sequence[SocketConfig], account: Owner) -> list[int]:
        """The descriptors for a start, in order; what is not wanted any more is closed.

        Raises `CannotListen`; what is open by then stays so, for the next try.
        """
        self.wake(program)
        keys = {one.key for one in wanted}
        for key in [key for key in self._keys_of(program) if key not in keys]:
            self._leave(key, program)
        return [self._open_one(program, one, account) for one in wanted]

    def take(self, key: str, descriptor: int) -> None:
        """Hold what was opened before we came (socket activation), for as long as we run."""
        known = self._held.get(key)
        if known is not None:
            known.close()
        users = set() if known is None else known.users
        self._held[key] = Held(socket.socket(fileno=descriptor), users, given=True)

    def keys(self, program: str) -> list[str]:
        """The addresses that are open for a program."""
        return self._keys_of(program)

    def rest(self, program: str) -> None:
        """It is down, and nobody wants it up: close what is only its own, unless it comes back."""
        if program not in self._resting and self._keys_of(program):
            later = asyncio.get_running_loop().call_later
            self._resting[program] = later(LINGER, self._retire, program)

    def drop(self, program: str) -> None:
        """It has none any more: close what is only its own at once, for it may listen itself."""
        if self._held:
            self._retire(program)

    def wake(self, program: str) -> None:
        """It is to come up, after all."""
        timer = self._resting.pop(program, None)
        if timer is not None:
            timer.cancel()

    def recover(
        self, program: str, wanted: Sequence[SocketConfig], find_pids: Callable[[], Iterable[int]]
    ) -> None:
        """Share with the processes of an adopted program what an earlier watchdog gave them.

        What cannot be had is theirs alone, and is opened anew after their end.
        """
        missing = [one for one in wanted if one.key not in self._held]
        try:
            found = fetch_all(missing, find_pids(), self._fetch) if missing else {}
            trouble = "they have closed it"
        except OSError as error:
            found, trouble = {}, error.strerror or str(error)
        for one in wanted:
            if one.key in found:
                self._hold(one, found[one.key])
            if one.key in self._held:
                self._held[one.key].users.add(program)
            else:
                self._tell(
                    program,
                    f"{one.key} cannot be shared with its processes ({trouble}); "
                    "connections are refused while it is restarted the next time",
                )

    def inheritance(self) -> list[Inheritance]:
        """All of it, for `inherit`."""
        return [
            Inheritance(
                key,
                held.listener.fileno(),
                tuple(sorted(held.users)),
                "" if held.path is None else str(held.path),
                held.file,
                held.given,
            )
            for key, held in self._held.items()
        ]

    def inherit(self, given: Iterable[Inheritance], up: Collection[str]) -> None:
        """Go on with what we held before we were re-executed, for those that are not at rest."""
        for one in given:
            listener = socket.socket(fileno=one.descriptor)
            path = Path(one.path) if one.path else None
            self._held[one.key] = Held(listener, set(one.users), path, one.file, one.given)
            for user in set(one.users) - set(up):
                self.rest(user)

    def close(self) -> None:
        """The watchdog ends. What lives on, listens on."""
        for program in list(self._resting):
            self._retire(program)
        for held in self._held.values():
            held.close()
        self._held = {}

    # --- inside

    def _keys_of(self, program: str) -> list[str]:
        return [key for key, held in self._held.items() if program in held.users]

    def _open_one(self, program: str, wanted: SocketConfig, account: Owner) -> int:
        held = self._held.get(wanted.key)
        if held is None or held.is_lost:
            users = set() if held is None else held.users
            if held is not None:
                held.close()
                del self._held[wanted.key]
            held = self._hold(wanted, open_socket(wanted, account))
            held.users |= users
            self._tell(program, f"listening on {wanted.key}")
        elif not held.given:
            dress(wanted, account)
            listen(held.listener, wanted)
        held.users.add(program)
        if held.users == {program}:
            # The last process may have left it non-blocking, for all who have it.
            os.set_blocking(held.listener.fileno(), True)
        return held.listener.fileno()

    def _hold(self, wanted: SocketConfig, listener: socket.socket) -> Held:
        path = wanted.place if isinstance(wanted.place, Path) else None
        held = Held(listener, set(), path, None if path is None else identify(path))
        self._held[wanted.key] = held
        return held

    def _retire(self, program: str) -> None:
        self.wake(program)
        for key in self._keys_of(program):
            self._leave(key, program)

    def _leave(self, key: str, program: str) -> None:
        held = self._held[key]
        held.users.discard(program)
        if not held.users and not held.given:
            del self._held[key]
            held.remove()
            self._tell(program, f"no longer listening on {key}")
