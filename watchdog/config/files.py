"""Reading a small text file, with every way in which that can fail told as a `ConfigError`."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from watchdog.config.errors import ConfigError, Problem

_GIVEN = ("/proc/", "/dev/fd/")
"""Where what a shell gives as `<(command)` or /dev/stdin really is."""
LARGEST = 4 * 1024 * 1024  # bytes; a larger file is a mistake, and /dev/zero must not be read in


def read_text(path: Path) -> str:
    """The text of a UTF-8 file, a byte order mark and carriage returns left out."""
    try:
        with open(path, "rb", opener=_open) as file:
            content = file.read(LARGEST + 1)
    except _NamedPipe:
        raise _failure(path, "a named pipe, not a file") from None
    except (OSError, ValueError) as error:
        raise _failure(path, _reason(error)) from None
    if len(content) > LARGEST:
        raise _failure(path, f"a file larger than {LARGEST // 1024**2} MB")
    return _decode(path, content)


class _NamedPipe(Exception):
    """Whoever reads it waits for a writer, maybe for ever, and a watchdog must not at a reload."""


def _open(path: str, flags: int) -> int:
    descriptor = os.open(path, flags | os.O_NONBLOCK)
    if stat.S_ISFIFO(os.fstat(descriptor).st_mode) and not os.path.realpath(path).startswith(
        _GIVEN
    ):
        os.close(descriptor)
        raise _NamedPipe(path)
    os.set_blocking(descriptor, True)
    return descriptor


def _decode(path: Path, content: bytes) -> str:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ConfigError(Problem(str(path), line, "", "not UTF-8 text")) from None
    return text.replace("\r\n", "\n")


def _reason(error: OSError | ValueError) -> str:
    if isinstance(error, FileNotFoundError):
        return "no such file"
    if isinstance(error, IsADirectoryError):
        return "a directory, not a file"
    if isinstance(error, PermissionError):
        return "not readable by this user"
    return f"cannot be read: {getattr(error, 'strerror', None) or 'not a usable file name'}"


def _failure(path: Path, reason: str) -> ConfigError:
    return ConfigError(Problem(str(path), None, "", reason))
