"""The listeners that share a queue of events, as a pure state machine.

Each event that is accepted goes to one listener that is up and READY, oldest first. One that comes
back (its listener failed, or ended) goes to the head again. The queue is bounded: when it is full
its oldest event is dropped. So at every moment what was accepted is either done, dropped, waiting,
or held by exactly one listener.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from watchdog.listeners.dialogue import Dialogue, Stage, Word


class Notice(Struct, frozen=True):
    """One event as a pool keeps it."""

    name: str
    payload: str
    serial: int  # unique
    place: int  # counts the events of this pool

    def envelope(self, server: str, pool: str) -> bytes:
        """As it is sent. `len` counts characters, as supervisor does: listeners read text."""
        header = (
            f"ver:3.0 server:{server} serial:{self.serial} pool:{pool} "
            f"poolserial:{self.place} eventname:{self.name} len:{len(self.payload)}\n"
        )
        return (header + self.payload).encode("utf-8", "backslashreplace")


class Member(Struct):
    """One listener of the pool."""

    dialogue: Dialogue
    up: bool = False  # its program is RUNNING
    holding: Notice | None = None

    @property
    def free(self) -> bool:
        """Whether it can be sent an event."""
        return self.up and self.dialogue.stage is Stage.READY


class Pool(Struct):
    """A queue, and who works on it. Every method that may drop events returns how many."""

    name: str
    events: tuple[str, ...]
    size: int
    accepted: int = 0
    waiting: list[Notice] = []
    members: dict[str, Member] = {}

    # --- events

    def wants(self, event: str) -> bool:
        """Whether it subscribed to this event, or to one that stands for it."""
        return any(
            wanted in (event, "EVENT") or event.startswith(f"{wanted}_") for wanted in self.events
        )

    def accept(self, event: str, payload: str, serial: int) -> int:
        """Something happened that it wants to know."""
        dropped = self._make_room()
        self.waiting.append(Notice(event, payload, serial, self.accepted))
        self.accepted += 1
        return dropped

    def assign(self) -> tuple[str, Notice] | None:
        """The oldest event and who gets it now; None if there is none of either."""
        if not self.waiting:
            return None
        for program, member in self.members.items():
            if member.free:
                member.holding = self.waiting.pop(0)
                member.dialogue.give()
                return program, member.holding
        return None

    # --- listeners

    def join(self, program: str) -> None:
        """A listener; known already is fine."""
        self.members.setdefault(program, Member(Dialogue()))

    def leave(self, program: str) -> int:
        """It is no listener of this pool any more."""
        dropped = self.end(program)
        self.members.pop(program, None)
        return dropped

    def begin(self, program: str) -> int:
        """A new process of it: the conversation begins anew."""
        dropped = self.end(program)
        self.members[program].dialogue = Dialogue()
        return dropped

    def end(self, program: str) -> int:
        """Its process ended, or cannot be talked to: what it held must be done by another."""
        member = self.members.get(program)
        if member is None:
            return 0
        member.dialogue.break_off()
        return self._take_back(member)

    def hear(self, program: str, data: bytes) -> tuple[list[Word], int]:
        """It said something."""
        member, dropped = self.members[program], 0
        words = member.dialogue.hear(data)
        for word in words:
            if word is Word.DONE:
                member.holding = None
            elif word in (Word.FAILED, Word.BROKEN):
                dropped += self._take_back(member)
        return words, dropped

    def resize(self, events: Iterable[str], size: int) -> int:
        """As it is configured now."""
        self.events, self.size = tuple(events), size
        excess = max(0, len(self.waiting) - size)
        del self.waiting[:excess]
        return excess

    def _take_back(self, member: Member) -> int:
        """To the head of the queue; of a full one, the oldest that *waits* makes room."""
        held, member.holding = member.holding, None
        if held is None:
            return 0
        dropped = self._make_room()
        self.waiting.insert(0, held)
        return dropped

    def _make_room(self) -> int:
        excess = max(0, len(self.waiting) - self.size + 1)
        del self.waiting[:excess]
        return excess
