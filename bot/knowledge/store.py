"""What a store of notes offers, whichever database it is; nothing here knows of one."""

from dataclasses import dataclass
from typing import Protocol

from bot.dependency import DependencyError

# Under the 30 s that most people wait, and long enough for a database that wakes up.
PATIENCE = 4.0  # seconds, the longest that one operation may take


class StoreError(DependencyError):
    """The store cannot do it now."""


@dataclass(frozen=True)
class Note:
    """A note to keep. `key` is made once for each, so that keeping it twice keeps one."""

    key: str
    title: str
    body: str
    author: int  # the Telegram user id


@dataclass(frozen=True)
class Hit:
    """A note that was found, with the part of its text around the words."""

    number: int
    title: str
    snippet: str


@dataclass(frozen=True)
class Found:
    """The best hits, best first, and how many there are in all."""

    hits: tuple[Hit, ...]
    total: int


@dataclass(frozen=True)
class Stats:
    """How much there is, and when the last note was added (seconds since 1970)."""

    notes: int
    characters: int
    authors: int
    newest: float | None


class Store(Protocol):
    """A database of notes. Every method raises `StoreError`, within `PATIENCE` and little more."""

    place: str  # what people call it, without a secret

    async def check(self) -> None:
        """See that it answers; connect to it and bring its tables up to date before that."""

    async def stats(self) -> Stats:
        """The figures."""

    async def search(self, words: str, most: int) -> Found:
        """Notes with all words; "a phrase", -without and `or` mean what they do on the web."""

    async def add(self, note: Note) -> int:
        """Keep a note; returns its number."""

    async def close(self) -> None:
        """Let go of the database."""


def clean(text: str) -> str:
    """`text` without control characters, which PostgreSQL would refuse or which mark the hits."""
    kept = (c for c in text if c in "\n\t" or (ord(c) >= 32 and not 0xD800 <= ord(c) < 0xE000))
    return "".join(kept).strip()
