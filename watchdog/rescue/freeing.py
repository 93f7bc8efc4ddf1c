"""Frees a lock by ending who keeps it, and proves it by taking the lock and letting it go.

Only who was shown before is ended, and what inherited the very same lock from them meanwhile;
never somebody who came and took it anew, nor a watchdog. No file is ever removed.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable

from watchdog.cli.ports import Keeper, Release, Survey, Trouble
from watchdog.locks import LockProblem, PairLock, sentence
from watchdog.process import signal_number
from watchdog.rescue.ending import Target, end
from watchdog.rescue.survey import look_up

ROUNDS = 5
"""Surveys, each followed by an ending: something may fork while it is being ended."""

SETTLING = 1.0
"""Seconds within which the kernel has surely closed what a dead process had open."""


def free(survey: Survey, signal: str, grace: float, say: Callable[[str], None]) -> Release:
    """End the keepers that the survey shows; then say whether the lock is free. Raises Trouble."""
    known = {keeper.pid for keeper in survey.keepers}
    given_up: dict[int, str] = {}
    for attempt in range(ROUNDS):
        now = look_up(survey.key)
        inherited = survey.socket >= 0 and now.socket == survey.socket
        agreed = [keeper for keeper in now.keepers if may_be_ended(keeper, known, inherited)]
        chosen = [keeper for keeper in agreed if keeper.pid not in given_up]
        if not chosen:
            break
        given_up |= end_keepers(chosen, survey.key, signal, grace if attempt == 0 else 0.0, say)
    return verify(survey.key, given_up)


def may_be_ended(keeper: Keeper, known: set[int], inherited: bool) -> bool:
    """Whether the operator agreed to its end: it was shown, or it has the same socket since."""
    if keeper.role == "watchdog" or keeper.pid == os.getpid():
        return False
    return keeper.pid in known or (inherited and "socket" in keeper.keeps)


def end_keepers(
    chosen: list[Keeper], key: str, signal: str, grace: float, say: Callable[[str], None]
) -> dict[int, str]:
    """End them; what could not be ended, and why."""
    targets = [Target(keeper.pid) for keeper in chosen]
    try:
        # Now that a descriptor pins each, see that it is still the one that keeps the lock.
        still = {keeper.pid for keeper in look_up(key).keepers}
        held = [target for target in targets if target.pid in still]
        end(held, signal_number(signal), grace)
        for target in held:
            say(_tell(target))
        return {target.pid: target.problem for target in held if target.problem}
    finally:
        for target in targets:
            target.close()


def _tell(target: Target) -> str:
    if target.problem:
        return f"pid {target.pid}: {target.problem}"
    return f"pid {target.pid}: ended by {target.by} after {target.seconds:.1f} s"


def verify(key: str, given_up: dict[int, str]) -> Release:
    """Take both locks and let them go again; or say who is left."""
    until = time.monotonic() + SETTLING
    while (refused := _try(key)) and time.monotonic() < until:
        if _heir(key) is not None or given_up:
            break
        time.sleep(0.02)
    if not refused:
        return Release(True, f"{key} is free: both locks were taken and let go again")
    heir = _heir(key)
    if heir is not None and not given_up:
        return Release(True, f"{key} was freed; a watchdog that stood by has it now (pid {heir})")
    why = "".join(f"; pid {pid}: {problem}" for pid, problem in given_up.items())
    return Release(False, f"{key} is not free: {refused}{why}")


def _heir(key: str) -> int | None:
    return look_up(key).watchdog_pid


def _try(key: str) -> str:
    """Empty if both could be taken; they are let go at once, and nothing is written down."""
    pair = PairLock(key)
    try:
        refused = pair.file.take() or (pair.second.take() if pair.second is not None else None)
    except LockProblem as problem:
        raise Trouble(str(problem)) from None
    finally:
        pair.close()
    return sentence(refused) if refused else ""
