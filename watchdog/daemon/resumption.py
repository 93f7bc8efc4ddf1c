"""The first thing that a new version does: it goes on where the old one was executed away.

What was handed over is taken in one go, without a pause: locks and sockets first, then the
processes, then the fleet as it was, deadlines and all; only then is the configuration looked at
for what changed. A process that died meanwhile is a zombie of ours and tells by itself.
"""

from __future__ import annotations

import os
import time
from functools import partial

from msgspec.structs import replace

from watchdog.config import Config
from watchdog.core.events import Exited, Start, TreeEmpty
from watchdog.core.hooks import is_free
from watchdog.core.model import Need, Policy
from watchdog.core.plans import Plans
from watchdog.core.program import Program
from watchdog.daemon.assembly import Parts
from watchdog.daemon.doors import AT_REST
from watchdog.daemon.fingerprint import fingerprint
from watchdog.daemon.handover import Handover, unpack
from watchdog.daemon.heritage import UNSEEN, birth_of, stand_in
from watchdog.daemon.records import Record


class Resumption:
    """One handover, and who takes it."""

    def __init__(self, given: Handover, config: Config, parts: Parts) -> None:
        self._given = given
        self._config = config
        self._parts = parts
        self._known = {program.name: program for program in config.programs}
        self._policies = {name: p.policy for name, p in parts.fleet.programs.items()}
        self._records = {record.program: record for record in given.records}
        self._carried = unpack(given.programs)

    def resume(self) -> None:
        """Take everything over."""
        parts, given = self._parts, self._given
        parts.service.upgrades_done = given.count
        parts.service.parent = given.parent or parts.service.parent
        parts.views.ended.update(given.ended)
        parts.ledger.resume(given.accounts)
        parts.gaps.resume(given.gaps)
        parts.tally.unpack(given.counts)
        self._take_descriptors()
        lost = [name for name, program in self._carried.items() if not self._go_on(program)]
        plans = self._plans()
        for name in self._carried:
            parts.driver.touch(name)  # it has deadlines of which no event has told
        parts.driver.order(lambda at: parts.fleet.take_over(self._carried, plans, at))
        for name in lost:
            self._mourn(self._carried[name])
        for name, program in self._carried.items():
            if program.hook is not None:
                parts.hooks.take_over(program, given.hooks.get(name))
        strangers = [self._records[n] for n in self._unread() if n in self._records]
        parts.heritage.take(strangers)
        for pipe in given.pipes:
            os.close(pipe)
        parts.keeper.rewrite()
        self._reconcile()
        self._start_the_new()

    def tell(self) -> None:
        """Say that it is done, and how long nobody was there."""
        took = time.monotonic() - self._given.began
        before, parts = self._given.version, self._parts
        if self._given.anew:
            parts.console.say(f"started anew in {took:.2f} s")
            return
        parts.journal.write(
            "upgrade", state="DONE", pid=os.getpid(), previous=before, seconds=round(took, 3)
        )
        parts.console.say(f"upgraded from {before} in {took:.2f} s, all programs go on")

    # --- in the order in which it is done -------------------------------------------------------

    def _take_descriptors(self) -> None:
        adapters = self._parts.adapters
        for name, (key, descriptors) in self._given.locks.items():
            if not adapters.locks.inherit(name, key, descriptors):
                self._parts.console.say(f"{name}: the lock {key} was not handed over")
        for name, descriptor in self._given.notify.items():
            adapters.notify.inherit(name, descriptor)
        up = [name for name, program in self._carried.items() if program.state not in AT_REST]
        adapters.sockets.inherit(self._given.sockets, up)
        adapters.audience.resume(self._given.audience, self._given.listeners)
        if self._given.guardian[0] >= 0:
            adapters.wards.inherit(*self._given.guardian)

    def _go_on(self, program: Program) -> bool:
        """Watch its process again; False if something of it should live and cannot be found."""
        name, parts = program.policy.name, self._parts
        record = self._remember(name)
        if name not in self._known:
            parts.crew.take(stand_in(name))
        if Need.TREE in program.granted or is_free(program):
            return True
        if record is None or record.pid is None:
            return False
        if not parts.adapters.processes.adopt(birth_of(record, record.pid)):
            return False
        parts.crew.resume(name, program.incarnation, record.pid)
        return True

    def _remember(self, name: str) -> Record | None:
        """Keep the record; where nothing changed, with our own idea of what was configured."""
        record = self._records.get(name)
        if record is None:
            return None
        if record.fingerprint and name in self._given.same and name in self._known:
            seen = fingerprint(self._known[name], self._config)
            record = self._records[name] = replace(record, fingerprint=seen)
        self._parts.keeper.remember(record)
        return record

    def _plans(self) -> Plans:
        """What was still to be done, with successors as they are configured now."""
        plans = self._given.plans
        successors = {
            name: replace(successor, policy=self._policies[name])
            for name, successor in plans.successors.items()
            if name in self._known
        }
        return replace(plans, successors=successors)

    def _mourn(self, program: Program) -> None:
        name, incarnation = program.policy.name, program.incarnation
        record = self._records.get(name)
        nonce = record.nonce if record is not None else 0
        posted = self._parts.adapters.processes.bury_strays(name, incarnation, nonce)
        self._parts.driver.post(name, Exited(incarnation, UNSEEN))
        if not posted:
            self._parts.driver.post(name, TreeEmpty(incarnation))

    def _unread(self) -> set[str]:
        return self._given.programs.keys() - self._carried.keys()

    def _reconcile(self) -> None:
        """Apply what changed in the configuration, as a reload would."""
        fleet, order = self._parts.fleet, self._parts.driver.order
        for name, program in self._carried.items():
            if name in self._given.plans.leaving:
                continue
            if name not in self._known:
                order(partial(fleet.remove, {name: 0}))
            elif self._is_changed(name):
                order(partial(fleet.replace, self._policies[name]))
            elif program.policy != self._policies[name]:
                order(partial(fleet.retune, self._policies[name]))

    def _is_changed(self, name: str) -> bool:
        if name in self._given.same:
            return False
        record = self._records.get(name)
        return record is None or record.fingerprint != fingerprint(self._known[name], self._config)

    def _start_the_new(self) -> None:
        """What was not there before starts by itself; what was at rest does not."""
        fleet, driver = self._parts.fleet, self._parts.driver
        for name, policy in self._policies.items():
            if name not in self._carried and self._starts(name, policy):
                driver.order(partial(fleet.handle, name, Start(0)))

    def _starts(self, name: str, policy: Policy) -> bool:
        return policy.autostart and name not in self._given.resting
