"""How each program is started: its configuration turned into what the adapters want.

A spawn takes a piece from four adapters (the output's FIFO, the lock's descriptors, the notify
socket, the process itself); here they meet, because adapters do not know each other.
"""

from __future__ import annotations

import contextlib
import os
import shlex
from collections.abc import Callable, Mapping
from typing import NamedTuple

from msgspec.structs import replace

from watchdog.config.model import ProgramConfig
from watchdog.core.events import Event, SpawnFailed
from watchdog.core.model import Exit
from watchdog.daemon.audience import Audience
from watchdog.daemon.doors import with_sockets
from watchdog.daemon.wards import Wards
from watchdog.locks import Locks
from watchdog.logs.capture import Captures, ChildEnds
from watchdog.logs.feed import Feeds
from watchdog.probes.attempt import Surroundings
from watchdog.probes.heartbeat import NotifySockets
from watchdog.probes.probes import Probes
from watchdog.process import Ceiling, Ceilings, Processes, SpawnSpec
from watchdog.process.users import Account, account_of
from watchdog.sockets import CannotListen, Sockets

INSTANCE = "WATCHDOG_INSTANCE"
"""The number of one of several instances."""

OURS = frozenset(
    [
        "NOTIFY_SOCKET",
        "WATCHDOG_USEC",
        "WATCHDOG_PID",
        "WATCHDOG_LOCK_FD",
        "WATCHDOG_LOCK_KEY",
        "WATCHDOG_CONFIG",
        "WATCHDOG_PASSWORD",
        "WATCHDOG_HANDOVER",
        "WATCHDOG_REHEARSAL",
        "LISTEN_FDS",
        "LISTEN_PID",
        "LISTEN_FDNAMES",
        INSTANCE,
    ]
)
"""Variables that somebody above told the watchdog, and that would mislead a child."""


class Adapters(NamedTuple):
    """What a program's life takes."""

    processes: Processes
    captures: Captures
    locks: Locks
    probes: Probes
    notify: NotifySockets
    ceilings: Ceilings
    wards: Wards
    feeds: Feeds
    audience: Audience
    sockets: Sockets


class Crew:
    """The configured programs, ready to be launched."""

    def __init__(
        self,
        adapters: Adapters,
        post: Callable[[str, Event], None],
        nonce_of_next: Callable[[str], int],
        server: str,
    ) -> None:
        self._adapters = adapters
        self._post = post
        self._nonce_of_next = nonce_of_next
        self._server = server  # the URL at which programs reach us
        self._configs: dict[str, ProgramConfig] = {}

    @property
    def configs(self) -> Mapping[str, ProgramConfig]:
        """The configuration of every program."""
        return self._configs

    def take(self, config: ProgramConfig) -> None:
        """A new program, or a new configuration of a known one."""
        self._configs[config.name] = config
        self._adapters.audience.take(config)
        around = surroundings_of(config, self._server)
        self._adapters.probes.configure(config.name, config.probes, around)
        self._adapters.captures.reconfigure(config.name, config.logs, config.secrets)

    def forget(self, name: str) -> None:
        """The program left the configuration."""
        self._configs.pop(name, None)
        self._adapters.probes.forget(name)
        self._adapters.notify.close(name)
        self._adapters.captures.forget(name)
        self._adapters.feeds.forget(name)
        self._adapters.audience.forget(name)

    def launch(self, name: str, incarnation: int) -> None:
        """Start a process; Spawned or SpawnFailed is posted."""
        config = self._configs[name]
        with contextlib.ExitStack() as ours:
            try:
                spec = self._prepare(config, incarnation, ours)
            except CannotListen as error:
                return self._post(name, SpawnFailed(incarnation, Exit(detail=str(error))))
            except OSError as error:
                detail = f"cannot prepare the start: {error.strerror or error}"
                return self._post(name, SpawnFailed(incarnation, Exit(detail=detail)))
            self._spawn(config, incarnation, spec)
        self._note_process(config, incarnation)
        return None

    def _prepare(
        self, config: ProgramConfig, incarnation: int, ours: contextlib.ExitStack
    ) -> SpawnSpec:
        """All that a process is given; our copies of it are closed with `ours`. Raises OSError."""
        stdin = self._open_input(config)
        if stdin is not None:
            ours.callback(os.close, stdin)
        ends = self._open_output(config)
        ours.callback(ends.close)
        notify = self._open_notify(config)
        self._adapters.notify.begin(config.name, incarnation)
        spec = replace(self._specify(config, ends, notify), stdin=stdin)
        spec = with_sockets(spec, config, self._adapters.sockets, ours)
        pipes = self._adapters.audience.open(config)
        if pipes is None:
            return spec
        ours.callback(pipes.close)
        return replace(spec, stdin=pipes.stdin, stdout=pipes.stdout)

    def _spawn(self, config: ProgramConfig, incarnation: int, spec: SpawnSpec) -> None:
        name, nonce = config.name, self._nonce_of_next(config.name)
        if config.on_watchdog_death == "kill":
            try:
                self._adapters.wards.expect(name, incarnation, nonce)
            except OSError as error:
                detail = f"cannot start its guardian: {error.strerror or error}"
                return self._post(name, SpawnFailed(incarnation, Exit(detail=detail)))
        return self._adapters.processes.spawn(name, incarnation, spec, nonce)

    def resume(self, name: str, incarnation: int, pid: int) -> None:
        """A process that another watchdog started was adopted: go on reading and hearing it."""
        config = self._configs[name]
        self.listen(name, pid)
        if config.sockets:
            processes = self._adapters.processes
            self._adapters.sockets.recover(name, config.sockets, lambda: processes.members(name))
        with contextlib.suppress(OSError):  # taken by an impostor: then no beat will be heard
            self._open_notify(config)
            self._adapters.notify.resume(name, incarnation)
        self._attend(config, incarnation)
        if self._adapters.audience.has_lost(config):
            # A listener that outlived its pipes hears nothing: the next one will.
            self._adapters.processes.kill(name, incarnation)

    def listen(self, name: str, pid: int) -> None:
        """Go on capturing the output of a process that runs."""
        config = self._configs[name]
        self._adapters.captures.adopt(name, config.logs, config.secrets, pid)

    def clear_away(self, name: str) -> None:
        """Nothing of the process lives: write its last output, stop weighing it."""
        self._adapters.captures.release(name)
        self._adapters.ceilings.forget(name)
        self._adapters.wards.forget(name)

    def _note_process(self, config: ProgramConfig, incarnation: int) -> None:
        """The process exists: put its name on the lock, and begin to weigh it."""
        pid = self._adapters.processes.pid(config.name)
        if pid is None:
            return
        self._adapters.locks.describe(config.name, pid, shlex.join(config.command))
        self._attend(config, incarnation)

    def _attend(self, config: ProgramConfig, incarnation: int) -> None:
        """Weigh it, and have it guarded, where that is configured."""
        if config.on_watchdog_death == "kill":
            self._adapters.wards.watch(config.name)
        self._adapters.ceilings.watch(config.name, incarnation, ceilings_of(config))

    def _open_output(self, config: ProgramConfig) -> ChildEnds:
        return self._adapters.captures.open(config.name, config.logs, config.secrets)

    def _open_input(self, config: ProgramConfig) -> int | None:
        return self._adapters.feeds.open(config.name) if config.stdin == "pipe" else None

    def _open_notify(self, config: ProgramConfig) -> dict[str, str]:
        if not config.notifies:
            return {}
        uid, beat = find_uid(config), config.policy.heartbeat
        return self._adapters.notify.open(config.name, uid, beat)

    def environment(self, name: str) -> dict[str, str]:
        """What a program is started with, but for the watchdog's own descriptors."""
        return environment_of(self.configs[name], self._server)

    def _specify(self, config: ProgramConfig, ends: ChildEnds, notify: dict[str, str]) -> SpawnSpec:
        descriptors, lock = self._adapters.locks.descriptors(config.name)
        return SpawnSpec(
            command=config.command,
            directory=str(config.directory),
            environment={**environment_of(config, self._server), **notify, **lock},
            user=config.user,
            group=config.group,
            umask=-1 if config.umask is None else config.umask,
            limits={name: limit_of(value) for name, value in config.limits.items()},
            stdout=ends.stdout_fd,
            stderr=ends.stderr_fd,
            pass_fds=tuple(descriptors),
        )


