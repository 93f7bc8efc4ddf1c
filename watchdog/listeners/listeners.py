"""All listeners: their pools, and the pipes to their processes.

The daemon says what happens (`publish`) and how the listeners' programs fare; nothing here waits
for a listener, and what a listener does not take is bounded by its pool's buffer.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from functools import partial

import msgspec
from msgspec import Struct

from watchdog.config.model import ListenerConfig
from watchdog.listeners.dialogue import Word
from watchdog.listeners.pipes import ChildEnds, Pipes, open_pipes
from watchdog.listeners.pool import Member, Pool
from watchdog.listeners.translation import Told

REST = 0.5
"""Seconds without events for a pool after one of its listeners failed."""


class Kept(Struct):
    """What a later version of the watchdog goes on with."""

    serial: int = 0
    pools: dict[str, Pool] = {}
    unsent: dict[str, bytes] = {}  # by program
    told: dict[str, Told] = {}  # by program


class Listeners:
    """Who listens, and to what."""

    def __init__(self, server: Callable[[], str], say: Callable[[str], None]) -> None:
        self._server = server  # how we are called in the events
        self._say = say
        self._pools: dict[str, Pool] = {}
        self._pool_of: dict[str, Pool] = {}  # by program
        self._pipes: dict[str, Pipes] = {}  # by program
        self._resting: dict[str, asyncio.TimerHandle] = {}  # by pool
        self._dropped: dict[str, int] = {}  # by pool, since it last got something done
        self._serial = 0

    # --- who listens

    def configure(self, program: str, config: ListenerConfig) -> None:
        """A listener, new or with another configuration."""
        pool = self._pools.get(config.pool)
        if pool is None:
            pool = self._pools[config.pool] = Pool(config.pool, config.events, config.buffer)
        if self._pool_of.get(program, pool) is not pool:
            self._leave(program)
        self._count(pool, pool.resize(config.events, config.buffer))
        pool.join(program)
        self._pool_of[program] = pool

    def forget(self, program: str) -> None:
        """It is a listener no more; any program may be named."""
        self._close(program)
        self._leave(program)

    def wants(self, event: str) -> bool:
        """Whether anybody would be told of it."""
        return any(pool.wants(event) for pool in self._pools.values())

    def publish(self, event: str, payload: str) -> None:
        """This happened."""
        pools = [pool for pool in self._pools.values() if pool.wants(event)]
        if not pools:
            return
        serial, self._serial = self._serial, self._serial + 1
        for pool in pools:
            self._count(pool, pool.accept(event, payload, serial))
            self._dispatch(pool)

    # --- their processes

    def open(self, program: str) -> ChildEnds:
        """Pipes for a new process of it. Raises OSError when descriptors run out."""
        self._close(program)
        pool = self._pool_of[program]
        self._pipes[program], ends = open_pipes(partial(self._hear, program))
        self._count(pool, pool.begin(program))
        return ends

    def set_up(self, program: str, up: bool) -> None:
        """Whether its program is RUNNING."""
        pool = self._pool_of[program]
        pool.members[program].up = up
        self._dispatch(pool)

    def end(self, program: str) -> None:
        """Its process ended; what it said before that counts."""
        if program in self._pipes:
            self._pipes[program].drain()
            self._close(program)
            self._lose(program)

    def has_pipes(self, program: str) -> bool:
        """Whether we can talk to its process."""
        return program in self._pipes

    # --- an upgrade

    def keep(self) -> tuple[Kept, dict[str, tuple[int, int]]]:
        """For a later version: everything, and the descriptors of the pipes by program."""
        pipes = {name: pipe.descriptors for name, pipe in self._pipes.items()}
        unsent = {name: pipe.unsent for name, pipe in self._pipes.items()}
        return Kept(self._serial, self._pools, unsent), pipes

    def resume(self, kept: Kept, descriptors: dict[str, tuple[int, int]]) -> None:
        """Go on where another version was, as far as the listeners are still configured."""
        self._serial = kept.serial
        for old in kept.pools.values():
            pool = self._pools.get(old.name)
            if pool is not None:
                pool.accepted, pool.waiting = old.accepted, old.waiting
                pool.resize(pool.events, pool.size)
                self._take_members(pool, old.members, descriptors)
        for name, (writer, reader) in descriptors.items():
            self._take_pipes(name, writer, reader, kept.unsent.get(name, b""))

    def _take_members(
        self, pool: Pool, members: dict[str, Member], descriptors: dict[str, tuple[int, int]]
    ) -> None:
        for name, member in members.items():
            if name in pool.members and name in descriptors:
                pool.members[name] = member

    def _take_pipes(self, name: str, writer: int, reader: int, unsent: bytes) -> None:
        if name not in self._pool_of or min(writer, reader) < 0:
            for descriptor in (writer, reader):
                if descriptor >= 0:
                    os.close(descriptor)
            return
        self._pipes[name] = Pipes(writer, reader, partial(self._hear, name))
        if unsent:
            self._pipes[name].send(unsent)

    def close(self) -> None:
        """Let go of all."""
        for timer in self._resting.values():
            timer.cancel()
        for program in list(self._pipes):
            self._close(program)

    # --- the work

    def _dispatch(self, pool: Pool) -> None:
        """Send what can be sent now."""
        while pool.name not in self._resting and (assigned := pool.assign()) is not None:
            program, notice = assigned
            pipes = self._pipes.get(program)
            if pipes is None or not pipes.send(notice.envelope(self._server(), pool.name)):
                self._lose(program)

    def _hear(self, program: str, data: bytes) -> None:
        """A listener said something, or nothing ever again."""
        if not data:
            return self._lose(program)
        pool = self._pool_of[program]
        words, dropped = pool.hear(program, data)
        self._count(pool, dropped)
        for word in words:
            self._take(program, pool, word)
        return self._dispatch(pool)

    def _take(self, program: str, pool: Pool, word: Word) -> None:
        if word is Word.DONE:
            self._tell_dropped(pool)
        elif word is Word.FAILED:
            self._rest(pool)
        elif word is Word.BROKEN:
            self._say(
                f"{program}: it broke the protocol of event listeners and gets no more events "
                f"(its stdout is for READY and RESULT only); then: watchdog restart {program}"
            )

    def _lose(self, program: str) -> None:
        """It cannot be talked to any more: others do what it held."""
        pool = self._pool_of.get(program)
        if pool is not None:
            self._count(pool, pool.end(program))
            self._dispatch(pool)

    def _rest(self, pool: Pool) -> None:
        """Its listener failed: the same event at once would most likely fail at once."""
        if pool.name not in self._resting:
            timer = asyncio.get_running_loop().call_later(REST, self._awake, pool)
            self._resting[pool.name] = timer

    def _awake(self, pool: Pool) -> None:
        self._resting.pop(pool.name, None)
        self._dispatch(pool)

    def _count(self, pool: Pool, dropped: int) -> None:
        """Say when events begin to be dropped; how many it were is said when it is over."""
        if dropped and pool.name not in self._dropped:
            self._say(
                f"listeners {pool.name}: more than {pool.size} events wait, the oldest is dropped"
            )
        if dropped:
            self._dropped[pool.name] = self._dropped.get(pool.name, 0) + dropped

    def _tell_dropped(self, pool: Pool) -> None:
        dropped = self._dropped.pop(pool.name, 0)
        if dropped:
            self._say(f"listeners {pool.name}: events are taken again; {dropped} were dropped")

    def _leave(self, program: str) -> None:
        pool = self._pool_of.pop(program, None)
        if pool is None:
            return
        self._count(pool, pool.leave(program))
        if pool.members:
            self._dispatch(pool)
        else:
            self._dissolve(pool)

    def _dissolve(self, pool: Pool) -> None:
        self._tell_dropped(pool)
        del self._pools[pool.name]
        timer = self._resting.pop(pool.name, None)
        if timer is not None:
            timer.cancel()

    def _close(self, program: str) -> None:
        pipes = self._pipes.pop(program, None)
        if pipes is not None:
            pipes.close()


def pack(kept: Kept) -> bytes:
    """As plain data."""
    return msgspec.msgpack.encode(kept)


def unpack(data: bytes) -> Kept:
    """The same back; of what another version wrote and we cannot read, nothing."""
    try:
        return msgspec.msgpack.decode(data, type=Kept)
    except msgspec.DecodeError:
        return Kept()
