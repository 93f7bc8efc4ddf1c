"""Takes over what an earlier watchdog left running, before anything is started.

For each record: is that very process alive (pid, start time, boot and mark agree)? Then it is
adopted, with its locks, its output and its numbers; if what it was started with has changed since,
it is replaced. If it ended meanwhile, that is said, and whatever of its tree lives on is ended
before anything starts. All of it happens without a pause between proof and event, so that not even
a death in this moment goes unseen.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from msgspec.structs import replace

from watchdog.config import Config, ProgramConfig
from watchdog.core.events import Adopted, Bereaved, HookFound, TreeEmpty
from watchdog.core.fleet import Fleet
from watchdog.core.model import Exit, Hook
from watchdog.daemon.crew import Adapters, Crew
from watchdog.daemon.driver import Driver
from watchdog.daemon.fingerprint import fingerprint
from watchdog.daemon.keeper import Keeper
from watchdog.daemon.records import Record
from watchdog.process import Birth

UNSEEN = Exit(detail="it ended while no watchdog ran")


class Heritage:
    """Goes through the records of an earlier watchdog."""

    def __init__(
        self,
        config: Config,
        fleet: Fleet,
        driver: Driver,
        crew: Crew,
        adapters: Adapters,
        keeper: Keeper,
        say: Callable[[str], None],
        bury_hook: Callable[[str, int, Hook, int], None],
    ) -> None:
        self._config = config
        self._fleet = fleet
        self._driver = driver
        self._crew = crew
        self._adapters = adapters
        self._keeper = keeper
        self._say = say
        self._bury_hook = bury_hook

    def take(self, records: list[Record]) -> frozenset[str]:
        """Adopt what lives; the names of those whose lock their own processes may have.

        That is what was adopted, and what is dead but may have left others behind.
        """
        known = {program.name: program for program in self._config.programs}
        return frozenset(
            record.program
            for record in records
            if self._take_one(record, known.get(record.program))
        )

    def _take_one(self, record: Record, config: ProgramConfig | None) -> bool:
        if record.hook_nonce and record.hook in list(Hook):
            self._end_hook(record.program, Hook(record.hook), record)
        birth = self._prove(record)
        if birth is not None:
            self._adopt(record, birth, config)
            return True
        if config is None:
            self._keeper.forget(record.program)
            return False
        last = self._last_of(record)
        if record.pid is None and last is record:
            return False
        self._mourn(last)
        return True

    def _end_hook(self, name: str, hook: Hook, record: Record) -> None:
        """A hook that was under way is ended, and nothing begins before that is proved."""
        self._say(f"{name}: its {hook} hook was under way; what is left of it is ended")
        self._driver.post(name, HookFound(record.hook_incarnation, hook))
        self._bury_hook(name, record.hook_incarnation, hook, record.hook_nonce)

    def _prove(self, record: Record) -> Birth | None:
        """The process that the record speaks of, or the next one, spawned just before the end."""
        processes = self._adapters.processes
        if record.pid is not None:
            birth = birth_of(record, record.pid)
            if processes.adopt(birth):
                return birth
        if not record.next_nonce:
            return None
        born = processes.find(record.program, record.incarnation + 1, record.next_nonce)
        return born if born is not None and processes.adopt(born) else None

    def _adopt(self, record: Record, birth: Birth, config: ProgramConfig | None) -> None:
        name = record.program
        noted = birth.incarnation == record.incarnation
        if config is None:
            self._enlist_stranger(name)
        elif record.singleton:
            self._adapters.locks.adopt(name, record.singleton, birth.pid)
        self._keeper.remember(record)
        self._crew.resume(name, birth.incarnation, birth.pid)
        event = Adopted(
            birth.incarnation,
            birth.pid,
            record.started_at if noted else time.monotonic(),
            up=record.up and noted,
            restarts=record.restarts if noted else record.restarts + 1,
        )
        self._say(f"{name}: adopted pid {birth.pid} (incarnation {birth.incarnation})")
        self._driver.post(name, event)
        self._replace_if_changed(record, config)

    def _replace_if_changed(self, record: Record, config: ProgramConfig | None) -> None:
        name = record.program
        if config is None:
            self._say(f"{name}: it left the configuration while no watchdog ran; it is ended")
            self._driver.order(lambda moment: self._fleet.remove({name: 0}, moment))
        elif fingerprint(config, self._config) != record.fingerprint:
            self._say(f"{name}: its configuration changed while no watchdog ran; it is replaced")
            self._driver.order(lambda moment: self._fleet.replace(config.policy, moment))

    def _mourn(self, record: Record) -> None:
        """It died unseen: nothing starts before what it left is gone, too."""
        name, number = record.program, record.incarnation
        self._keeper.keep(record)
        self._driver.post(name, Bereaved(number, UNSEEN, record.restarts))
        who = "its main process" if record.pid is None else f"pid {record.pid}"
        self._say(f"{name}: {who} (incarnation {number}): {UNSEEN.detail}")
        if not self._adapters.processes.bury_strays(name, number, record.nonce):
            self._driver.post(name, TreeEmpty(number))  # no marks: nobody can know

    def _last_of(self, record: Record) -> Record:
        """What ran last: also the next one may have come and gone before it was written down.

        If anything of that lives, nothing of the one on record does: its tree was empty before.
        """
        incarnation, nonce = record.incarnation + 1, record.next_nonce
        processes = self._adapters.processes
        if not nonce or not processes.has_remains(record.program, incarnation, nonce):
            return record
        fresh = processes.next_mark()
        return replace(record, incarnation=incarnation, pid=None, nonce=nonce, next_nonce=fresh)

    def _enlist_stranger(self, name: str) -> None:
        """A stand-in for a program that is configured no more, so that it can be ended in order."""
        stranger = stand_in(name)
        self._crew.take(stranger)
        self._driver.order(lambda moment: self._fleet.add(stranger.policy, moment))


def stand_in(name: str) -> ProgramConfig:
    """A configuration for a program that has none any more."""
    from watchdog.config.adhoc import build_adhoc

    return build_adhoc(["true"], {"autostart": False}, name=name).programs[0]


def birth_of(record: Record, pid: int) -> Birth:
    """What the process must be proved to be."""
    return Birth(pid, record.start, record.boot, record.nonce, record.program, record.incarnation)