def environment_of(config: ProgramConfig, server: str) -> dict[str, str]:
    """The watchdog's environment, without what was meant for itself, and the program's over it.

    In between is what supervisor's own tools look for; `server` is the URL of the control socket.
    """
    inherited = {name: value for name, value in os.environ.items() if name not in OURS}
    ours = {
        "SUPERVISOR_ENABLED": "1",
        "SUPERVISOR_SERVER_URL": server,
        "SUPERVISOR_PROCESS_NAME": config.process,
        "SUPERVISOR_GROUP_NAME": config.team,
    }
    own = {"WATCHDOG_PROGRAM": config.name}
    if config.instance is not None:
        own[INSTANCE] = str(config.instance.number)
    return {**inherited, **ours, **config.environment, **own}


def ceilings_of(config: ProgramConfig) -> tuple[Ceiling, ...]:
    """What its tree may use."""
    memory, cpu = config.memory, config.cpu
    found = [Ceiling("memory", memory, config.memory_over)] if memory is not None else []
    return (*found, *([Ceiling("cpu", cpu, config.cpu_over)] if cpu is not None else []))


def limit_of(value: int | None) -> tuple[int, int]:
    """A soft and a hard limit; -1 is unlimited."""
    return (-1, -1) if value is None else (value, value)


def surroundings_of(config: ProgramConfig, server: str) -> Surroundings:
    """What the command of an exec probe runs in: the program's own; telegram wants its token."""
    if all(target.kind not in ("exec", "telegram") for target in config.probes.values()):
        return Surroundings()
    return own_surroundings(config, server)


def own_surroundings(config: ProgramConfig, server: str) -> Surroundings:
    """What the program itself runs in."""
    account = find_account(config)
    return Surroundings(
        environment=environment_of(config, server),
        directory=str(config.directory),
        user=account.uid if account else None,
        group=account.gid if account else None,
        groups=account.groups if account else None,
    )


def find_account(config: ProgramConfig) -> Account | None:
    """Whom the program runs as; None for the watchdog's own user (or if the spawn will fail)."""
    try:
        return account_of(SpawnSpec(config.command, user=config.user, group=config.group))
    except ValueError:
        return None  # the spawn meets the same problem, and says so in words


def find_uid(config: ProgramConfig) -> int:
    """The user id that the program's notify datagrams must come from."""
    account = find_account(config)
    return account.uid if account else os.geteuid()
