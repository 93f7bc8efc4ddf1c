"""What can happen to a program. Each event is a fact, reported by exactly one adapter.

Events that speak of a process carry its incarnation; `step` discards those of another one, and so
ends every race between a stale report and a new process.
"""

from __future__ import annotations

from msgspec import Struct

from watchdog.core.model import Cause, Exit, Hook, Need, Policy, Role


class Event(Struct, frozen=True):
    """The base of all events."""


class OfProcess(Event, frozen=True):
    """An event that speaks of one incarnation.

    Of each, Spawned or SpawnFailed is the first that is reported, and Exited comes before
    TreeEmpty. Anything may be reported twice.
    """

    incarnation: int


# --- the operator -----------------------------------------------------------------------------


class Request(Event, frozen=True):
    """Somebody wants something, and is owed exactly one answer."""

    request: int  # unique; 0 asks for no answer


class Start(Request, frozen=True):
    """Be up."""


class Stop(Request, frozen=True):
    """Be down, and stay down; or, where a restart in order is the cause, until that starts it."""

    cause: Cause = Cause.OPERATOR


class Restart(Request, frozen=True):
    """Be up, as a new incarnation."""


class Hurry(Event, frozen=True):
    """Whoever is being stopped has had enough time (a second SIGTERM)."""


class Retuned(Event, frozen=True):
    """A reload changed the policy, and nothing that the process itself can see.

    Nor does it change whether a lock or a lease is needed: that takes another program.
    """

    policy: Policy


class Reload(Request, frozen=True):
    """Read your own configuration again, without an end; answered when that went well."""


class SendSignal(Request, frozen=True):
    """Send a signal to the main process; the state does not change by it."""

    signal: str


# --- the start gate ---------------------------------------------------------------------------


class OfClaim(Event, frozen=True, kw_only=True):
    """An event that answers one Acquire; `claim` is the number that the Acquire carried.

    A program that lets go and asks again gets a new number, so that a late Granted of the first
    claim can never be taken for an answer to the second.
    """

    claim: int = 0


class Granted(OfClaim, frozen=True):
    """A need is met."""

    need: Need


class Refused(OfClaim, frozen=True):
    """A need is not met now. Unless final, a Granted follows when it is."""

    need: Need
    reason: str
    final: bool = False
    soon: bool = False  # what bars it is on its way: whoever asked for a start goes on waiting


class Revoked(OfClaim, frozen=True):
    """A grant is withdrawn (a lease was lost): the process must be gone at once."""

    need: Need
    reason: str


# --- the process ------------------------------------------------------------------------------


class Spawned(OfProcess, frozen=True):
    """The process runs."""

    pid: int


class Adopted(Event, frozen=True):
    """A process that another watchdog started runs on, and is proved to be this program's.

    It brings its own incarnation, so it is no event *of* one. Its locks came with it.
    """

    incarnation: int
    pid: int
    started_at: float  # on the monotonic clock, which goes on while the machine is up
    up: bool  # it had come up already: it owes us no startup
    restarts: int = 0  # so far


class Bereaved(Event, frozen=True):
    """A process that another watchdog started ended while no watchdog ran.

    Its tree may not be empty yet; TreeEmpty of its incarnation follows once that is proved.
    """

    incarnation: int
    exit: Exit
    restarts: int = 0  # so far


class SpawnFailed(OfProcess, frozen=True):
    """There is no process. The exit's code is 127 or 126 where a shell would say so."""

    exit: Exit


class Exited(OfProcess, frozen=True):
    """The main process is gone. What it started may live on."""

    exit: Exit


class TreeEmpty(OfProcess, frozen=True):
    """Nothing of the incarnation lives any more; comes after Exited."""


class Overweight(OfProcess, frozen=True):
    """The tree uses more memory, or processor time, than it may."""

    reason: str
    cause: Cause = Cause.MEMORY


class Recycle(OfProcess, frozen=True):
    """It is time for another process, as was planned."""

    reason: str


class Examined(OfProcess, frozen=True):
    """The evidence is taken, or cannot be."""


# --- hooks ------------------------------------------------------------------------------------


class HookFound(Event, frozen=True):
    """A hook that an earlier watchdog began may live on, and is being killed; HookDone follows.

    Said before Adopted or Bereaved.
    """

    incarnation: int
    hook: Hook


class HookDone(OfProcess, frozen=True):
    """Nothing of the hook lives any more. It passed if its exit code is 0.

    That of pre_start comes before Spawned, that of post_exit after TreeEmpty.
    """

    hook: Hook
    exit: Exit
    took: float = 0.0  # seconds

    @property
    def ok(self) -> bool:
        """Whether it passed."""
        return self.exit.code == 0


# --- health -----------------------------------------------------------------------------------


class Probed(OfProcess, frozen=True):
    """The result of one probe; every Probe effect gets one."""

    role: Role
    ok: bool
    reason: str = ""  # of a failure
    latency: float = 0.0  # seconds
    note: str = ""  # of a pass: what is amiss although the process is not to blame
    rival: bool = False  # the note speaks of somebody else who does this process's work
    fatal: bool = False  # of a failure: no restart can cure it


class Notified(OfProcess, frozen=True):
    """One sd_notify datagram from the process."""

    ready: bool = False
    reloading: bool = False
    beat: bool = False
    stopping: bool = False
    unwell: str = ""  # WATCHDOG=trigger: it says itself that it hangs
    extend: float = 0.0  # EXTEND_TIMEOUT_USEC, in seconds
    status: str | None = None


# --- time -------------------------------------------------------------------------------------


class RetryDue(Event, frozen=True):
    """The backoff is over."""


class GraceOver(Event, frozen=True):
    """The time to go by itself is over."""


class EvidenceOver(Event, frozen=True):
    """The evidence takes too long: the end waits no more."""


class HookOver(Event, frozen=True):
    """The time of a hook is over."""


class AgeReached(Event, frozen=True):
    """It is as old as it may become."""


class StartupOver(Event, frozen=True):
    """It has lived long enough to count as running."""


class Settled(Event, frozen=True):
    """It has been healthy long enough for the backoff to begin anew."""


class ProbeDue(Event, frozen=True):
    """It is time for a probe."""

    role: Role


class BeatMissed(Event, frozen=True):
    """The heartbeat stayed away too long."""


class ReloadDue(Event, frozen=True):
    """A program that was told to reload has lived for a while, or has had all its time."""


class RollDue(Event, frozen=True):
    """A program that a rolling restart waits for has had all its time; the fleet looks."""
