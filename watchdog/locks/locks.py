"""The adapter: takes singletons' locks for programs, waits for them, and reports.

What it keeps true: each `acquire` is answered by Granted or Refused with its claim, and one that
waits by Granted later; what is held stays held until `release`, and longer where a child has
inherited it.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from pathlib import Path

from msgspec import Struct, structs

from watchdog.core.events import Event, Granted, Refused
from watchdog.core.model import Need
from watchdog.inotify import REPLACED, DirectoryWatch, Names
from watchdog.locks import holders, standby
from watchdog.locks.identity import reduce
from watchdog.locks.ports import Lock
from watchdog.locks.record import Healing, Holder, LockProblem, sentence
from watchdog.locks.shadow import Shadow

Post = Callable[[str, Event], None]
Make = Callable[[str], Lock]  # a lock for a key
Ourselves = Callable[[str, str], Holder]  # our record, for a program and a key


class Held(Struct):
    """A lock that a program has."""

    lock: Lock
    holder: Holder
    shown: Holder  # what the lock file says
    attended: int = -1  # the descriptor whose visitors the loop sends home


class Locks:
    """All locks of one watchdog, one a program."""

    def __init__(
        self, post: Post, make: Make, ourselves: Ourselves, period: float = standby.PERIOD
    ) -> None:
        self._post, self._make, self._ourselves, self._period = post, make, ourselves, period
        self._held: dict[str, Held] = {}
        self._waiting: dict[str, standby.Standby] = {}
        self._shadows: dict[str, Shadow] = {}
        self._watch: DirectoryWatch | None = None

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
            self._held[program] = Held(lock, holder, holder)
            self._forget_shadow(program)
            return ""
        return f"{lock.key} is {sentence(refused)}"

    def adopt(self, program: str, key: str, pid: int) -> bool:
        """Share the lock that the adopted process has; True if we hold it now just as it does.

        False: it could not be fetched, and `shadow` says why. The process holds it all the same;
        the next `acquire` is granted when that has ended, and waits for it even if it was told not
        to. If the process has lost the file at the path, `tampered` says so. Raises ValueError
        for an empty key.
        """
        self._let_go(program)
        self._forget_shadow(program)
        lock = self._make(key)
        try:
            reason = lock.adopt(pid)
        except LockProblem as problem:
            reason = str(problem)
        if reason:
            self._shadows[program] = Shadow(pid, reason, lambda: self._step_forward(program, key))
            self._attend_shadow(program)
            return False
        holder = self._ourselves(program, lock.key)
        held = self._held[program] = Held(lock, holder, holders.on_behalf(holder, pid))
        lock.describe(held.shown)
        with contextlib.suppress(RuntimeError):  # without a loop yet, `acquire` will do it
            _attend_visitors(held)
        return True

    def inheritance(self) -> dict[str, tuple[str, tuple[int, ...]]]:
        """The key and the descriptors of each program that has a lock, for `inherit`."""
        return {name: (held.lock.key, held.lock.descriptors()) for name, held in self._held.items()}

    def inherit(self, program: str, key: str, descriptors: tuple[int, ...]) -> bool:
        """Go on holding what we held before we were re-executed; False if it cannot be."""
        lock = self._make(key)
        if not lock.inherit(descriptors):
            return False
        shown = lock.recorded()
        holder = structs.replace(self._ourselves(program, lock.key), since=shown.since)
        held = self._held[program] = Held(lock, holder, shown)
        _attend_visitors(held)
        return True

    def shadow(self, program: str) -> str:
        """Why the adopted process's lock could not be fetched; empty when nothing is waited for."""
        shadow = self._shadows.get(program)
        return shadow.reason if shadow is not None else ""

    def heal(self, program: str) -> Healing:
        """Put right what was done to the lock file; the healthy process is not touched."""
        held = self._held.get(program)
        if held is None:
            return Healing(False, f"{program} holds no lock, so there is nothing to put right")
        healing = held.lock.heal()
        if healing.healed:
            held.lock.describe(held.shown)
        if self._watch is not None:
            self._watch.begin()
        return healing

    def watch(self, directory: Path, tampered: Callable[[str, str], None]) -> bool:
        """Call `tampered` with a program and what was done to its lock, as soon as it is.

        The directory is watched as it is now, so begin when it is there. False: this machine
        cannot watch, and `tampered()` has to be asked.
        """

        def look(_names: Names) -> None:
            for program, text in self.tampered().items():
                tampered(program, text)

        self._watch = DirectoryWatch(directory, REPLACED, look)
        return self._watch.begin()

    def acquire(self, program: str, key: str, wait: bool, claim: int = 0) -> None:
        """Take the lock; posts Granted or Refused, and if it waits, Granted later."""
        self._stop_waiting(program)
        reason = self._obtain(program, key)
        if not reason:
            self._grant(program, claim)
            return
        if program in self._shadows:
            # What an adopted process holds comes to us in any case, as soon as its tree has ended.
            wait = True
            self._attend_shadow(program)
        if wait:
            self._waiting[program] = standby.Standby(
                lambda: self._try_again(program, key, claim), self._period
            )
        self._post(program, Refused(Need.LOCK, reason, final=not wait, claim=claim))

    def release(self, program: str) -> None:
        """Let go, or stop waiting. Children that inherited the lock hold it on."""
        self._stop_waiting(program)
        self._forget_shadow(program)
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
            held.shown = structs.replace(held.holder, pid=pid, command=command, user=user)
            held.lock.describe(held.shown)

    def tampered(self) -> dict[str, str]:
        """The programs whose lock file is no longer the one that is held, and what was done."""
        found = {program: held.lock.tampering() for program, held in self._held.items()}
        return {program: text for program, text in found.items() if text}

    def close(self) -> None:
        """Let go of everything."""
        for program in {*self._held, *self._waiting, *self._shadows}:
            self.release(program)
        if self._watch is not None:
            self._watch.close()

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

    def _step_forward(self, program: str, key: str) -> None:
        """The process that held the lock has ended: be the first to ask for it."""
        waiting = self._waiting.get(program)
        if waiting is not None:
            waiting.hurry()
        elif self._obtain(program, key):
            # Its strays hold it still.
            self._waiting[program] = standby.Standby(
                lambda: not self._obtain(program, key), self._period
            )

    def _forget_shadow(self, program: str) -> None:
        shadow = self._shadows.pop(program, None)
        if shadow is not None:
            shadow.close()

    def _attend_shadow(self, program: str) -> None:
        with contextlib.suppress(RuntimeError):  # without a loop yet, `acquire` will do it
            self._shadows[program].watch()

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
