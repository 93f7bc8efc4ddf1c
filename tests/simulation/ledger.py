"""The world's own books: what is true of each program, and what the core was told of it.

The judge compares the core's effects with these books and never with the core's own opinion. What
is *seen* was delivered to the core; everything else is known to the world alone.
"""

from __future__ import annotations

from watchdog.core.effects import EndHook
from watchdog.core.events import HookDone
from watchdog.core.model import Exit, Hook, Need, Policy, Role


class Broken(AssertionError):
    """A promise was broken. `rule` names it, and stays the same while a failure is shrunk."""

    def __init__(self, rule: str, text: str) -> None:
        super().__init__(f"{rule}: {text}")
        self.rule = rule


class Process:
    """One incarnation, from the Spawn effect to the empty tree and after."""

    def __init__(self, incarnation: int, now: float) -> None:
        self.incarnation = incarnation
        self.spawned_at = now
        # the truth
        self.begun = False  # there is a process
        self.alive = False  # its main process lives
        self.empty = False  # nothing of it lives
        self.comes_up_at = now
        self.hung_since: float | None = None
        self.ignores_stop = False
        self.leaves_rest = False  # what it started outlives it
        self.kills_needed = 1
        self.exit_delay = 0.05
        self.last_word = now  # its reports are delivered in order
        # what the core was told
        self.seen_begun: float | None = None
        self.seen_exited: float | None = None
        self.seen_empty = False
        self.seen_exit: Exit | None = None
        self.ready_said = False
        self.was_ready = False  # its readiness probe passed, and has not failed since
        self.startup_until = 0.0  # extended by itself
        self.beat_until = 0.0  # the next beat is due by then
        self.failed: dict[Role, int] = {}  # results in a row
        self.passed: dict[Role, int] = {}
        self.passed_at: dict[Role, float] = {}  # when the last probe that passed had begun
        self.signalled_at: float | None = None  # it was told to reload
        self.said_reloading = False  # since then
        self.retuned = False  # its policy changed while it lived
        # what the core did
        self.running_since: float | None = None
        self.may_end = False  # somebody, or itself, gave a reason to end it
        self.examined_at: float | None = None  # its evidence is being taken since
        self.grace_due: float | None = None  # what follows the examination
        self.no_grace = False  # ... and to do so at once
        self.grace_doubtful = False  # somebody lost patience while it was being spawned
        self.stopped_at: float | None = None
        self.rest_told = False  # what the main process left behind got the stop signal, too
        self.kill_by = 0.0
        self.killed_at: float | None = None
        self.farewell_at: float | None = None  # pre_stop runs, or waits for post_start to be gone
        self.exit_hooked = False  # post_exit began

    @property
    def is_ended(self) -> bool:
        """Whether the core acted on it, or needs not to. Taking evidence is a beginning."""
        return self.is_going or self.is_struck

    @property
    def is_going(self) -> bool:
        """Whether its end has begun, with evidence or with a hook."""
        return self.examined_at is not None or self.farewell_at is not None

    @property
    def is_struck(self) -> bool:
        """Whether it got a signal, or went without."""
        done = self.stopped_at if self.killed_at is None else self.killed_at
        return done is not None or self.seen_exited is not None


class HookRun:
    """One run of a hook."""

    def __init__(self, kind: Hook, incarnation: int, now: float) -> None:
        self.kind = kind
        self.incarnation = incarnation
        self.began = now
        self.hangs = False
        self.stubborn = False  # it does not heed TERM
        self.over = False  # in truth
        self.seen_over = False  # the core was told
        self.passed = False
        self.told_at: float | None = None
        self.killed_at: float | None = None

    def is_meant(self, named: EndHook | HookDone) -> bool:
        """Whether an effect or an event is about this run."""
        return (named.incarnation, named.hook) == (self.incarnation, self.kind)


class Claim:
    """A lock or a lease of one program, as its adapter keeps it."""

    def __init__(self) -> None:
        self.asked: int | None = None  # the claim that waits, or that was granted
        self.held = False
        self.heard = False  # the core was told that it is held
        self.busy_until = 0.0  # somebody else has it
        self.final = False  # ... and waiting was not wanted
        self.last_word = 0.0


class Ledger:
    """One name: what it should be, what it is, and what the next faults will be."""

    def __init__(self, policy: Policy, now: float) -> None:
        self.name = policy.name
        self.policy = policy
        self.process: Process | None = None
        self.claims = {Need.LOCK: Claim(), Need.LEASE: Claim()}
        self.hook: HookRun | None = None  # the last one
        self.exit_due = False  # post_exit must run before anything else begins
        self.configured = True
        self.leaving = False  # removed, and not yet forgotten
        self.successor: Policy | None = None  # replaced, or added again while leaving
        self.want_after = False  # whether the successor is to be up
        # what the operator wants
        self.want = policy.autostart
        self.want_order = 0  # the request that said so
        self.either = False  # a reload and a stop in order met: both outcomes are right
        self.last_up = 0  # the last request that wanted it up
        self.last_down = 0
        self.open_stops: set[int] = set()  # asked of the fleet, whose turn may be later
        self.open_restarts: set[int] = set()  # the same, of restarts in order
        self.may_rest = False  # the policy lets it lie after its last failure
        # for the dependents
        self.began = now  # when it last left STOPPED
        self.last_ready = -1.0
        # the pace of automatic restarts
        self.asked = True  # the next spawn is the operator's
        self.attempt = 0
        self.slow_attempt = 0
        self.was_slow = False  # its last exit asked for patience
        self.failed_at: float | None = None
        self.delay_floor = 0.0
        self.spawns: list[float] = []
        # what the next spawns, probes and reports will be like
        self.spawn_delay = 0.0
        self.spawn_exit: Exit | None = None
        self.crashes: list[int] = []  # exit codes of the next incarnations
        self.start_delay = 0.0
        self.bad_probes = 0
        self.late_probes = 0
        self.late_words = 0.0  # how late the next lifecycle report is
        self.doubles = 0  # how many of the next events come twice
        self.wake_at: float | None = None

    @property
    def is_alive(self) -> bool:
        """Whether anything of the program lives, in truth."""
        hooked = self.hook is not None and not self.hook.over
        return hooked or (self.process is not None and not self.process.empty)

    def is_proved_empty(self) -> bool:
        """Whether the core was told that nothing of it lives."""
        if self.exit_due or (self.hook is not None and not self.hook.seen_over):
            return False
        return self.process is None or self.process.seen_empty
