"""The form of a kind: what it is asked, and the values that it answers with."""

from __future__ import annotations

from typing import Protocol

from msgspec import Struct

from watchdog.export.subject import Subject


class File(Struct, frozen=True):
    """A file of a definition."""

    path: str  # absolute, on the machine that it is for
    text: str
    mode: int = 0o644


class Step(Struct, frozen=True):
    """A command of an installation, or of its removal."""

    words: tuple[str, ...]
    required: bool = True  # whether its failure is one of the installation
    late: bool = False  # of a removal: to be run when the files are gone


class Option(Struct, frozen=True):
    """A flag of one kind. `value` is what the help shows as its value; empty for a switch."""

    flag: str  # "--socket"
    help: str
    value: str = ""

    @property
    def key(self) -> str:
        """Its name in `subject.options`."""
        return self.flag.lstrip("-")


class Kind(Protocol):
    """A module of this package that makes a definition."""

    SUMMARY: str
    OPTIONS: tuple[Option, ...]

    def render(self, subject: Subject) -> list[File]:
        """The files, the most important one first."""
        ...

    def install(self, subject: Subject) -> list[Step]:
        """What is done once they are written."""
        ...

    def uninstall(self, subject: Subject) -> list[Step]:
        """What is done before they are removed; a late step afterwards."""
        ...
