"""One small file a program, from which the next watchdog knows what this one left running.

`<state>/run/<program>.json` is written anew (a temporary file, then a rename, so that it is always
whole) when a process begins, comes up, or is gone. It proves nothing by itself: a pid in it counts
only if the kernel's start time, the boot and the mark of the process agree (`process.Birth`).
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import msgspec
from msgspec import Struct

from watchdog.config import Config, ProgramConfig
from watchdog.config.places import make_private
from watchdog.daemon.fingerprint import fingerprint
from watchdog.logs.model import file_name


class Record(Struct, frozen=True, omit_defaults=True):
    """What must outlive the watchdog."""

    program: str
    incarnation: int = 0
    restarts: int = 0
    up: bool = False  # it had come up: it owes no startup
    pid: int | None = None  # None: nothing of it runs
    start: int = 0  # the kernel's start time of the process, in clock ticks since the boot
    boot: str = ""  # the kernel's boot id
    nonce: int = 0  # the mark of its tree
    # The mark that the next incarnation will bear. It is chosen early, so that a process which was
    # spawned a moment before the watchdog was killed is found although nobody wrote it down.
    next_nonce: int = 0
    started_at: float = 0.0  # on the monotonic clock, which counts on while the machine is up
    fingerprint: str = ""  # of all that the process saw of the configuration
    singleton: str = ""  # the key of the lock that it holds
    hook: str = ""  # which hook runs, for which incarnation, and the mark of its tree
    hook_incarnation: int = 0
    hook_nonce: int = 0


Trait = tuple[int, int]
"""By what a file is known to be as it was written: its inode, and when it was changed last (ns)."""


class Records:
    """The files of all programs."""

    def __init__(self, state: Path) -> None:
        self.directory = state / "run"
        self._written: dict[str, Trait] = {}  # by the name of the file

    def write(self, record: Record) -> None:
        """Keep it. Raises OSError."""
        path = self._path(record.program)
        fresh = path.with_suffix(".new")
        try:
            fresh.write_bytes(msgspec.json.encode(record))
        except FileNotFoundError:
            self.prepare()
            fresh.write_bytes(msgspec.json.encode(record))
        trait = trait_of(fresh)  # before others can write into it
        fresh.replace(path)
        self._written[path.name] = trait

    def prepare(self) -> None:
        """Make the place for them. Raises OSError."""
        make_private(self.directory)

    def is_harmed(self, program: str) -> bool:
        """Whether the file is gone, or no longer as this watchdog has written it."""
        path = self._path(program)
        return path.name in self._written and trait_of(path) != self._written[path.name]

    def programs_of(self, names: Iterable[str], programs: Iterable[str]) -> list[str]:
        """Those of the programs whose files have one of these names."""
        ours = self._written.keys() & set(names)
        return [program for program in programs if self._path(program).name in ours] if ours else []

    def read_all(self) -> list[Record]:
        """What the last watchdog left; what makes no sense is left out."""
        found = (read(path) for path in sorted(self.directory.glob("*.json")))
        return [record for record in found if record is not None]

    def forget(self, program: str) -> None:
        """The program left the configuration, and nothing of it runs."""
        path = self._path(program)
        self._written.pop(path.name, None)
        path.unlink(missing_ok=True)

    def _path(self, program: str) -> Path:
        return self.directory / f"{file_name(program)}.json"


def read(path: Path) -> Record | None:
    """The record in a file."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Record)
    except (OSError, msgspec.DecodeError):
        return None


def trait_of(path: Path) -> Trait:
    """The trait of the file at a path; one that no file has where there is none."""
    try:
        found = os.stat(path)  # noqa: PTH116 - after every write
    except OSError:
        return (-1, 0)
    return found.st_ino, found.st_mtime_ns


def describe(program: ProgramConfig, config: Config) -> Record:
    """The record of a program without a process."""
    seen = fingerprint(program, config)
    return Record(program.name, fingerprint=seen, singleton=key_of(program))


def key_of(program: ProgramConfig) -> str:
    """The key of its singleton; empty if it has none."""
    return program.singleton.key if program.singleton else ""
