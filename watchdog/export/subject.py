"""What a service definition is about: one watchdog with its programs, in absolute terms.

`describe` reads it off a configuration; `split` makes one subject per program of it. Both are pure.
Durations are seconds.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from watchdog.config.errors import ConfigError, Problem
from watchdog.config.model import Address, Config, ProgramConfig
from watchdog.config.places import SOCKET_NAME, default_state, state_root
from watchdog.core.model import Hook, Policy, Role
from watchdog.core.ordering import depths, start_order, stop_stages

AT_STOP = (Hook.PRE_STOP, Hook.POST_EXIT)

REAPING = 2.0
"""Seconds for each stage of a stop beyond its grace: SIGKILL, and proof that all is gone."""

MARGIN = 10.0
"""Seconds on top of the whole, for a machine that is busy."""

ROOT_STATES = state_root({}, 0)
"""The directory of root's state directories."""


class Surroundings(Struct, frozen=True):
    """What the configuration does not say."""

    command: tuple[str, ...]  # what runs `watchdog`: the console script, or python -m watchdog
    python: str  # the interpreter
    code: tuple[str, ...]  # the directories that the interpreter and our package are in
    path: str  # PATH for the watchdog and its programs
    system: bool  # for the whole machine (we are root), or for one user only
    user: str = ""  # who runs it; empty for whoever installs it
    uid: int = 0  # of whoever installs it
    home: str = ""  # of that user
    name: str = ""  # of the instance; empty for the one made from the configuration
    main: str = ""  # the program whose service has the plain name, of one per program
    environment_file: str = ""
    options: dict[str, str] = {}


class Program(Struct, frozen=True):
    """One program, as far as it matters for a definition."""

    name: str
    table: str  # what it is called in the file: instances share one
    depends_on: tuple[str, ...]
    autostart: bool
    user: str  # whom it runs as; empty for the watchdog's own user
    directory: str
    env_file: str
    log: str
    start_seconds: float  # from its spawn until it must be ready
    stop_seconds: float  # its grace
    memory: int | None  # bytes
    singleton: str
    addresses: tuple[str, ...] = ()  # of its TCP sockets that are held


class Subject(Struct, frozen=True):
    """One watchdog. All paths are absolute."""

    name: str  # of the instance: letters, digits, `_`, `.` and `-`
    config: str
    directory: str  # where the configuration is
    state: str
    socket: str
    http: str  # host:port; empty if there is none
    programs: tuple[Program, ...]  # in the order in which they start
    start_seconds: float  # the whole start: the longest chain of programs that wait for each other
    stop_seconds: float  # the whole stop in order
    around: Surroundings
    single: str = ""  # the only program that it runs, with --per-program
    after: tuple[str, ...] = ()  # the names of the instances that it comes after

    @property
    def command(self) -> tuple[str, ...]:
        """What starts it."""
        alone = ("--alone", self.single) if self.single else ()
        return (*self.around.command, "run", "-c", self.config, *alone)

    @property
    def address(self) -> tuple[str, ...]:
        """What tells a client command that it is this one."""
        return ("-s", self.socket) if self.single else ("-c", self.config)

    @property
    def options(self) -> dict[str, str]:
        """The kind's own options that were given."""
        return self.around.options

    @property
    def system(self) -> bool:
        """Whether it is for the whole machine."""
        return self.around.system


def describe(config: Config, around: Surroundings) -> Subject:
    """The subject that a configuration file makes. It must have come from a file."""
    assert config.path is not None
    state = place_state(config, around)
    policies = {program.name: program.policy for program in config.programs}
    programs = {program.name: reduce(program) for program in config.programs}
    return Subject(
        name=around.name or name_instance(config),
        config=str(config.path),
        directory=str(config.path.parent),
        state=str(state),
        socket=str(state / SOCKET_NAME if config.socket.parent == config.state else config.socket),
        http="" if config.http is None else str(config.http),
        programs=tuple(programs[name] for name in start_order(policies)),
        start_seconds=add_up_start(policies),
        stop_seconds=add_up_stop(policies),
        around=around,
    )


def place_state(config: Config, around: Surroundings) -> Path:
    """A state directory that the configuration does not name is that of whoever runs it.

    It was read by root, which would have another one than the user of the service.
    """
    assert config.path is not None
    if around.user in ("", "root") or config.state != default_state(config.path, ROOT_STATES):
        return config.state
    if around.home.startswith("~"):  # what stays of a user that nobody knows
        hint = "make it first, or set `state` under [watchdog]"
        raise ConfigError(
            Problem("", None, "", f"there is no user {around.user} on this machine", hint=hint)
        )
    return default_state(config.path, state_root({"HOME": around.home}, -1))


