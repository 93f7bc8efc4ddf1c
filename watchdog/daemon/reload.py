"""Reading the configuration again: what changed is applied, what did not is not touched.

A configuration that is bad changes nothing. A program of which the process would notice the change
is replaced (stopped, then started anew); one with only a new policy goes on under it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from functools import partial

from msgspec.structs import replace

from watchdog.config import Config, ConfigError
from watchdog.config.alone import load_again
from watchdog.config.reread import Changes, compare, may_roll
from watchdog.control.backend import Reloaded, ReloadError
from watchdog.control.scales import Scaled
from watchdog.core.fleet import Fleet
from watchdog.core.rolling import Roll
from watchdog.daemon.crew import Crew
from watchdog.daemon.driver import Driver
from watchdog.daemon.keeper import Keeper
from watchdog.daemon.scales import forget_scales
from watchdog.daemon.veil import Veil

NOBODY_WAITS: Mapping[str, int] = {}
"""No program's start or end answers a request."""


class Reloader:
    """Holds the configuration in force, and changes it."""

    def __init__(
        self,
        config: Config,
        fleet: Fleet,
        driver: Driver,
        crew: Crew,
        keeper: Keeper,
        veil: Veil,
        say: Callable[[str], None],
        announce: Callable[[], AbstractContextManager[None]],
    ) -> None:
        self._config = config
        self.latest = config  # what was read last; `Groups` takes it into force by pieces
        self._fleet = fleet
        self._driver = driver
        self._crew = crew
        self._keeper = keeper
        self._veil = veil
        self._say = say
        self._announce = announce  # around every attempt: whoever started us is told

    @property
    def config(self) -> Config:
        """The configuration in force."""
        return self._config

    def instances(self) -> list[Scaled]:
        """How many there are of every program with `instances`."""
        config = self._config
        return [
            Scaled(name, config.scaled.get(name, template.count), template.count)
            for name, template in config.templates.items()
        ]

    def reload(self) -> Reloaded:
        """Apply the file as it is now. `ReloadError`: it cannot be, and nothing changed."""
        with self._announce():
            fresh = self.latest = self.read()
            changes = compare(self._config, fresh)
            before = self._config
            rolled = self._take(fresh, changes)
            at_once = tuple(name for name in changes.restarted if name not in rolled)
            tables = dict.fromkeys(fresh.program(name).written for name in rolled)
            notes = [f"{name}: restarted one after the other, as it changed" for name in tables]
            notes += forget_scales(before, fresh)
            return self._report(replace(changes, restarted=at_once), notes)

    def read(self) -> Config:
        """The file as it is now. `ReloadError`: it cannot be used."""
        if self._config.path is None:
            raise ReloadError("there is no configuration file: this run was given its command")
        if self._fleet.exit_code is not None:
            raise ReloadError("the watchdog is shutting down")
        try:
            return load_again(self._config)
        except ConfigError as error:
            raise ReloadError(str(error)) from None

    def apply(
        self,
        fresh: Config,
        changes: Changes,
        words: str,
        requests: Mapping[str, int] = NOBODY_WAITS,
    ) -> None:
        """Have this configuration in force, of which so much is new; say it in these words.

        `requests` are those that the start of an added or the end of a removed program answers.
        """
        self._say(words)
        self._take(fresh, changes, requests)

    def settle_removal(self, name: str) -> None:
        """The fleet has let go of a program: forget it, unless it comes back changed."""
        known = {program.name for program in self._config.programs}
        if name in known:
            self._crew.forget(name)
            self._crew.take(self._config.program(name))
        else:
            self._crew.forget(name)
            self._keeper.forget(name)

    def _take(
        self, fresh: Config, changes: Changes, requests: Mapping[str, int] = NOBODY_WAITS
    ) -> list[str]:
        """Apply it; the names of those that are restarted one after the other."""
        rolled = [name for name in changes.restarted if may_roll(self._config, fresh, name)]
        self._veil.learn(fresh.programs)
        self._config = fresh
        fleet, order = self._fleet, self._driver.order
        removed = {name: requests.get(name, 0) for name in changes.removed}
        if removed:
            order(partial(fleet.remove, removed))
        for name in (*changes.retuned, *rolled):
            self._crew.take(fresh.program(name))
            order(partial(fleet.retune, fresh.program(name).policy))
        for name in (name for name in changes.restarted if name not in rolled):
            order(partial(fleet.replace, fresh.program(name).policy))
        if rolled:
            order(partial(fleet.roll, Roll(rolled, {})))
        for name in changes.added:
            self._crew.take(fresh.program(name))
            request = requests.get(name, 0)
            order(partial(fleet.add, fresh.program(name).policy, request=request))
        return rolled

    def _report(self, changes: Changes, more: Iterable[str]) -> Reloaded:
        notes = (
            *more,
            *(
                f"[watchdog] {key}: takes effect at the next start of the watchdog"
                for key in changes.watchdog
            ),
        )
        told = {
            "added": changes.added,
            "replaced": changes.restarted,
            "removed": changes.removed,
            "retuned": changes.retuned,
        }
        words = [f"{what} {', '.join(names)}" for what, names in told.items() if names]
        self._say(f"reloaded: {'; '.join(words) or 'nothing changed'}")
        for note in notes:
            self._say(note)
        return Reloaded(
            tuple(changes.added),
            tuple(changes.restarted),
            tuple(changes.removed),
            tuple(changes.retuned),
            notes,
        )
