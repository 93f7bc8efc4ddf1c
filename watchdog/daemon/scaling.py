"""More or fewer instances of a program, while it runs (`watchdog scale`).

It is a change of the configuration like any other: what comes is added, what goes is stopped in
order and forgotten, and nothing else is touched. The number is kept before anything is done.
"""

from __future__ import annotations

from collections.abc import Awaitable, Coroutine, Mapping
from typing import Any

from watchdog.config import Config, ConfigError
from watchdog.config.reread import Changes, compare
from watchdog.config.scaling import count_of, keep, rescale
from watchdog.config.schema import MOST_INSTANCES
from watchdog.control.backend import Result
from watchdog.control.scales import Change, ScaleError
from watchdog.daemon.journal import Journal
from watchdog.daemon.reload import Reloader
from watchdog.daemon.service import Service


class Scaler:
    """Changes how many there are (`control.backend.Scaling`)."""

    def __init__(self, service: Service, reloader: Reloader, journal: Journal) -> None:
        self._service = service
        self._reloader = reloader
        self._journal = journal

    def scale(self, wanted: Mapping[str, int | None]) -> Coroutine[Any, Any, list[Change]]:
        """Have so many of each, None for what the file says; it can be awaited that it is so."""
        if self._service.watchdog().state != "RUNNING":
            raise ScaleError("the watchdog is shutting down")
        before = self._reloader.config
        for name, count in wanted.items():
            check(before, name, count)
        fresh = with_numbers(before, wanted)
        changes = compare(before, fresh)
        write(fresh)
        self._note(before, fresh)
        return tell(changes, self._apply(fresh, changes))

    def _apply(self, fresh: Config, changes: Changes) -> Coroutine[Any, Any, list[Result]]:
        words = f"scaled: {len(changes.added)} more, {len(changes.removed)} fewer"

        def pass_on(numbers: dict[str, int]) -> None:
            self._reloader.apply(fresh, changes, words, numbers)

        return self._service.ask([*changes.added, *changes.removed], pass_on)

    def _note(self, before: Config, fresh: Config) -> None:
        for name, template in fresh.templates.items():
            was, now = count_of(before, name), count_of(fresh, name)
            if was != now:
                told = {"count": now, "previous": was, "file": template.count}
                self._journal.write("scale", program=name, **told)


async def tell(changes: Changes, answers: Awaitable[list[Result]]) -> list[Change]:
    """What became of each instance that came or went."""
    return [
        Change("stop" if result.name in changes.removed else "start", result)
        for result in await answers
    ]


def with_numbers(config: Config, wanted: Mapping[str, int | None]) -> Config:
    """The configuration with these numbers beside those in force. `ScaleError`."""
    numbers = {**config.scaled, **wanted}
    try:
        return rescale(config, {name: n for name, n in numbers.items() if n is not None})
    except ConfigError as error:
        raise ScaleError(str(error)) from None


def write(config: Config) -> None:
    """Keep the numbers. `ScaleError`: they cannot be."""
    try:
        keep(config)
    except OSError as error:
        place = config.state
        raise ScaleError(f"the number cannot be kept in {place}: {error.strerror}") from None


def check(config: Config, name: str, count: int | None) -> None:
    """Whether it is one whose instances have a number, and this is a number. `ScaleError`."""
    if name not in config.templates:
        raise ScaleError(explain(config, name))
    if count is not None and not 0 <= count <= MOST_INSTANCES:
        raise ScaleError(f"{name}: found {count}; allowed: 0 to {MOST_INSTANCES} instances")


def explain(config: Config, name: str) -> str:
    """Why there is no number that could be changed."""
    if any(program.name == name for program in config.programs):
        hint = f"write `instances = 1` under [programs.{name}], then `watchdog reload`"
        return f"{name} has no `instances` in the configuration; {hint}"
    if any(program.team == name for program in config.programs):
        return f"{name} is a group; what can be scaled is a program with `instances`"
    known = ", ".join(config.templates) or "none in this configuration"
    return f"there is no program {name} with `instances`; there are: {known}"
