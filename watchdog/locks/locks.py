"""The adapter: takes singletons' locks for programs, waits for them, and reports.

What it keeps true: each `acquire` is answered by Granted or Refused with its claim, and one that
waits by Granted later; what is held stays held until `release`, and longer where a child has
inherited it.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

from msgspec import Struct, structs

from watchdog.core.events import Event, Granted, Refused
from watchdog.core.model import Need
from watchdog.locks import standby
from watchdog.locks.identity import reduce
from watchdog.locks.ports import Lock
from watchdog.locks.record import Holder, LockProblem, sentence

Post = Callable[[str, Event], None]
Make = Callable[[str], Lock]  # a lock for a key
Ourselves = Callable[[str, str], Holder]  # our record, for a program and a key


class Held(Struct):
    """A lock that a program has."""

    lock: Lock
    holder: Holder
    attended: int = -1  # the descriptor whose visitors the loop sends home


class Locks:
    """All locks of one watchdog, one a program."""

    def __init__(
        self, post: Post, make: Make, ourselves: Ourselves, period: float = standby.PERIOD
    ) -> None:
        self._post, self._make, self._ourselves, self._period = post, make, ourselves, period
        self._held: dict[str, Held] = {}
        self._waiting: dict[str, standby.Standby] = {}

    def post_to(self, post: Post) -> None:
        """Where the events go, for who had to take locks before there was such a place."""
        self._post = post

    def claim_now(self, program: str, key: str) -> str:
        """Take the lock before anything else begins, and keep it for the coming `acquire`.

        Empty if it is ours now, else a sentence that says who has it. Raises LockProblem if no
        lock can be had at all, ValueError for an empty key.
        """
        if self._has(program, key):
            return ""
        self._let_go(program)
        lock = self._make(key)
        holder = self._ourselves(program, lock.key)
        refused = lock.acquire(holder)
        if refused is None:
            self._held[program] = Held(lock, holder)
            return ""
        return f"{lock.key} is {sentence(refused)}"

    def acquire(self, program: str, key: str, wait: bool, claim: int = 0) -> None:
        """Take the lock; posts Granted or Refused, and if it waits, Granted later."""
        self._stop_waiting(program)
        reason = self._obtain(program, key)
        if not reason:
            self._grant(program, claim)
            return
        if wait:
            self._waiting[program] = standby.Standby(
                lambda: self._try_again(program, key, claim), self._period
            )
        self._post(program, Refused(Need.LOCK, reason, final=not wait, claim=claim))

    def release(self, program: str) -> None:
        """Let go, or stop waiting. Children that inherited the lock hold it on."""
        self._stop_waiting(program)
        self._let_go(program)

    def descriptors(self, program: str) -> tuple[tuple[int, ...], dict[str, str]]:
        """What the program's process inherits: descriptors, and the environment that names them."""
        held = self._held.get(program)
        return (held.lock.descriptors(), held.lock.environment()) if held else ((), {})

    def describe(self, program: str, pid: int, command: str, user: str = "") -> None:
        """Write the spawned process into the record, by its pid, command and user."""
        held = self._held.get(program)
        if held is not None:
            user = user or held.holder.user
            held.lock.describe(structs.replace(held.holder, pid=pid, command=command, user=user))

    def tampered(self) -> dict[str, str]:
        """The programs whose lock file is no longer the one that is held, and what was done."""
        found = {program: held.lock.tampering() for program, held in self._held.items()}
        return {program: text for program, text in found.items() if text}

    def close(self) -> None:
        """Let go of everything."""
        for program in {*self._held, *self._waiting}:
            self.release(program)

    def _has(self, program: str, key: str) -> bool:
        return program in self._held and self._held[program].lock.key == reduce(key)

    def _obtain(self, program: str, key: str) -> str:
        """Empty if the program has the lock now, else why it has not."""
        try:
            return self.claim_now(program, key)
        except (LockProblem, ValueError) as problem:
            return str(problem)

    def _try_again(self, program: str, key: str, claim: int) -> bool:
        if self._obtain(program, key):
            return False
        del self._waiting[program]
        self._grant(program, claim)
        return True

    def _grant(self, program: str, claim: int) -> None:
        _attend_visitors(self._held[program])
        self._post(program, Granted(Need.LOCK, claim=claim))

    def _let_go(self, program: str) -> None:
        held = self._held.pop(program, None)
        if held is not None:
            _ignore_visitors(held)
            held.lock.close()

    def _stop_waiting(self, program: str) -> None:
        waiting = self._waiting.pop(program, None)
        if waiting is not None:
            waiting.close()


def _attend_visitors(held: Held) -> None:
    """Let the loop send home the contenders that read our name from the second lock."""
    visitors = held.lock.visitors()
    if visitors >= 0 and held.attended < 0:
        held.attended = visitors
        asyncio.get_running_loop().add_reader(visitors, held.lock.drain)


def _ignore_visitors(held: Held) -> None:
    if held.attended >= 0:
        with contextlib.suppress(RuntimeError):  # the loop may be gone already
            asyncio.get_running_loop().remove_reader(held.attended)
