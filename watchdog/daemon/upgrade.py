"""Replaces the watchdog by a new version of itself, in the same process.

First the new version rehearses; then whoever is owed an answer gets it; then, between two events,
everything is written down and the new version executed. The children never notice: they are the
same process's before and after, their output waits in its FIFOs, their locks stay held.
"""

from __future__ import annotations

import asyncio
import os
import time
from typing import NoReturn

from msgspec.structs import replace

from watchdog.config import Config, ConfigError
from watchdog.config.alone import load_again
from watchdog.config.reread import compare
from watchdog.control.backend import Rehearsed, UpgradeError
from watchdog.control.server import ControlServer
from watchdog.control.server import Doors as Listening
from watchdog.core.hooks import is_free
from watchdog.core.model import Need
from watchdog.core.program import Program
from watchdog.daemon import rehearsal, signals
from watchdog.daemon.assembly import Parts
from watchdog.daemon.handover import HANDOVER, Doors, Handover, keep, pack, write
from watchdog.locks.file import FileLock
from watchdog.version import __version__

SETTLE = 5.0
"""Seconds that requests under way have to be answered before they are told to look again."""


class Upgrader:
    """Upgrades once at a time."""

    def __init__(self, parts: Parts, server: ControlServer, claim: FileLock) -> None:
        self._parts = parts
        self._server = server
        self._claim = claim
        self._busy = False
        self._going: asyncio.Task[None] | None = None

    async def upgrade(self) -> Rehearsed:
        """Have the new version rehearse, and go soon after. `UpgradeError`: we stay."""
        self._check()
        self._busy, self._parts.service.upgrade_trouble = True, ""
        try:
            found = await self._rehearse()
            self._check_leaving()
        except BaseException as error:
            self._busy = False
            if isinstance(error, UpgradeError):
                self._note_failure(str(error))
            raise
        self._going = asyncio.get_running_loop().create_task(self._go(found))
        return found

    def _check(self) -> None:
        if self._busy:
            raise UpgradeError("an upgrade is under way")
        self._check_leaving()
        for name, program in self._parts.fleet.programs.items():
            if has_process(program) and self._parts.keeper.pid_of(name) is None:
                raise UpgradeError(f"{name}: this system cannot carry its process over")

    def _check_leaving(self) -> None:
        if self._parts.fleet.exit_code is not None:
            raise UpgradeError("the watchdog is shutting down")

    async def _rehearse(self) -> Rehearsed:
        config = self._parts.reloader.config
        descriptor = write(self._compose(config, Doors()))
        try:
            return await rehearsal.try_out(descriptor, config.state)
        except UpgradeError as error:
            raise UpgradeError(self._parts.veil.over(str(error))) from None
        finally:
            os.close(descriptor)

    async def _go(self, found: Rehearsed) -> None:
        """Answer whoever asked, then leap; if that fails, go on as if nothing had been."""
        parts = self._parts
        parts.console.say(f"upgrading from {__version__} to {found.version}")
        parts.journal.write("upgrade", state="BEGUN", version=__version__, next=found.version)
        await parts.service.settle(SETTLE)
        listening = await self._server.pause()
        try:
            while not signals.hold_back():  # noqa: ASYNC110 - one turn of the loop
                await asyncio.sleep(0)
            with parts.upward.reloading():
                self._leap(listening)
        except (OSError, UpgradeError) as error:
            signals.let_through()
            self._note_failure(str(error))
            await self._server.resume(listening)
        finally:
            self._busy = False

    def _leap(self, listening: Listening) -> NoReturn:
        """From here to the new version's first event nothing else happens."""
        self._check_leaving()
        parts, config = self._parts, self._parts.reloader.config
        pipes = [os.dup(reader) for reader in parts.adapters.captures.readers()]
        handover = replace(
            self._compose(config, doors_of(config, listening)),
            pipes=pipes,
            guardian=parts.adapters.wards.hand_over(),
        )
        descriptor = write(handover)
        parts.adapters.probes.close()  # no command of a probe outlives us
        parts.adapters.captures.close()
        words = rehearsal.command()
        try:
            keep(handover, across_exec=True)
            os.set_inheritable(descriptor, True)
            os.execve(words[0], words, {**os.environ, HANDOVER: str(descriptor)})
        except OSError as error:
            keep(handover, across_exec=False)
            os.close(descriptor)
            parts.adapters.wards.take_back()
            self._capture_again()
            close_all(pipes)
            raise UpgradeError(f"{words[0]} cannot be executed: {error.strerror}") from None

    def _capture_again(self) -> None:
        """Read on, as a successor would: what was left for it is found by a new capture only."""
        parts = self._parts
        for name, program in parts.fleet.programs.items():
            parts.adapters.captures.forget(name)
            pid = parts.keeper.pid_of(name)
            if pid is not None and has_process(program):
                parts.crew.listen(name, pid)
            if program.hook is not None and (birth := parts.hooks.births().get(name)):
                parts.hooks.listen(name, birth)

    def _compose(self, config: Config, doors: Doors) -> Handover:
        parts = self._parts
        programs = parts.fleet.programs
        audience, listeners = parts.adapters.audience.keep()
        return Handover(
            version=__version__,
            count=parts.service.upgrades_done + 1,
            began=time.monotonic(),
            state=str(config.state),
            state_lock=self._claim.fd,
            parent=parts.service.parent,
            doors=doors,
            locks=parts.adapters.locks.inheritance(),
            notify=parts.adapters.notify.descriptors(),
            audience=audience,
            listeners=listeners,
            programs={name: pack(program) for name, program in programs.items()},
            plans=parts.fleet.plans(),
            records=parts.keeper.records(),
            resting=[name for name, program in programs.items() if not program.wanted],
            same=untouched(config),
            ended=parts.views.ended,
            hooks=parts.hooks.births() if any(p.hook for p in programs.values()) else {},
            accounts=parts.ledger.accounts(),
            counts=parts.tally.pack(),
            gaps=parts.gaps.pack(),
            sockets=parts.adapters.sockets.inheritance(),
        )

    def _note_failure(self, reason: str) -> None:
        parts = self._parts
        parts.service.upgrade_trouble = reason
        parts.journal.write("upgrade", state="REFUSED", version=__version__, reason=reason)
        parts.console.say(f"no upgrade, {__version__} goes on: {reason}")


def has_process(program: Program) -> bool:
    """Whether something of its own is to be carried over: before a hook's end there may be none."""
    return Need.TREE not in program.granted and not is_free(program)


def close_all(descriptors: list[int]) -> None:
    """They have done their duty."""
    for descriptor in descriptors:
        os.close(descriptor)


def doors_of(config: Config, listening: Listening) -> Doors:
    """The listening sockets, with the addresses at which clients look for them."""
    http = None if config.http is None else (config.http.host, config.http.port)
    path = "" if listening.path is None else str(listening.path)
    return Doors(listening.unix, path, listening.file, listening.tcp, http)


def untouched(config: Config) -> list[str]:
    """The programs that are configured as they were, as this version understands it.

    Another version may see more, or look at it in another way: that alone must not end a process.
    """
    names = [program.name for program in config.programs]
    if config.path is None:
        return names
    try:
        changes = compare(config, load_again(config))
    except ConfigError:  # it may be written for the new version already
        return []
    return [name for name in names if name not in (*changes.restarted, *changes.removed)]
