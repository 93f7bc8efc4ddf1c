"""Why a process could not be started, in words and as the code a shell would give.

127: there is no such command. 126: it is there, and cannot be run. No code: the machine had no
room for it just now, which is worth another try.
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

from watchdog.core.model import Exit
from watchdog.process.spec import SpawnSpec

NOT_FOUND, NOT_RUNNABLE = 127, 126

_NO_ROOM = {
    errno.EAGAIN: "the limit of processes is reached (see `ulimit -u` and the cgroup's pids.max)",
    errno.ENOMEM: "there is not enough memory",
    errno.EMFILE: "the watchdog has no free descriptor (see `ulimit -n`)",
    errno.ENFILE: "the machine has no free descriptor (see fs.file-max)",
}


def explain(spec: SpawnSpec, error: Exception) -> Exit:
    """The Exit that a failed spawn amounts to."""
    code, reason = _reason(spec, error)
    name = spec.command[0] if spec.command else ""
    return Exit(code=code, detail=f"cannot run {name!r}: {reason}")


def _reason(spec: SpawnSpec, error: Exception) -> tuple[int | None, str]:
    if not spec.command or not spec.command[0]:
        return NOT_FOUND, "the command is empty"
    if not isinstance(error, OSError):
        return NOT_RUNNABLE, str(error)
    if error.errno in _NO_ROOM:
        return None, f"{_NO_ROOM[error.errno]}: {os.strerror(error.errno)}"
    return _directory(spec) or _command(spec, error)


def _directory(spec: SpawnSpec) -> tuple[int, str] | None:
    directory = spec.directory
    if directory is None:
        return None
    if not Path(directory).exists():
        return NOT_RUNNABLE, f"its directory {directory!r} does not exist"
    if not Path(directory).is_dir():
        return NOT_RUNNABLE, f"its directory {directory!r} is not a directory"
    if spec.user is None and not os.access(directory, os.X_OK):
        return NOT_RUNNABLE, f"its directory {directory!r} may not be entered"
    return None


def _command(spec: SpawnSpec, error: OSError) -> tuple[int, str]:
    name = spec.command[0]
    found = _find(spec)
    if found is None:
        path = spec.environment.get("PATH", "not set, so the system's default")
        return NOT_FOUND, "no such file" if "/" in name else f"no such file in PATH ({path})"
    if error.errno == errno.ENOENT:
        return NOT_FOUND, _missing_interpreter(found)
    return NOT_RUNNABLE, _not_runnable(found, error)


def _find(spec: SpawnSpec) -> Path | None:
    """The file that the command names, executable or not, as the child would look for it."""
    name, base = spec.command[0], Path(spec.directory or ".")
    if "/" in name:
        return base / name if (base / name).exists() else None
    places = os.get_exec_path(spec.environment)
    there = [base / place / name for place in places if (base / place / name).is_file()]
    return there[0] if there else None


def _missing_interpreter(found: Path) -> str:
    interpreter = _interpreter(found)
    if interpreter is None:
        return f"{found} exists, but the loader that it names does not (another libc?)"
    return f"{found} is a script for {interpreter!r}, which does not exist"


def _interpreter(found: Path) -> str | None:
    try:
        with found.open("rb") as file:
            first = file.readline(256)
    except OSError:
        return None
    words = first[2:].split() if first.startswith(b"#!") else []
    return words[0].decode(errors="replace") if words else None


def _not_runnable(found: Path, error: OSError) -> str:
    if error.errno == errno.ENOEXEC:
        return f"{found} is not an executable format; does a script lack its #! line?"
    if found.is_dir():
        return f"{found} is a directory"
    if error.errno == errno.EACCES and not found.stat().st_mode & stat.S_IXUSR:
        return f"{found} is not executable; chmod +x it"
    return f"{found}: {os.strerror(error.errno or 0)}"
