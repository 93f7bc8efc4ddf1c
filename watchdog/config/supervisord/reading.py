"""Reading one value: expanded, converted, and complained about where it stands.

A value that is wrong is noted and its default used instead, so that one reading finds all that is
wrong. Secrets: a complaint shows what was written, never what a variable had in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

from watchdog.config.errors import ConfigError, Problem
from watchdog.config.read import describe
from watchdog.config.secret import looks_secret
from watchdog.config.supervisord.document import Document
from watchdog.config.supervisord.expansion import CannotExpand, Names, expand
from watchdog.config.supervisord.kinds import TEXT, Kind

T = TypeVar("T")
_PRIVATE = ("environment", "password", "command", "username")


class Reading:
    """One reading of a document: what it is read with, and what was found to be wrong."""

    def __init__(self, document: Document, names: Names) -> None:
        self.document = document
        self.names: dict[str, Any] = dict(names)
        """What may be expanded everywhere; [supervisord] environment adds to it."""
        self.problems: list[Problem] = []
        self.notes: list[str] = list(document.notes)

    def complain(self, section: str, key: str, found: str, allowed: str = "", do: str = "") -> None:
        """Note what is wrong with a key; with an empty one, with its section."""
        place = self.document.place(section, key)
        where = f"[{section}] {key}".strip()
        self.problems.append(Problem(*place, where, found, allowed, do))

    def has_complained(self, section: str, key: str) -> bool:
        """Whether the key is known to be wrong."""
        where = f"[{section}] {key}"
        return any(problem.key == where for problem in self.problems)

    def note(self, section: str, key: str, text: str) -> None:
        """Say something that is no error."""
        place = self.document.place(section, key)
        where = place.file if place.line is None else f"{place.file}:{place.line}"
        self.notes.append(f"{where}: {f'[{section}] {key}'.strip()}: {text}")

    def raise_any(self) -> None:
        """`ConfigError` if anything was wrong."""
        if self.problems:
            unique = list(dict.fromkeys(self.problems))  # numprocs says a thing more than once
            raise ConfigError(*sorted(unique, key=lambda p: (p.file, p.line or 0)))

    def section(self, name: str, more: Names | None = None) -> SectionReader:
        """Read a section; one that is absent is read as an empty one."""
        return SectionReader(self, name, {**self.names, **(more or {})})


class SectionReader:
    """One section, and the names that may be expanded in it."""

    def __init__(self, reading: Reading, name: str, names: dict[str, Any]) -> None:
        self.name = name
        self.names = names
        self._reading = reading
        self._keys: Mapping[str, str] = reading.document.sections.get(name, {})

    def with_names(self, names: Names) -> SectionReader:
        """The same section, where other names may be expanded."""
        return SectionReader(self._reading, self.name, dict(names))

    def __contains__(self, key: str) -> bool:
        return key in self._keys

    @property
    def keys(self) -> list[str]:
        """The keys that it has."""
        return [*self._keys]

    def raw(self, key: str) -> str | None:
        """What was written."""
        return self._keys.get(key)

    def text(self, key: str, default: str | None = None) -> str | None:
        """The expanded text."""
        return self.read(key, TEXT, default)

    def read(self, key: str, kind: Kind[Any], default: T) -> Any | T:
        """The value; the default if the key is absent or wrong."""
        raw = self._keys.get(key)
        if raw is None:
            return default
        with self._checking(key, raw, kind):
            return kind.read(expand(raw, self.names))
        return default

    def plain(self, key: str, kind: Kind[Any], default: T) -> Any | T:
        """The same without expansion."""
        raw = self._keys.get(key)
        if raw is None:
            return default
        with self._checking(key, raw, kind):
            return kind.read(raw)
        return default

    def expanded(self, key: str, raw: str, default: str) -> str:
        """A text of this key that was looked at before it is expanded."""
        with self._checking(key, raw, TEXT):
            return expand(raw, self.names)
        return default

    def complain(self, key: str, found: str, allowed: str = "", do: str = "") -> None:
        """Note what is wrong with a key of this section."""
        self._reading.complain(self.name, key, found, allowed, do)

    def note(self, key: str, text: str) -> None:
        """Say something about a key that is no error."""
        self._reading.note(self.name, key, text)

    @contextmanager
    def _checking(self, key: str, raw: str, kind: Kind[Any]) -> Iterator[None]:
        try:
            yield
        except CannotExpand as error:
            self.complain(key, str(error))
        except (ValueError, OverflowError):
            shown = "a text (not shown)" if _is_private(key) else describe(raw)
            replaced = " with its names replaced" if "%(" in raw else ""
            self.complain(key, f"found {shown}{replaced}", kind.allowed)


def _is_private(key: str) -> bool:
    return key in _PRIVATE or looks_secret(key)
