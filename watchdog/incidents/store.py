"""Where incidents lie: one JSON file each, written whole or not at all, within bounds.

Never more than so many, nor older, nor larger altogether than the limits say, whenever one is
written and when a watchdog begins: the oldest go first, of the program that has the most.
Whoever deletes a file by hand does no harm.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import msgspec

from watchdog.config.places import make_private
from watchdog.incidents.model import Incident, Summary, summary_of

SUFFIX = ".json"
NAME = re.compile(r"(.+)-(\d{8}-\d{6})(?:-(\d+))?")  # program, time, number


class Limits(msgspec.Struct, frozen=True):
    """How much is kept."""

    count: int = 100
    age: float = 30 * 86400.0  # seconds
    size: int = 100 * 2**20  # bytes


class Entry(msgspec.Struct, frozen=True):
    """One file, as the directory tells of it."""

    path: Path
    at: float
    size: int


class Store:
    """The directory of incidents."""

    def __init__(self, place: Path, limits: Limits, redact: Callable[[bytes], bytes]) -> None:
        self._place = place
        self._limits = limits
        self._redact = redact
        self._encode = msgspec.json.Encoder().encode
        self._decode = msgspec.json.Decoder(Incident).decode

    def write(self, incident: Incident, now: float) -> None:
        """Keep it, in place of what was kept of it before. OSError: it cannot be kept."""
        make_private(self._place)
        draft = self._place / f".{incident.id}.{os.getpid()}"
        try:
            with open(draft, "wb", opener=private) as file:
                file.write(self._redact(self._encode(incident)))
            draft.replace(self._place / (incident.id + SUFFIX))
        except OSError:
            draft.unlink(missing_ok=True)
            raise
        self.prune(now)

    def name(self, program: str, stamp: str, besides: Iterable[str] = ()) -> str:
        """An id that nobody has yet, here or `besides`."""
        taken = {*besides, *(entry.path.stem for entry in self.entries())}
        name, number = f"{program}-{stamp}", 1
        while name in taken:
            number += 1
            name = f"{program}-{stamp}-{number}"
        return name

    def read(self, name: str) -> Incident | None:
        """The incident of this id; None if it is not there, or no longer readable."""
        if "/" in name or name.startswith("."):
            return None
        with contextlib.suppress(OSError, msgspec.MsgspecError):
            return self._decode((self._place / (name + SUFFIX)).read_bytes())
        return None

    def summaries(self, program: str = "") -> list[Summary]:
        """What there is, newest first; of one program, or of all."""
        return [summary_of(incident) for incident in self.incidents(program)]

    def incidents(self, program: str = "") -> Iterator[Incident]:
        """Every readable incident, newest first."""
        found = (self.read(entry.path.stem) for entry in self.entries())
        known = [one for one in found if one is not None and program in ("", one.program)]
        yield from sorted(known, key=lambda one: (one.at, one.id), reverse=True)

    def newest(self) -> dict[str, str]:
        """The newest id of every program, read off the names alone."""
        names = (NAME.fullmatch(entry.path.stem) for entry in self.entries())
        found = sorted((m[2], int(m[3] or 1), m[1]) for m in names if m)
        return {
            program: f"{program}-{stamp}" + (f"-{number}" if number > 1 else "")
            for stamp, number, program in found
        }

    def latest(self, program: str) -> Incident | None:
        """The newest of a program; None if there is none."""
        name = self.newest().get(program)
        return self.read(name) if name else None

    def prune(self, now: float) -> None:
        """Let go of what is too much."""
        for entry in surplus(self.entries(), self._limits, now):
            with contextlib.suppress(OSError):
                entry.path.unlink()

    def entries(self) -> list[Entry]:
        """The files, in no order."""
        with contextlib.suppress(OSError):
            return list(entries_in(self._place))
        return []


def private(path: str, flags: int) -> int:
    """Evidence is for whoever runs the watchdog, and for nobody else."""
    return os.open(path, flags, 0o600)


def entries_in(place: Path) -> Iterator[Entry]:
    """The incidents in a directory."""
    for path in place.iterdir():
        if path.suffix == SUFFIX and not path.name.startswith("."):
            with contextlib.suppress(OSError):
                stat = path.stat()
                yield Entry(path, stat.st_mtime, stat.st_size)


def surplus(entries: Iterable[Entry], limits: Limits, now: float) -> list[Entry]:
    """What is over a limit: too old, or beyond so many, or beyond so many bytes altogether.

    Of the program that has the most the oldest goes first, so that one in a crash loop drives out
    nobody else's. The newest is always kept, however large: somebody is about to ask for it.
    """
    kept, size, over = 0, 0, []
    for entry in in_order_of_worth(entries):
        fits = kept < limits.count and size + entry.size <= limits.size
        if kept and not (fits and entry.at >= now - limits.age):
            over.append(entry)
            continue
        kept, size = kept + 1, size + entry.size
    return over


def in_order_of_worth(entries: Iterable[Entry]) -> list[Entry]:
    """The newest of every program, then the second newest of every program, and so on."""
    seen: Counter[str] = Counter()
    ranked: list[tuple[int, float, Entry]] = []
    for entry in sorted(entries, key=lambda entry: entry.at, reverse=True):
        name = NAME.fullmatch(entry.path.stem)
        program = name[1] if name else ""
        ranked.append((seen[program], -entry.at, entry))
        seen[program] += 1
    return [entry for _, _, entry in sorted(ranked, key=lambda one: one[:2])]
