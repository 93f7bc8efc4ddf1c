"""What is known of one program at one moment.

A `Program` is changed by `machine.step` alone, which works on a copy: to everybody else it is a
value. The deadlines are part of it, so that there are no timers to cancel: what is due is read off
the program (`deadlines.py`).
"""

from __future__ import annotations

from msgspec import Struct

from watchdog.core.model import Cause, Exit, Health, Hook, Need, Policy, Role, State


class Check(Struct, frozen=True):
    """The count of one probe's results in this incarnation."""

    due: float  # when it runs next
    failures: int = 0  # in a row
    successes: int = 0  # in a row
    verdict: bool | None = None  # None until a threshold was reached
    reason: str = ""  # of the last failure
    note: str = ""  # of the last pass


class Reloading(Struct, frozen=True):
    """A reload by signal that is under way in this incarnation."""

    began: float
    sure: float  # from then on what is seen of it counts
    by: float  # if nothing has proved by then that it is well, it failed
    settled: bool = False  # it has lived until `sure`
    passes: int = 0  # of probes, in a row, that began after `sure`
    announced: bool = False  # it said RELOADING=1


class Pending(Struct, frozen=True):
    """A request that is still owed its answer."""

    request: int
    up: bool  # it wants the program up


class Program(Struct):
    """One program: what is wanted, what is, and when something is due."""

    policy: Policy
    state: State = State.STOPPED
    health: Health = Health.UNKNOWN
    reason: str = ""
    wanted: bool = False
    since: float = 0.0  # when it entered this state
    incarnation: int = 0
    pid: int | None = None
    spawning: bool = False  # a Spawn is under way; Spawned or SpawnFailed will tell
    started_at: float | None = None  # when this incarnation was spawned
    said_ready: bool = False  # READY=1 was heard of this incarnation; it is said only once
    grace_due: float = 0.0  # the grace that begins when the examination is over
    past_grace: bool = False  # SIGKILL was sent to this incarnation, or is due as soon as it can be
    restarts: int = 0  # automatic ones
    attempt: int = 0  # failures since it was last settled: the exponent of the backoff
    slow_attempt: int = 0  # the same for "slow" exit codes
    start_attempt: int = 0  # failures to come up in a row, where these have rules of their own
    failures: tuple[float, ...] = ()  # times of automatic restarts within the window
    cause: Cause | None = None  # why it is being ended, or how it last failed
    last_exit: Exit | None = None
    status: str = ""  # its own words (sd_notify STATUS=)
    granted: frozenset[Need] = frozenset({Need.TREE})
    refused: frozenset[Need] = frozenset()  # what was asked for while WAITING, and is not to be had
    claim: int = 0  # the number of the Acquires that count
    pending: tuple[Pending, ...] = ()
    checks: dict[Role, Check] = {}
    came_up: bool = False  # this incarnation was RUNNING
    emptied: bool = False  # nothing of the incarnation lives; TREE is granted after its hooks
    farewell: bool = False  # its end begins with the pre_stop hook, and no signal was sent yet
    exit_told: bool = False  # its post_exit hook began, or none is due
    hook: Hook | None = None  # of which a process may live
    hook_fault: str = ""  # why the running hook was told to end
    # deadlines; None is never
    retry_at: float | None = None
    kill_at: float | None = None
    up_at: float | None = None
    settle_at: float | None = None
    beat_by: float | None = None
    examine_by: float | None = None  # its end waits for the evidence, but no longer than this
    age_at: float | None = None  # it is too old then
    hook_by: float | None = None  # the hook must be over, or is killed (again)
    reloading: Reloading | None = None
    reload_trouble: str = ""  # why the last reload by signal came to nothing
    extended_until: float = 0.0  # startup failures before this time do not count

    @property
    def barred_by(self) -> tuple[Need, ...]:
        """What the start gate still misses, in the order in which it is asked for."""
        wanted = self.policy.needs | {Need.TREE}
        return tuple(need for need in Need if need in wanted and need not in self.granted)

    @property
    def ready(self) -> bool:
        """Whether a program that depends on this one may start."""
        check = self.checks.get(Role.READINESS)
        return self.state is State.RUNNING and (check is None or check.verdict is True)

    @property
    def is_down(self) -> bool:
        """Nothing runs, nothing is owed, and nothing will start by itself."""
        at_rest = self.state in (State.STOPPED, State.EXITED, State.FATAL)
        return at_rest and not self.wanted and Need.TREE in self.granted


def follow(old: Program, policy: Policy) -> Program:
    """What takes the place of a program that is down.

    It goes on counting where the old one ended: a late report can never seem to be about it.
    """
    return Program(
        policy,
        incarnation=old.incarnation,
        claim=old.claim + 1,
        restarts=old.restarts,
        last_exit=old.last_exit,
    )
