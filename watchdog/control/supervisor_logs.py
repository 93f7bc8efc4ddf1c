"""`supervisor.*`: reading captured output and the watchdog's own log."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from watchdog.control import names
from watchdog.control.backend import Stream
from watchdog.control.rpc import Api, Table
from watchdog.control.supervisor_methods import guard
from watchdog.wire import faults
from watchdog.wire.faults import refuse

TABLE = Table("supervisor")
MOST = 16 * 1024 * 1024
"""Bytes of one answer. It is made in one piece, on the loop that watches the programs."""


@TABLE.method("readLog readMainLog", "string", "int offset", "int length")
async def read_log(api: Api, offset: int, length: int) -> str:
    """Some bytes of the watchdog's own log; a negative offset counts from the end."""
    guard(api)
    return _read(api, api.backend.main_log_path(), offset, length)


@TABLE.method(
    "readProcessStdoutLog readProcessLog", "string", "string name", "int offset", "int length"
)
async def read_stdout(api: Api, name: str, offset: int, length: int) -> str:
    """Some bytes of a process's output; a negative offset counts from the end."""
    return _read(api, _path(api, name, "stdout"), offset, length)


@TABLE.method("readProcessStderrLog", "string", "string name", "int offset", "int length")
async def read_stderr(api: Api, name: str, offset: int, length: int) -> str:
    """Some bytes of a process's error output; a negative offset counts from the end."""
    return _read(api, _path(api, name, "stderr"), offset, length)


@TABLE.method(
    "tailProcessStdoutLog tailProcessLog", "array", "string name", "int offset", "int length"
)
async def tail_stdout(api: Api, name: str, offset: int, length: int) -> list[Any]:
    """The end of the output: the text, the offset to go on from, and whether some was left out."""
    return _tail(api, _path(api, name, "stdout"), offset, length)


@TABLE.method("tailProcessStderrLog", "array", "string name", "int offset", "int length")
async def tail_stderr(api: Api, name: str, offset: int, length: int) -> list[Any]:
    """The same for the error output."""
    return _tail(api, _path(api, name, "stderr"), offset, length)


def _path(api: Api, name: str, stream: Stream) -> str | None:
    guard(api)
    view = names.find(api.backend.programs(), name)
    return api.backend.log_path(view.name, stream)


def _read(api: Api, path: str | None, offset: int, length: int) -> str:
    if path is None:
        raise refuse(faults.NO_FILE)
    try:
        return api.logs.read_log(Path(path), *_bound(offset, length))
    except FileNotFoundError:
        raise refuse(faults.NO_FILE, path) from None
    except ValueError:
        raise refuse(faults.BAD_ARGUMENTS) from None
    except OSError:
        raise refuse(faults.FAILED) from None


def _bound(offset: int, length: int) -> tuple[int, int]:
    """The same question, for no more than `MOST` bytes."""
    if offset < 0:
        return max(offset, -MOST), length
    return offset, MOST if length == 0 else min(length, MOST)


def _tail(api: Api, path: str | None, offset: int, length: int) -> list[Any]:
    if path is None:
        return ["", 0, False]
    try:
        return list(api.logs.tail_log(Path(path), offset, min(length, MOST)))
    except (OSError, ValueError):
        return ["", offset, False]
