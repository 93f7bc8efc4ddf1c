"""The main job: `run(config, names)` supervises until it is told to stop.

It reads as what happens: claim the state directory and the locks (or say who has them), put the
parts together, start what starts by itself, and leave when everything is down.
"""

from __future__ import annotations

import asyncio
import os
import sys
from functools import partial
from typing import TYPE_CHECKING

from watchdog.config import Config
from watchdog.config.model import Login
from watchdog.control.access import Access, Credentials
from watchdog.control.backend import ReloadError
from watchdog.control.listeners import AddressError, AlreadyServed, Dress
from watchdog.control.server import ControlServer
from watchdog.control.server import Doors as Listening
from watchdog.daemon import clock
from watchdog.daemon.assembly import Parts, assemble
from watchdog.daemon.caretaker import Caretaker
from watchdog.daemon.claims import Held, Unusable, claim_singletons, claim_state, refuse_leases
from watchdog.daemon.diet import give_back
from watchdog.daemon.household import owner_of, pid_file, raise_limits
from watchdog.daemon.locksmith import Locksmith
from watchdog.daemon.mishaps import Mishaps, keep_trace
from watchdog.daemon.salvage import salvage
from watchdog.daemon.scales import scaled_as_before
from watchdog.daemon.signals import Listener, let_through
from watchdog.locks import Locks
from watchdog.locks.file import FileLock
from watchdog.logs import tail
from watchdog.version import __version__

if TYPE_CHECKING:
    from watchdog.daemon.handover import Doors, Handover
    from watchdog.daemon.upgrade import Upgrader

HANDOVER, REHEARSAL = "WATCHDOG_HANDOVER", "WATCHDOG_REHEARSAL"
"""As in `handover`, which is loaded only around an upgrade."""

INTERNAL, HELD_ELSEWHERE, BAD_CONFIGURATION = 70, 69, 78
"""Exit codes of `run`, from sysexits.h: EX_SOFTWARE, EX_UNAVAILABLE, EX_CONFIG."""


def run(config: Config, names: tuple[str, ...] = ()) -> int:
    """Supervise in the foreground; the exit code is the process's own."""
    if REHEARSAL in os.environ:
        from watchdog.daemon.rehearsal import rehearse  # only before an upgrade

        return rehearse(config, lambda: asyncio.run(build(config, names)))
    try:
        return asyncio.run(supervise(config, names))
    except Held as held:
        print(f"watchdog: {held}", file=sys.stderr)
        return HELD_ELSEWHERE
    except Unusable as problem:
        print(f"watchdog: {problem}", file=sys.stderr)
        return BAD_CONFIGURATION
    except Exception as error:  # a bug of ours: say so in a line, and keep what shows where
        place = keep_trace(config, error)
        print(f"watchdog: internal error: {name_error(error)}; details: {place}", file=sys.stderr)
        return INTERNAL


def name_error(error: BaseException) -> str:
    """An exception in one line."""
    return f"{type(error).__name__}: {error}"


async def build(config: Config, names: tuple[str, ...]) -> None:
    """Put everything together and touch nothing."""
    refuse_leases(config)
    config, _ = scaled_as_before(config)
    assemble(config, names, Locks())


async def supervise(config: Config, names: tuple[str, ...]) -> int:
    """From the claims to the last exit."""
    given = receive_handover()
    config, note = scaled_as_before(config)
    raise_limits(config.house)
    claim = claim_state(config, given.state_lock if given is not None else -1)
    try:
        locks = Locks()
        parts = assemble(config, names, locks)
        if note:
            parts.console.say(note)
        mishaps = Mishaps(parts.console.say, partial(keep_trace, config))
        asyncio.get_running_loop().set_exception_handler(mishaps.handle)
        try:
            if given is not None:
                greet(config, parts)
                return await attend(config, parts, claim, given)
            records = parts.records.read_all()
            known = frozenset(record.program for record in records)
            claim_singletons(config, names, known, locks)
            greet(config, parts)
            adopted = parts.heritage.take(records)
            claim_singletons(config, names, adopted, locks)
            salvage(config, parts.adapters.captures)
            return await attend(config, parts, claim)
        finally:
            dismiss(parts)
    finally:
        claim.close()


