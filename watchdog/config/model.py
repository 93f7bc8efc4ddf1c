"""What a configuration is once it was read: plain immutable values with every default filled in.

Durations are seconds, sizes are bytes, paths are absolute. The `repr` of these values shows no
secret: it may end in a log.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from watchdog.config.loopback import is_loopback
from watchdog.config.secret import HIDDEN, mask, strike
from watchdog.core.model import Hook, Policy, Role

if TYPE_CHECKING:
    from watchdog.config.instances import Template

TOKEN_VARIABLES = ("TELEGRAM_BOT_TOKEN", "TG_TOKEN")
"""Where a program's environment has its bot's token, the first that is set."""


class Address(Struct, frozen=True):
    """Where something listens."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine itself can reach it."""
        return is_loopback(self.host)


class Login(Struct, frozen=True):
    """A user and a password (or supervisor's `{SHA}` form of one). The repr shows neither."""

    user: str
    password: str

    def __repr__(self) -> str:
        return f"Login({HIDDEN})"


class Singleton(Struct, frozen=True):
    """What may exist only once. `key` is the identity; it never holds a token."""

    kind: str  # "telegram", or "key" for one that the user made up
    key: str

    def __str__(self) -> str:
        return self.key


class LogsConfig(Struct, frozen=True):
    """Where captured output goes, and when it is rotated."""

    path: Path
    maximum: int  # bytes; 0 is never rotated
    backups: int
    format: Literal["raw", "text", "json"]
    stderr: Literal["merge", "separate", "discard"]
    stderr_path: Path | None = None  # only for "separate"
    stdout_events: bool = False  # what is written is told to event listeners
    stderr_events: bool = False
    stdout_capture: int = 0  # bytes of a message for event listeners; 0 looks for none
    stderr_capture: int = 0
    stderr_maximum: int = 0  # bytes, for `stderr_path`
    stderr_backups: int = 0
    shared: bool = False  # other programs write there, too
    age: float = 0.0  # seconds; 0 is no rotation by time
    compress: bool = False
    total: int = 0  # bytes of all files together; 0 is no limit


class ListenerConfig(Struct, frozen=True):
    """What an event listener is told."""

    pool: str  # listeners of one pool share its events
    events: tuple[str, ...]
    buffer: int  # how many events may wait


class EvidenceConfig(Struct, frozen=True):
    """What is kept of a failure. How long taking it may last is the policy's."""

    signal: str | None = None  # at which the program prints its stacks
    lines: int = 200


class DrillConfig(Struct, frozen=True):
    """How the program is broken on purpose. Commands that are None cannot be rehearsed."""

    block: tuple[str, ...] | None = None
    mute: tuple[str, ...] | None = None
    notice: float = 0.0  # seconds that the program itself takes to see that something is amiss
    every: float | None = None  # seconds from one scheduled drill to the next
    at: str | None = None  # not before this time of the day, HH:MM
    only: tuple[str, ...] = ("kill",)  # what a scheduled drill rehearses

    def command(self, fault: str) -> tuple[str, ...] | None:
        """The command for a fault that takes one."""
        return {"block": self.block, "mute": self.mute}.get(fault)

    def __repr__(self) -> str:
        return f"DrillConfig(every={self.every}, at={self.at}, only={self.only})"


class SocketConfig(Struct, frozen=True):
    """A listening socket that is held for a program. `name` is told in LISTEN_FDNAMES."""

    place: Address | Path
    name: str = ""
    mode: int = 0o660  # of a unix socket's file
    owner: str | None = None  # of it: "user" or "user:group"; None is the program's account
    backlog: int | None = None  # connections that may wait; None is what the system allows

    @property
    def key(self) -> str:
        """The address as it is written and shown."""
        return f"unix:{self.place}" if isinstance(self.place, Path) else str(self.place)


class IncidentsConfig(Struct, frozen=True):
    """How much evidence is kept."""

    count: int = 100
    age: float = 30 * 86400.0  # seconds
    size: int = 100 * 10**6  # bytes


class AlertsConfig(Struct, frozen=True):
    """Who is told what. The repr shows no URL."""

    urls: tuple[str, ...]  # apprise's; they hold tokens and passwords
    on: frozenset[str]
    after: float = 10.0  # seconds
    group: float = 10.0
    limit: int = 20  # messages an hour
    repeat: float | None = None  # seconds
    title: str | None = None  # None: made from the host's name

    def __repr__(self) -> str:
        return f"AlertsConfig({len(self.urls)} urls hidden, on={sorted(self.on)})"


class ProbeTarget(Struct, frozen=True):
    """What a probe asks. Which fields count depends on the kind."""

    kind: Literal["http", "tcp", "exec", "heartbeat", "telegram"]
    url: str = ""  # http
    status: tuple[int, ...] = ()  # http: the accepted codes; empty is any 2xx
    headers: dict[str, str] = {}  # http
    address: Address | None = None  # tcp
    command: tuple[str, ...] = ()  # exec
    mode: str = "polling"  # telegram: how the bot gets its updates

    def __repr__(self) -> str:
        headers = dict.fromkeys(self.headers, HIDDEN)
        told = (self.url, self.address, self.command and self.command[0], self.status, headers)
        shown = (mask(str(part)) for part in told if part)
        return f"ProbeTarget({', '.join((self.kind, *shown))})"


