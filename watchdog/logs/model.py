"""Where a program's output goes: the configuration as this package sees it, and the paths.

Pure: paths and choices only, nothing is opened or made here.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Protocol

import msgspec

NOWHERE = Path(os.devnull)
"""As a log's path: the program writes straight to it and nothing is captured."""


class LogsConfig(Protocol):
    """Where one program's output goes. `watchdog.config` has the real one; only the shape counts.

    path: a file, or the null device for no capture. maximum: bytes at which the file is rotated, 0
    for never. backups: rotated files kept. format: "raw", "text" or "json". stderr: "merge",
    "discard", or "separate" for `stderr_path`, which has a maximum and backups of its own. age:
    seconds of a period that has files of its own, 0 for none. compress: whether older rotated files
    are packed. total: bytes that all files together may be, 0 for no limit.
    """

    @property
    def path(self) -> Path: ...
    @property
    def maximum(self) -> int: ...
    @property
    def backups(self) -> int: ...
    @property
    def format(self) -> str: ...
    @property
    def stderr(self) -> str: ...
    @property
    def stderr_path(self) -> Path | None: ...
    @property
    def stderr_maximum(self) -> int: ...
    @property
    def stderr_backups(self) -> int: ...
    @property
    def age(self) -> float: ...
    @property
    def compress(self) -> bool: ...
    @property
    def total(self) -> int: ...


class Paths(msgspec.Struct, frozen=True):
    """The files that one program's output ends in; None where that stream is not captured."""

    stdout: str | None
    stderr: str | None
    merged: bool
    """Standard error goes wherever standard output goes."""

    def named(self) -> list[tuple[str, str]]:
        """The streams that have a file, with it."""
        both = (("stdout", self.stdout), ("stderr", self.stderr))
        return [(name, path) for name, path in both if path is not None]


def log_paths(config: LogsConfig) -> Paths:
    """The files that `config` names."""
    if config.stderr == "merge" or (config.stderr, config.stderr_path) == ("separate", config.path):
        return Paths(_captured(config.path), None, merged=True)
    separate = config.stderr_path if config.stderr == "separate" else None
    return Paths(_captured(config.path), _captured(separate), merged=False)


def _captured(path: Path | None) -> str | None:
    return None if path is None or path == NOWHERE else str(path)


def file_name(program: str) -> str:
    """`program` as part of a file's name: what is not a letter, digit, `.`, `_` or `-` is %XX.

    Injective, so that two programs never share a FIFO; at most 3 bytes for each byte of the name.
    """
    return "".join(map(_safe_byte, program.encode()))


def program_of(name: str) -> str:
    """The program that `file_name` has made this of. Raises ValueError if it has not."""
    first, *rest = name.encode().split(b"%")
    parts = [bytes([int(part[:2], 16)]) + part[2:] for part in rest]
    return b"".join([first, *parts]).decode()


def _safe_byte(code: int) -> str:
    letter = chr(code)
    return letter if code < 128 and (letter.isalnum() or letter in "._-") else f"%{code:02X}"
