"""What `Locks` asks of a lock, and what the pair asks of the lock beside its file."""

from __future__ import annotations

from typing import Protocol

from watchdog.locks.record import Healing, Holder


class Lock(Protocol):
    """A singleton's lock on one machine."""

    key: str

    def acquire(self, holder: Holder) -> Holder | None:
        """Take it and write down who has it; or say who has it. Raises LockProblem."""

    def adopt(self, pid: int) -> str:
        """Share it with the process that has it; empty if it is ours now, else why it is not."""

    def inherit(self, descriptors: tuple[int, ...]) -> bool:
        """Go on with what we held before we were re-executed; False if it is not that."""

    def recorded(self) -> Holder:
        """Who has it, as it was written down last."""

    def heal(self) -> Healing:
        """Put right what was done to it, letting go of nothing."""

    def describe(self, holder: Holder) -> None:
        """Write down who has it now."""

    def tampering(self) -> str:
        """What was done to it while we hold it; empty when nothing was."""

    def descriptors(self) -> tuple[int, ...]:
        """What a child must inherit to keep it."""

    def environment(self) -> dict[str, str]:
        """By which a child knows that it has it already."""

    def visitors(self) -> int:
        """The descriptor on which contenders call to learn our name; -1 if there is none."""

    def drain(self) -> None:
        """Send the callers home."""

    def close(self) -> None:
        """Let go of our own descriptors."""


class Second(Protocol):
    """The lock beside the file."""

    def take(self) -> Holder | None:
        """Take it, or say who has it. Raises LockProblem."""

    def hold(self, descriptor: int) -> bool:
        """Take over a descriptor that has the lock already; False, and it is closed, if not."""

    def descriptors(self) -> tuple[int, ...]:
        """What a child must inherit; the first is the one that contenders call on."""

    def drain(self) -> None:
        """Send home those who called to learn our name."""

    def close(self) -> None:
        """Let go of our own descriptor."""
