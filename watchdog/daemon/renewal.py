"""`restart`, as supervisor means it: everything is stopped, and the watchdog starts anew.

Whether it can is tried before anything is stopped: the configuration is read, and the new start
rehearsed as for an upgrade. Then it executes itself in its own place. The right to the state
directory is never let go, and clients wait in the queues of the same sockets.
"""

from __future__ import annotations

import asyncio
import os
import time
from functools import partial

from msgspec.structs import replace

from watchdog.control.backend import ReloadError, UpgradeError
from watchdog.control.server import ControlServer
from watchdog.daemon import rehearsal, signals
from watchdog.daemon.assembly import Parts
from watchdog.daemon.handover import HANDOVER, Doors, Handover, keep, write
from watchdog.daemon.upgrade import doors_of
from watchdog.locks.file import FileLock
from watchdog.version import __version__


async def begin(parts: Parts, claim: FileLock) -> None:
    """Stop everything; `leap` follows. `ReloadError`: it could not start again, nothing is done."""
    if parts.reloader.config.path is not None:
        parts.reloader.read()
    await rehearse(parts, claim)
    if parts.fleet.exit_code is not None:
        raise ReloadError("the watchdog is shutting down")
    parts.console.say("starting anew: stopping everything first")
    parts.journal.write("watchdog", state="RESTARTING", pid=os.getpid(), version=__version__)
    parts.service.renewing = True
    parts.driver.order(partial(parts.fleet.shut_down, 0))


async def rehearse(parts: Parts, claim: FileLock) -> None:
    """Have it tried by a child that touches nothing."""
    descriptor = write(compose(parts, claim, Doors()))
    try:
        await rehearsal.try_out(descriptor, parts.reloader.config.state)
    except UpgradeError as error:
        raise ReloadError(parts.veil.over(str(error))) from None
    finally:
        os.close(descriptor)


async def leap(parts: Parts, server: ControlServer, claim: FileLock) -> None:
    """Be executed anew. Returns if that failed, which it says, or if it is not wanted any more.

    A signal to stop that came meanwhile is heard before, and is stronger.
    """
    listening = await server.pause()
    while not signals.hold_back():  # noqa: ASYNC110 - one turn of the loop
        await asyncio.sleep(0)
    if not parts.service.renewing:
        return
    doors = doors_of(parts.reloader.config, listening)
    guardian = parts.adapters.wards.hand_over()
    handover = replace(compose(parts, claim, doors), guardian=guardian)
    words = rehearsal.command()
    try:
        descriptor = write(handover)
        keep(handover, across_exec=True)
        os.set_inheritable(descriptor, True)
        os.execve(words[0], words, {**os.environ, HANDOVER: str(descriptor)})
    except OSError as error:
        parts.console.say(f"cannot start anew: {words[0]}: {error.strerror}")


def compose(parts: Parts, claim: FileLock, doors: Doors) -> Handover:
    """What the new start gets of us: the right to be here, and the doors."""
    return Handover(
        version=__version__,
        count=parts.service.upgrades_done,
        began=time.monotonic(),
        state=str(parts.reloader.config.state),
        state_lock=claim.fd,
        doors=doors,
        anew=True,
    )
