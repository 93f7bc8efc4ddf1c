"""What a reload has to do: the difference between two configurations, as a pure function.

A program is restarted only if its process would see the change; what only the watchdog does with
it (probes, restart, stop and the like) is applied while it runs.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from watchdog.config.model import Config, ProgramConfig

_OWN = {
    "state": "state",
    "socket": "socket",
    "http": "http",
    "cgroup": "cgroup",
    "username and password": "login",
    "socket_username and socket_password": "socket_login",
    "metrics_public": "metrics_public",
    "incidents": "incidents",
    "alerts": "alerts",
}
"""The keys of [watchdog], and the fields of `Config` that have them."""


class Changes(Struct, frozen=True):
    """The names of the programs that were added, removed or changed, in the configs' order."""

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    restarted: tuple[str, ...] = ()
    retuned: tuple[str, ...] = ()
    watchdog: tuple[str, ...] = ()  # keys of [watchdog] that need a new start of the watchdog


def compare(old: Config, new: Config) -> Changes:
    """What changed from `old` to `new`."""
    before = {program.name: program for program in old.programs}
    after = {program.name: program for program in new.programs}
    restarted = tuple(
        name
        for name in after
        if name in before and seen(before[name], old) != seen(after[name], new)
    )
    retuned = (
        name
        for name in after
        if name in before and name not in restarted and before[name] != after[name]
    )
    return Changes(
        added=tuple(name for name in after if name not in before),
        removed=tuple(name for name in before if name not in after),
        restarted=restarted,
        retuned=tuple(retuned),
        watchdog=(
            *(key for key, field in _OWN.items() if getattr(old, field) != getattr(new, field)),
            *_different(old.house, new.house, old.house.__struct_fields__),
        ),
    )


def _different(old: Any, new: Any, keys: tuple[str, ...]) -> Iterator[str]:
    return (key for key in keys if getattr(old, key) != getattr(new, key))


def seen(program: ProgramConfig, config: Config) -> tuple[Any, ...]:
    """All that a process has from the configuration at its birth and keeps to its death."""
    return (
        program.command,
        program.directory,
        program.environment,
        program.user,
        program.group,
        program.umask,
        program.limits,
        program.singleton,
        program.lease,
        program.on_watchdog_death,
        program.notifies,
        program.policy.heartbeat,  # it is told the interval in WATCHDOG_USEC
        _within_state(program.logs.path, config),
        program.logs.stderr,
        _within_state(program.logs.stderr_path, config),
        # Left out by default: what ran before there was this key has the same fingerprint.
        *([program.stdin] if program.stdin != "null" else []),
        *([program.listener.pool] if program.listener else []),  # whose pipes it has
        *([program.sockets] if program.sockets else []),
    )


_OF_A_SPAWN = ("command", "directory", "environment", "user", "group", "umask", "limits")
"""What the next process of a program can have otherwise, with nothing else to be changed."""


def may_roll(old: Config, new: Config, name: str) -> bool:
    """Whether a changed program may be restarted later than the others that changed.

    Not where its lock, its output, its sockets or its pipes change: they are not its process's own.
    """
    before, after = old.program(name), new.program(name)
    changed = replace(before, **{key: getattr(after, key) for key in _OF_A_SPAWN})
    return after.update == "rolling" and seen(changed, old) == seen(after, new)


def _within_state(path: Path | None, config: Config) -> Path | None:
    """The path, or its tail below the state: a moved state is no program's change."""
    if path is not None and path.is_relative_to(config.state):
        return path.relative_to(config.state)
    return path