class Instance(Struct, frozen=True):
    """Which of several programs it is that one table of the file stands for."""

    of: str  # the name of the table
    number: int  # from 0

    @property
    def name(self) -> str:
        """The program's own name: `worker:worker_00`, also where the table is `web:worker`."""
        group, _, program = self.of.rpartition(":")
        return f"{group or program}:{program}_{self.number:02d}"


class ProgramConfig(Struct, frozen=True):
    """One program, entirely."""

    name: str
    command: tuple[str, ...]
    directory: Path
    environment: dict[str, str]  # that of env_file and, over it, that of `environment`
    env_file: Path | None
    user: str | None
    group: str | None
    umask: int | None
    limits: dict[str, int | None]  # by the name in the module `resource`; None is unlimited
    singleton: Singleton | None
    when_held: Literal["fail", "wait"]
    lease: str | None
    on_watchdog_death: Literal["adopt", "kill"]
    logs: LogsConfig
    probes: dict[Role, ProbeTarget]
    secrets: frozenset[str]  # to be struck out of all output
    policy: Policy
    autostart: bool
    stdin: Literal["null", "pipe", "socket"] = "null"
    evidence: EvidenceConfig = EvidenceConfig()
    group_name: str = ""  # the group of programs; empty is one of its own
    group_priority: int | None = None  # as supervisor shows it; None is the program's own
    listener: ListenerConfig | None = None
    drill: DrillConfig = DrillConfig()
    sockets: tuple[SocketConfig, ...] = ()  # held for it, over its restarts
    instance: Instance | None = None
    update: Literal["at-once", "rolling"] = "at-once"
    depends_on: tuple[str, ...] = ()  # as written: also groups. The policy's are programs.
    hooks: dict[Hook, tuple[str, ...]] = {}  # what each runs
    memory: int | None = None  # bytes that its tree may use
    memory_over: float = 0.0  # seconds over which that is an average; 0 is at once
    cpu: float | None = None  # processors that its tree may use
    cpu_over: float = 0.0
    restart_at: str | None = None  # a cron line
    restart_at_zone: str | None = None  # None is the machine's

    @property
    def written(self) -> str:
        """The name of its table in the file."""
        return self.name if self.instance is None else self.instance.of

    def named(self) -> tuple[str, str]:
        """Its name, and that of its group."""
        return self.name, self.team

    @property
    def team(self) -> str:
        """The name of the group of programs that it belongs to."""
        return self.group_name or self.name.partition(":")[0]

    @property
    def process(self) -> str:
        """Its name within its group."""
        return self.name.rpartition(":")[2]

    @property
    def notifies(self) -> bool:
        """Whether the process is expected to speak sd_notify, and so needs NOTIFY_SOCKET."""
        return self.policy.heartbeat is not None or self.policy.ready_within is not None

    def __repr__(self) -> str:
        shown = (f"{key}={self._show(key)}" for key in self.__struct_fields__ if key != "secrets")
        return f"ProgramConfig({', '.join(shown)}, secrets={len(self.secrets)} hidden)"

    def _show(self, key: str) -> str:
        if key == "environment":
            return repr(dict.fromkeys(self.environment, HIDDEN))
        return strike(repr(getattr(self, key)), self.secrets)


class House(Struct, frozen=True):
    """The watchdog itself as a process."""

    log: Path | None = None  # None: in the state directory
    log_maximum: int = 50 * 1024**2  # bytes; 0 is never rotated
    log_backups: int = 10
    pidfile: Path | None = None
    identifier: str = "watchdog"
    socket_mode: int = 0o600
    socket_owner: str | None = None  # "user" or "user:group"
    open_files: int | None = None  # at least
    processes: int | None = None  # at least


class Config(Struct, frozen=True):
    """A whole configuration. `path` is None for a command that was given without a file."""

    path: Path | None
    state: Path
    socket: Path
    http: Address | None
    cgroup: Literal["auto", "off"]
    programs: tuple[ProgramConfig, ...]
    login: Login | None = None  # for `http`
    socket_login: Login | None = None
    metrics_public: bool = False  # /metrics needs no login
    alone: str = ""  # the only program of the file that this is about, if it is (`run --alone`)
    incidents: IncidentsConfig = IncidentsConfig()
    house: House = House()
    alerts: AlertsConfig | None = None
    notes: tuple[str, ...] = ()  # what a person should know, and is no error
    templates: dict[str, Template] = {}  # the tables with `instances`
    scaled: dict[str, int] = {}  # how many of them there are, where the file says otherwise

    def program(self, name: str) -> ProgramConfig:
        """The program of this name; `KeyError` if there is none."""
        for program in self.programs:
            if program.name == name:
                return program
        raise KeyError(name)