def split(subject: Subject) -> list[Subject]:
    """One subject per program, in the order in which they start; instances stay together."""
    tables: dict[str, list[Program]] = {}
    for program in subject.programs:
        tables.setdefault(program.table, []).append(program)
    _check_main(subject, list(tables))
    return [_single(subject, table, programs) for table, programs in tables.items()]


def _check_main(subject: Subject, tables: list[str]) -> None:
    """The main program exists, and nobody else has the plain name. Raises ConfigError."""
    main = subject.around.main
    if main and main not in tables:
        text = f"there is no program {main} to be the main one; there are: {', '.join(tables)}"
        raise ConfigError(Problem(subject.config, None, "", text))
    if main not in ("", subject.name) and subject.name in tables:
        text = f"{main} cannot be called {subject.name}: there is a program of that name"
        raise ConfigError(Problem(subject.config, None, "", text, hint="choose another --name"))


def _single(subject: Subject, table: str, programs: list[Program]) -> Subject:
    owners = {program.name: program.table for program in subject.programs}
    above = dict.fromkeys(owners[other] for program in programs for other in program.depends_on)
    return replace(
        subject,
        name=join(subject, table),
        state=f"{subject.state}/{table}",
        socket=f"{subject.state}/{table}/control.sock",
        http="",
        programs=tuple(programs),
        start_seconds=latest(one.start_seconds for one in programs) + MARGIN,
        stop_seconds=latest(one.stop_seconds for one in programs) + REAPING + MARGIN,
        single=table,
        after=tuple(join(subject, other) for other in above),
    )


def join(subject: Subject, program: str) -> str:
    """The name of one program's service: mimic-bot, or mimic for the main one, or one called so."""
    instance = subject.name
    if program == subject.around.main:
        return instance
    if program == instance or program.startswith(f"{instance}-"):
        return program
    return f"{instance}-{program}"


def reduce(program: ProgramConfig) -> Program:
    """What a definition needs of a program."""
    return Program(
        name=program.name,
        table=program.written,
        depends_on=program.policy.depends_on,
        autostart=program.autostart,
        user=program.user or "",
        directory=str(program.directory),
        env_file=str(program.env_file or ""),
        log=str(program.logs.path),
        start_seconds=longest_start(program.policy),
        stop_seconds=program.policy.stop.grace + time_for(program.policy, *AT_STOP),
        memory=program.memory,
        singleton=program.singleton.key if program.singleton else "",
        addresses=tuple(one.key for one in program.sockets if isinstance(one.place, Address)),
    )


def name_instance(config: Config) -> str:
    """The name of the directory that the configuration is in: what people call the project."""
    assert config.path is not None
    name = config.path.parent.name if config.path.stem == "watchdog" else config.path.stem
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", name).strip("-.") or "main"


def longest_start(policy: Policy) -> float:
    """The time after which the program is ready or has failed."""
    return time_for(policy, Hook.PRE_START) + longest_startup(policy)


def time_for(policy: Policy, *hooks: Hook) -> float:
    """What these hooks may take, one after the other."""
    return sum(policy.hooks[hook].timeout for hook in hooks if hook in policy.hooks)


def longest_startup(policy: Policy) -> float:
    """The same for the process alone."""
    startup = policy.probes.get(Role.STARTUP)
    if startup is not None:
        allowed = startup.delay + startup.period * startup.failure_threshold + startup.timeout
        return max(allowed, policy.start_seconds)
    return max(policy.ready_within or 0.0, policy.start_seconds)


def add_up_start(policies: dict[str, Policy]) -> float:
    """The longest chain of programs of which each waits for the one before."""
    depth = depths(policies)
    ends: dict[str, float] = {}
    for name in sorted(policies, key=depth.__getitem__):
        above = [ends[other] for other in policies[name].depends_on if other in ends]
        ends[name] = longest_start(policies[name]) + latest(above)
    return latest(ends.values()) + MARGIN


def latest(times: Iterable[float]) -> float:
    """The last of some times; 0 of none."""
    return max(times, default=0.0)


def add_up_stop(policies: dict[str, Policy]) -> float:
    """Stage after stage, each as long as the longest grace in it."""
    stages = stop_stages(policies, policies)
    graces = [max(policies[name].stop.grace for name in stage) for stage in stages]
    return sum(grace + REAPING for grace in graces) + MARGIN