def receive_handover() -> Handover | None:
    """What an older version left us, if we were executed in its place."""
    if HANDOVER not in os.environ:
        return None
    from watchdog.daemon.handover import receive  # only after an upgrade

    return receive(HANDOVER)


async def attend(
    config: Config, parts: Parts, claim: FileLock, given: Handover | None = None
) -> int:
    """Open the doors, start the programs or go on with them, and wait until everything is down."""
    server = make_server(config, parts)
    if given is None:
        await go_through_doors(config, server, parts)
    with pid_file(config.house.pidfile):
        return await go_round(config, parts, claim, given, server)


async def go_round(
    config: Config,
    parts: Parts,
    claim: FileLock,
    given: Handover | None,
    server: ControlServer,
) -> int:
    """With open doors: from the first program to the last."""
    caretaker = Caretaker(config, server, parts.console.say, parts.records, parts.keeper)
    caretaker.begin()
    Listener(
        stop=lambda name: begin_to_leave(parts, name),
        hurry=lambda name: hurry(parts, name),
        reload=lambda: reload(parts),
        reopen=lambda: reopen(parts),
    )
    parts.service.make_upgrader = lambda: make_upgrader(parts, server, claim)
    parts.service.abandon = lambda: abandon(parts)
    parts.service.begin_renewal = lambda: begin_renewal(parts, claim)
    try:
        if given is None:
            parts.adapters.audience.greet()
            parts.driver.order(parts.fleet.start_all)
        else:
            await go_on(given, config, parts, server)
        parts.upward.begin()
        Locksmith(parts.adapters.locks, parts.console, parts.journal).begin()
        parts.recorder.resume()
        parts.herald.begin(anew=given is None)
        parts.rehearsals.arm()
        give_back()
        code = await parts.finished
        if parts.service.renewing:
            await start_anew(parts, server, claim)
        if parts.service.renewing:
            return INTERNAL  # it could not be
        say_goodbye(parts)
        return code
    finally:
        caretaker.close()
        await server.close()


async def go_on(given: Handover, config: Config, parts: Parts, server: ControlServer) -> None:
    """Take everything over from the version that ran before us."""
    from watchdog.daemon.resumption import Resumption

    let_through()
    resumption = Resumption(given, config, parts)
    resumption.resume()
    try:
        await reopen_doors(given.doors, config, server)
    except (Held, Unusable) as problem:  # no reason to give up what runs
        parts.console.say(str(problem))
    resumption.tell()


def make_upgrader(parts: Parts, server: ControlServer, claim: FileLock) -> Upgrader:
    """What replaces us by the version that is installed now."""
    from watchdog.daemon.upgrade import Upgrader  # only when somebody asks

    return Upgrader(parts, server, claim)


async def begin_renewal(parts: Parts, claim: FileLock) -> None:
    """Stop everything, to start anew; unless that could not be."""
    from watchdog.daemon import renewal  # only when somebody asks

    await renewal.begin(parts, claim)


async def start_anew(parts: Parts, server: ControlServer, claim: FileLock) -> None:
    """Execute ourselves again, now that everything is down."""
    from watchdog.daemon import renewal

    await renewal.leap(parts, server, claim)


def make_server(config: Config, parts: Parts) -> ControlServer:
    """The control server, not listening yet."""

    def report(where: str, error: Exception) -> None:
        parts.console.say(f"{where}: internal error: {type(error).__name__}: {error}")

    server = ControlServer(parts.service, tail, report, access_of(config))
    server.dress = Dress(config.house.socket_mode, owner_of(config.house))
    return server


def access_of(config: Config) -> Access:
    """Who may use the control sockets."""

    def of(login: Login | None) -> Credentials | None:
        return None if login is None else Credentials(login.user, login.password)

    return Access(of(config.login), of(config.socket_login), config.metrics_public)


