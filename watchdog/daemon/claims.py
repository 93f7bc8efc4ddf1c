"""What a watchdog must have for itself before it starts anything: its state directory, its locks.

Whoever comes second learns here who was first, and nothing has been touched by then.
"""

from __future__ import annotations

import os
from pathlib import Path

from watchdog.config import Config
from watchdog.config.places import make_private
from watchdog.daemon.policies import policies_of
from watchdog.locks import LockProblem, Locks, sentence
from watchdog.locks.file import FileLock
from watchdog.locks.holders import ourselves


class Held(Exception):
    """Somebody else runs what we were to run. The text says who, since when, and what to do."""


class Unusable(Exception):
    """The configuration is well-formed, and this machine cannot do it."""


def refuse_leases(config: Config) -> None:
    """A lease that nobody holds would be a promise that nobody keeps: rather do not start."""
    leased = [program.name for program in config.programs if program.lease is not None]
    if leased:
        raise Unusable(
            f"{config.path or 'the command line'}: programs.{leased[0]}.lease: this version holds"
            " no leases across machines yet, and will not run two copies instead; remove the key"
        )


def claim_state(config: Config, held: int = -1) -> FileLock:
    """The state directory, made if need be, and the right to it until the lock is closed.

    `held` is the descriptor of a lock that we have had since before we were re-executed.
    """
    refuse_leases(config)
    prepare(config.state)
    key = f"watchdog:{config.state.resolve()}"
    try:
        lock = FileLock(key)
        holder = None if held >= 0 and lock.hold(held) else lock.take()
    except LockProblem as problem:
        raise Unusable(str(problem)) from None
    if holder is None:
        lock.describe(ourselves("", key))
        return lock
    raise Held(
        f"already running for {config.path or config.state}: {sentence(holder)}\n"
        f"look at it with:   watchdog status{option(config)}\n"
        f"stop it with:      watchdog shutdown{option(config)}"
    )


def option(config: Config) -> str:
    """How a client command finds the other watchdog."""
    return f" -c {config.path}" if config.path else ""


def prepare(state: Path) -> None:
    """Make the state directory, private, and see that it can be written."""
    try:
        make_private(state)
        probe = state / f".writable-{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise Unusable(
            f"the state directory {state} cannot be used: {error.strerror or error}\n"
            "set `state` under [watchdog] to a directory that this user may write"
        ) from None


def claim_singletons(
    config: Config, names: tuple[str, ...], spared: frozenset[str], locks: Locks
) -> None:
    """The locks of everything that starts by itself and does not want to wait for its lock.

    Spared are those that may be adopted, or were: they bring their lock along.
    """
    autostart = {policy.name for policy in policies_of(config, names) if policy.autostart}
    for program in config.programs:
        if program.singleton is None or program.when_held == "wait":
            continue
        if program.name in autostart - spared:
            claim_singleton(program.name, program.singleton.key, locks)


def claim_singleton(program: str, key: str, locks: Locks) -> None:
    """The lock of one program, kept for its start."""
    try:
        refusal = locks.claim_now(program, key)
    except LockProblem as problem:
        raise Unusable(f"{program}: {problem}") from None
    if refusal:
        raise Held(f"{program} is already running elsewhere: {refusal}")
