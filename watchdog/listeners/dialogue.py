"""What one listener says on its stdout, as a pure state machine.

ACKNOWLEDGED --READY--> READY --an event is sent--> BUSY --RESULT--> ACKNOWLEDGED. Whatever does not
fit makes it UNKNOWN, and so it stays. Of what a listener says hardly anything is kept, however long
it talks.
"""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

READY = b"READY\n"
RESULT = b"RESULT "
OK = b"OK"
LONGEST_LINE = 64
"""Bytes that the line `RESULT n` may have; ten digits are more than anybody needs."""


class Stage(StrEnum):
    """How far the conversation has come."""

    ACKNOWLEDGED = "ACKNOWLEDGED"  # it must say READY
    READY = "READY"  # it waits for an event
    BUSY = "BUSY"  # it has one, and owes its result
    UNKNOWN = "UNKNOWN"  # it broke the protocol


class Word(StrEnum):
    """What it said."""

    READY = "ready"
    DONE = "done"
    FAILED = "failed"  # the event must be tried again
    BROKEN = "broken"  # against the protocol


class Dialogue(Struct):
    """One conversation, from the start of a listener's process to its end."""

    stage: Stage = Stage.ACKNOWLEDGED
    rest: bytes = b""  # said, and not understood yet
    owed: int = -1  # bytes of the result that are still to come; -1 before its line
    result: bytes = b""  # at most as much of it as tells it from OK

    def give(self) -> None:
        """It was sent an event."""
        self.stage = Stage.BUSY

    def break_off(self) -> None:
        """No more of it is heard."""
        self.stage, self.rest, self.owed, self.result = Stage.UNKNOWN, b"", -1, b""

    def hear(self, data: bytes) -> list[Word]:
        """It said this; what it means."""
        self.rest += data
        words: list[Word] = []
        while (word := self._next()) is not None:
            words.append(word)
        return words

    def _next(self) -> Word | None:
        """The next word that is complete; None if more must be heard first."""
        match self.stage:
            case Stage.UNKNOWN:
                self.rest = b""
                return None
            case Stage.ACKNOWLEDGED:
                return self._hear_ready()
            case Stage.READY:
                return self._break() if self.rest else None  # nobody asked it anything
            case Stage.BUSY if self.owed < 0:
                return self._hear_line()
        return self._hear_result()

    def _hear_ready(self) -> Word | None:
        if len(self.rest) < len(READY):
            return None
        if not self.rest.startswith(READY):
            return self._break()
        self.stage, self.rest = Stage.READY, self.rest[len(READY) :]
        return Word.READY

    def _hear_line(self) -> Word | None:
        line, end, rest = self.rest.partition(b"\n")
        if not end:
            return self._break() if len(line) > LONGEST_LINE else None
        number = line.removeprefix(RESULT).strip()
        if not line.startswith(RESULT) or not number.isdigit() or len(line) > LONGEST_LINE:
            return self._break()
        self.owed, self.rest = int(number), rest
        return self._hear_result()

    def _hear_result(self) -> Word | None:
        taken = self.rest[: self.owed]
        self.rest = self.rest[len(taken) :]
        self.owed -= len(taken)
        self.result = (self.result + taken)[: len(OK) + 1]
        if self.owed:
            return None
        word = Word.DONE if self.result == OK else Word.FAILED
        self.stage, self.owed, self.result = Stage.ACKNOWLEDGED, -1, b""
        return word

    def _break(self) -> Word:
        self.break_off()
        return Word.BROKEN
