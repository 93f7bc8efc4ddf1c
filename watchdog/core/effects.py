"""What the core wants done. An effect is a request to one adapter, never a decision.

Every effect names its program. An adapter answers with events, never with a return value.
"""

from __future__ import annotations

from msgspec import Struct

from watchdog.core.model import Cause, Exit, Hook, Need, Outcome, Role


class Effect(Struct, frozen=True):
    """The base of all effects."""

    program: str


class Acquire(Effect, frozen=True):
    """Get what is needed; answered by Granted or Refused, and by Granted later if not final.

    It may be asked for again under the same claim; what is held already is granted at once.
    """

    need: Need
    claim: int


class Release(Effect, frozen=True):
    """Let go of what was granted, or stop asking for it."""

    need: Need


class Spawn(Effect, frozen=True):
    """Start the process; answered by Spawned or SpawnFailed."""

    incarnation: int


class Examine(Effect, frozen=True):
    """Take the evidence of a process that is about to be ended; answered by Examined.

    The end waits for the answer, and no longer than `within` seconds.
    """

    incarnation: int
    cause: Cause
    within: float


class RunHook(Effect, frozen=True):
    """Run a hook's command; answered by HookDone, once nothing of it lives.

    The rest is what its environment tells.
    """

    incarnation: int
    hook: Hook
    cause: Cause | None
    reason: str
    pid: int | None
    exit: Exit | None


class EndHook(Effect, frozen=True):
    """Send a signal to a running hook's group; with KILL to all of its tree. HookDone follows."""

    incarnation: int
    hook: Hook
    signal: str


class Signal(Effect, frozen=True):
    """Send a signal to the process, or to its whole group."""

    incarnation: int
    signal: str
    group: bool


class Kill(Effect, frozen=True):
    """SIGKILL everything that is left of the tree; TreeEmpty follows once that is proved."""

    incarnation: int


class Probe(Effect, frozen=True):
    """Run one probe; answered by exactly one Probed within the timeout."""

    incarnation: int
    role: Role
    timeout: float


class StopProbing(Effect, frozen=True):
    """Abandon the probes that are under way."""

    incarnation: int


class Answer(Effect, frozen=True):
    """The one answer to a request."""

    request: int
    outcome: Outcome
    text: str = ""


class Quit(Effect, frozen=True):
    """The program ended for good, and the watchdog is to end with it (`then = "exit"`)."""

    code: int


class Remove(Effect, frozen=True):
    """The program left the configuration and is down: forget it."""


class Finish(Effect, frozen=True):
    """Every program is down: the watchdog may leave, with this exit code. Names no program."""

    code: int


class RollOver(Effect, frozen=True):
    """A rolling restart is over; `program` is where it stopped, empty if all are done."""

    done: tuple[str, ...]
    left: tuple[str, ...]  # as they were
    text: str  # why it stopped
