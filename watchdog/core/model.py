"""The vocabulary: states, health, needs, and the policy a program is run by.

Everything here is a plain immutable value. Durations are seconds, times are seconds on one
monotonic clock; which clock is the caller's business.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from msgspec import Struct


class State(StrEnum):
    """Where a program stands. Names and meanings are supervisor's; WAITING is ours."""

    STOPPED = "STOPPED"
    WAITING = "WAITING"  # wanted, but barred by a lock, a lease, a dependency or an old tree
    STARTING = "STARTING"
    RUNNING = "RUNNING"
    STOPPING = "STOPPING"
    BACKOFF = "BACKOFF"
    EXITED = "EXITED"
    FATAL = "FATAL"


class Health(StrEnum):
    """What the probes say, beside the state."""

    UNKNOWN = "unknown"
    STARTING = "starting"
    HEALTHY = "healthy"
    UNHEALTHY = "unhealthy"


class Need(StrEnum):
    """What must be granted before a spawn. All four together are the start gate."""

    DEPENDENCIES = "dependencies"
    LOCK = "lock"
    LEASE = "lease"
    TREE = "tree"  # granted while the previous incarnation's tree is proved empty


class Role(StrEnum):
    """What a probe's verdict is used for."""

    STARTUP = "startup"
    READINESS = "readiness"
    LIVENESS = "liveness"
    OUTSIDE = "outside"  # liveness too, but asked where its work arrives, at a pace of its own


class Cause(StrEnum):
    """Why a process is being ended, or how the last one failed."""

    OPERATOR = "operator"
    RESTART = "restart"
    SELF = "self"  # it announced its own end (sd_notify STOPPING=1)
    HANG = "hang"  # liveness failed, or the heartbeat stayed away
    STARTUP = "startup"  # never became ready
    MEMORY = "memory"
    CRASH = "crash"
    SPAWN = "spawn"
    LEASE = "lease"  # the grant to run was withdrawn
    REFUSED = "refused"  # a probe found what no restart can cure
    HOOK = "hook"  # a hook failed that must not fail
    CPU = "cpu"
    SCHEDULE = "schedule"  # its restart_at
    AGE = "age"  # its maximum_age


class Hook(StrEnum):
    """When a command of the user's runs around a process. At most one runs for a program."""

    PRE_START = "pre_start"  # before each spawn, with every need granted
    POST_START = "post_start"  # once it is RUNNING
    PRE_STOP = "pre_stop"  # before the stop signal
    POST_EXIT = "post_exit"  # when its tree is empty; the next spawn waits for it


class Outcome(StrEnum):
    """The one answer to an operator's request."""

    DONE = "done"
    ALREADY_STARTED = "already started"
    NOT_RUNNING = "not running"
    WAITING = "waiting"  # accepted; it will start when what bars it is gone
    FAILED = "failed"
    SUPERSEDED = "superseded"  # a later request wanted the opposite
    SPARED = "left alone"  # a rolling restart stopped before it


class Moment(Struct, frozen=True):
    """What the outside supplies with each event: the time, and one draw of chance in [0, 1)."""

    now: float
    chance: float = 0.5


class Exit(Struct, frozen=True):
    """How a process ended. All empty: it is gone, and how is not known."""

    code: int | None = None
    signal: int | None = None
    detail: str = ""  # in words, for example the reason a spawn failed


class RestartPolicy(Struct, frozen=True):
    """When and how fast a failed program comes back."""

    when: Literal["always", "on-failure", "never"] = "always"
    initial: float = 0.0
    factor: float = 2.0
    maximum: float = 300.0
    jitter: float = 0.2  # the delay varies by up to this fraction, both ways
    reset_after: float = 60.0  # a time of health after which the backoff begins anew
    limit: int = 10  # at most so many automatic restarts ...
    within: float = 600.0  # ... in a window of this length
    then: Literal["hold", "exit"] = "hold"
    slow: float = 60.0  # first delay after a "slow" exit code (a conflict wants a minute)
    # Where set, one that never came up has rules of its own, as in supervisor: it is tried again
    # so many times, after 1 s, 2 s, 3 s ..., whatever `when` says, and is FATAL then.
    start_retries: int | None = None
    # Where set, an end with a "success" code is no failure: the next start follows at once, but
    # no sooner than this after the last one.
    after_success: float | None = None


class ExitCodes(Struct, frozen=True):
    """What an exit code means. A code in none of the lists is a plain failure."""

    success: tuple[int, ...] = (0,)
    fatal: tuple[int, ...] = (2, 77, 78, 126, 127)
    slow: tuple[int, ...] = (69, 75)


class StopPolicy(Struct, frozen=True):
    """How a process is ended: the signal, then SIGKILL to all that is left after the grace."""

    signal: str = "TERM"
    grace: float = 15.0
    scope: Literal["group", "main"] = "group"  # who gets the first signal


class ReloadPolicy(Struct, frozen=True):
    """How a process is told to read its own configuration again."""

    signal: str = "HUP"
    within: float = 60.0  # it must be healthy again


class ProbePolicy(Struct, frozen=True):
    """How often a probe runs and how many results in a row make a verdict."""

    period: float = 10.0
    timeout: float = 1.0
    failure_threshold: int = 3
    success_threshold: int = 1
    delay: float = 0.0  # before the first probe of an incarnation
    grace: float = 0.0  # liveness: between the stop signal and SIGKILL; 0 is SIGKILL at once


class HookPolicy(Struct, frozen=True):
    """How long a hook may take, and whether its failure is the program's."""

    timeout: float = 10.0
    on_failure: Literal["fail", "ignore"] = "fail"  # of pre_start and post_start


EXAMINED = (Cause.HANG, Cause.STARTUP, Cause.MEMORY, Cause.CPU)
"""A process that is ended for one of these is examined first: once dead it tells nothing."""


PLANNED = (Cause.OPERATOR, Cause.RESTART, Cause.SCHEDULE, Cause.AGE)
"""Somebody wanted it, now or when the configuration was written: no failure."""

POLITE = (*PLANNED, Cause.MEMORY, Cause.CPU)
"""A process that is ended for one of these has its pre_stop hook run first."""


class Policy(Struct, frozen=True):
    """All that the core knows of a program's configuration."""

    name: str
    restart: RestartPolicy = RestartPolicy()
    exit_codes: ExitCodes = ExitCodes()
    stop: StopPolicy = StopPolicy()
    reload: ReloadPolicy | None = None  # None: it cannot be told
    start_seconds: float = 1.0  # with no startup probe: how long it must live to count as RUNNING
    probes: dict[Role, ProbePolicy] = {}
    ready_within: float | None = None  # it must say READY=1 (sd_notify) within this time
    heartbeat: float | None = None  # longest silence between two beats
    needs: frozenset[Need] = frozenset()  # besides the empty tree, which is always needed
    evidence: float = 0.0  # longest time that taking evidence may put off the end; 0: take none
    depends_on: tuple[str, ...] = ()
    priority: int = 999  # lower starts earlier and stops later
    group_priority: int | None = None  # of its group, which counts first; None: its own
    autostart: bool = True
    hooks: dict[Hook, HookPolicy] = {}
    maximum_age: float | None = None  # of a process; then another takes its place
    maximum_age_spread: float = 0.0  # by up to so much earlier, by chance

    @property
    def rank(self) -> tuple[int, int]:
        """Groups are ordered by their priority, the programs of a group by their own."""
        own = self.priority
        return (own if self.group_priority is None else self.group_priority), own
