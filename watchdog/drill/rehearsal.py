"""Holds a drill: breaks the program through its watchdog, and watches until it is well again.

However it ends, also by Ctrl-C, a process that was stopped goes on, one that was blocked or muted
and that nobody noticed is replaced, and the watchdog knows that the drill is over.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import Any

from watchdog.client import Client
from watchdog.client.errors import Refused, Unreachable
from watchdog.drill.judge import judge
from watchdog.drill.model import SLACK, Facts, Promise, Rehearsal, as_data, result_of
from watchdog.drill.promise import promise_of
from watchdog.drill.safety import is_well, objection
from watchdog.drill.witness import Witness

GLANCE = 0.1  # seconds between two looks at the program
RENEWAL = 4.0  # seconds; the watchdog ends a drill of which it has not heard for 15
PATIENCE = 5.0  # seconds that are waited beyond a promise before it counts as never kept

Tell = Callable[[str], None]  # what is being done now


class NotSafe(Exception):
    """There is no drill; the text says why."""


class Drill:
    """One drill of one program."""

    def __init__(self, client: Client, name: str, tell: Tell) -> None:
        self._client = client
        self._name = name
        self._tell = tell
        self._token = ""
        self._renewed = 0.0
        self._damaged = ""  # the fault that the program may still suffer from

    def plan(
        self, faults: tuple[str, ...], patience: float = 0.0
    ) -> list[tuple[str, Promise | str]]:
        """Each fault with its promise, or with why it is left out. `NotSafe`, after `patience`."""
        end = time.monotonic() + patience
        while True:
            facts = self._facts()
            plan = [(fault, promise_of(fault, facts)) for fault in faults]
            wanted = sum(isinstance(promise, Promise) for _, promise in plan)
            found = objection(facts, wanted)
            if not found:
                return plan
            if time.monotonic() >= end:
                raise NotSafe(found)
            self._tell(f"waiting: {found}")
            time.sleep(min(1.0, max(GLANCE, patience / 100)))

    def hold(self, faults: tuple[str, ...], by: str) -> list[Rehearsal]:
        """Rehearse them one after another; a broken promise is the last. `NotSafe`, `Refused`."""
        done: list[Rehearsal] = []
        with self._begun(by, done):
            for index, fault in enumerate(faults):
                promise = self._check(fault, faults[index:])
                if isinstance(promise, str):
                    done.append(Rehearsal(fault, "skipped", promise))
                    continue
                done.append(self._rehearse(fault, promise))
                if done[-1].verdict == "broken":
                    break
        return [*done, *left_out(faults[len(done) :])]

    # --- inside

    def _facts(self) -> Facts:
        facts: Facts = self._client.call("watchdog.drillFacts", self._name)
        return facts

    def _check(self, fault: str, faults: tuple[str, ...]) -> Promise | str:
        """The promise as it is now: each restart makes the next delay longer."""
        facts = {**self._facts(), "busy": ""}  # the drill that is under way is this one
        wanted = sum(isinstance(promise_of(one, facts), Promise) for one in faults)
        if found := objection(facts, wanted):
            raise NotSafe(found)
        return promise_of(fault, facts)

    @contextlib.contextmanager
    def _begun(self, by: str, done: list[Rehearsal]) -> Iterator[None]:
        self._token = self._client.call("watchdog.drillBegin", self._name)
        self._renewed = time.monotonic()
        told: dict[str, Any] = {"by": by, "result": "interrupted"}
        try:
            yield
            told["result"] = result_of(done)
        except (NotSafe, Refused) as error:
            told["reason"] = str(error)
            raise
        finally:
            self._undo()
            told["faults"] = [as_data(rehearsal) for rehearsal in done]
            with contextlib.suppress(Refused, Unreachable):
                self._client.call("watchdog.drillEnd", self._token, told)

    def _rehearse(self, fault: str, promise: Promise) -> Rehearsal:
        witness = Witness(self._client, self._name, self._facts())
        self._tell(f"{fault}: asked for")
        self._damaged = fault
        struck = self._client.call("watchdog.drillStrike", self._token, fault, seconds=20.0)
        self._watch(fault, "to be noticed", promise.detect, lambda: witness.sees_failure(struck))
        if witness.failed:
            self._damaged = ""
            left = max(promise.recover - promise.detect, 0.0)
            self._watch(fault, "to be well again", left, lambda: witness.sees_recovery(struck))
            self._watch(fault, "to count as well", 1.0, lambda: is_well(self._facts()))
        else:
            self._undo()
        return judge(fault, promise, witness.testimony(struck))

    def _watch(self, fault: str, what: str, bound: float, seen: Callable[[], bool]) -> None:
        """Until it is seen, or much longer than was promised."""
        began = time.monotonic()
        while not seen():
            passed = time.monotonic() - began
            if passed > bound + SLACK + PATIENCE:
                return
            self._tell(f"{fault}: waiting {what}, {passed:.0f} s (promised: {bound:g} s)")
            time.sleep(GLANCE)
            self._renew()

    def _renew(self) -> None:
        if time.monotonic() - self._renewed > RENEWAL:
            self._renewed = time.monotonic()
            self._client.call("watchdog.drillRenew", self._token)

    def _undo(self) -> None:
        """What nobody noticed must not stay."""
        damaged, self._damaged = self._damaged, ""
        if damaged == "stop":
            self._insist(self._go_on)
        elif damaged in ("block", "mute"):
            self._tell(f"{damaged}: nobody noticed it; {self._name} is restarted")
            self._insist(lambda: self._client.request("restart", [self._name]))

    def _go_on(self) -> None:
        """The process that was stopped goes on, also if the watchdog began anew meanwhile."""
        try:
            self._client.call("watchdog.drillMend", self._token)
        except Refused:
            self._client.signal("CONT", [self._name])

    def _insist(self, do: Callable[[], object]) -> None:
        """Do it, also if the watchdog is being upgraded right now and hung up on us."""
        end = time.monotonic() + PATIENCE
        with contextlib.suppress(Refused):
            while time.monotonic() < end:
                try:
                    do()
                    return
                except Unreachable:
                    self._client.close()
                    time.sleep(GLANCE)


def left_out(faults: tuple[str, ...]) -> list[Rehearsal]:
    """What a broken promise kept from being rehearsed."""
    return [Rehearsal(fault, "skipped", "a promise was broken before") for fault in faults]