async def reopen_doors(doors: Doors, config: Config, server: ControlServer) -> None:
    """Let in who waits at the old version's sockets; an address that changed is opened anew."""
    http = None if config.http is None else (config.http.host, config.http.port)
    unix = doors.unix if doors.path in ("", str(config.socket)) else -1
    tcp = doors.tcp if doors.http == http else -1
    for descriptor in {doors.unix, doors.tcp} - {unix, tcp, -1}:
        os.close(descriptor)
    path = config.socket if doors.path else None  # none: it was passed to us, its file is not ours
    await server.resume(Listening(unix, path, doors.file, tcp))
    await open_doors(config, server, has_unix=unix >= 0, has_tcp=tcp >= 0)


async def go_through_doors(config: Config, server: ControlServer, parts: Parts) -> None:
    """Listen, also where somebody listened in our place until now (socket activation)."""
    has_unix = has_tcp = False
    if "LISTEN_FDS" in os.environ:
        from watchdog.daemon.activation import admit  # only where somebody did

        give = parts.adapters.sockets.take
        has_unix, has_tcp = await admit(config, server, parts.console.say, give)
    await open_doors(config, server, has_unix=has_unix, has_tcp=has_tcp)


async def open_doors(
    config: Config, server: ControlServer, *, has_unix: bool = False, has_tcp: bool = False
) -> None:
    """Listen on the control socket and, if configured, on TCP, as far as we do not yet."""
    try:
        if not has_unix:
            await server.open_unix(config.socket)
        if config.http is not None and not has_tcp:
            await server.open_tcp(config.http.host, config.http.port)
    except AlreadyServed as served:
        raise Held(str(served)) from None
    except AddressError as error:
        raise Unusable(str(error)) from None


def greet(config: Config, parts: Parts) -> None:
    """Say that we are here, with what, and where."""
    source = config.path or "the command line"
    programs = len(config.programs)
    noun = "program" if programs == 1 else "programs"
    parts.console.say(f"watchdog {__version__} (pid {os.getpid()}): {programs} {noun} of {source}")
    for note in config.notes:
        parts.console.say(f"note: {note}")
    last = parts.signs.last()  # of the watchdog before, which may not have written its end
    sign = None if last is None else clock.stamp_of(last)
    about = {"pid": os.getpid(), "version": __version__, "last_sign": sign}
    parts.journal.write("watchdog", state="RUNNING", **about)


def abandon(parts: Parts) -> None:
    """Leave, and leave the programs running: another watchdog is about to adopt them."""
    parts.console.say("watchdog: giving way to another one; the programs run on")
    parts.journal.write("watchdog", state="GIVEN_WAY", pid=os.getpid())
    parts.herald.end()
    if not parts.finished.done():
        parts.finished.set_result(0)


def say_goodbye(parts: Parts) -> None:
    """Everything is down, as it should be; unless another watchdog goes on with it."""
    if parts.fleet.exit_code is None:
        return
    parts.upward.end()
    parts.herald.end()
    parts.journal.write("watchdog", state="SHUTDOWN", pid=os.getpid())
    parts.console.say("watchdog: everything is down")


def begin_to_leave(parts: Parts, signal: str) -> None:
    """Stop everything in order."""
    parts.console.say(f"{signal}: stopping everything; a second signal hurries")
    parts.service.renewing = False
    parts.driver.order(lambda moment: parts.fleet.shut_down(0, moment))


def hurry(parts: Parts, signal: str) -> None:
    """No more grace."""
    parts.console.say(f"{signal} again: killing what is left")
    parts.driver.order(parts.fleet.hurry)


def reload(parts: Parts) -> None:
    """Read the configuration again; if it is bad, say so and change nothing."""
    try:
        parts.reloader.reload()
    except ReloadError as error:
        parts.console.say(f"reload refused: {error}")


def reopen(parts: Parts) -> None:
    """Somebody else rotates the logs: open them anew."""
    parts.adapters.captures.reopen_all()
    parts.console.reopen()


def dismiss(parts: Parts) -> None:
    """Let go of everything; what still runs (after an internal error) is left as it is."""
    adapters = parts.adapters
    adapters.probes.close()
    adapters.notify.close_all()
    adapters.processes.close()
    adapters.captures.close()
    adapters.audience.close()
    adapters.sockets.close()
    parts.recorder.flush()
    parts.herald.close()
    parts.journal.close()
    parts.console.close()
