"""Has the evidence of a living process taken, in the time that the core gives it.

Whatever becomes of the examination, Examined is posted once it is over; if it takes too long, the
core has gone on without it.
"""

from __future__ import annotations

import asyncio
import subprocess
import time
from collections.abc import Callable, Sequence
from functools import partial

from watchdog.config import Config, ProgramConfig
from watchdog.core.effects import Examine
from watchdog.core.events import Event, Examined
from watchdog.daemon.clock import wall_time
from watchdog.incidents.recorder import Recorder
from watchdog.incidents.store import Limits, Store
from watchdog.probes.attempt import Surroundings
from watchdog.probes.command_linux import Command
from watchdog.process import Processes

SOON = 0.05
"""Seconds after which what was told to the recorder is looked at: a restart has begun by then."""


SHARE = 0.9
"""Of the time that the core gives, so that what was seen arrives before it goes on without."""


class Examiner:
    """Performs Examine."""

    def __init__(
        self,
        processes: Processes,
        recorder: Recorder,
        config_of: Callable[[str], ProgramConfig],
        post: Callable[[str, Event], None],
    ) -> None:
        self._processes = processes
        self._recorder = recorder
        self._config_of = config_of
        self._post = post
        self._under_way: set[asyncio.Task[None]] = set()  # or they would be collected

    def begin(self, effect: Examine) -> None:
        """Look at it; Examined follows."""
        task = asyncio.get_running_loop().create_task(self._examine(effect))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _examine(self, effect: Examine) -> None:
        from watchdog.incidents.examination import examine  # only where something fails

        name, began = effect.program, time.monotonic()
        try:
            members = self._processes.members(name)
            self._ask_for_stacks(effect, members)
            seen = await examine(members, effect.within * SHARE, run)
            self._recorder.examined(name, seen, time.monotonic() - began)
        finally:
            self._post(name, Examined(effect.incarnation))

    def _ask_for_stacks(self, effect: Examine, members: Sequence[int]) -> None:
        from watchdog.incidents.examination import catches

        wanted = self._config_of(effect.program).evidence.signal
        if wanted and members and catches(members[0], wanted):
            self._processes.signal(effect.program, effect.incarnation, wanted, False)


async def run(argv: Sequence[str], kept: int) -> bytes:
    """Run a command to its end; what it printed. Cancelled, it is killed. OSError: it cannot."""
    said = b""

    def hear(output: bytes) -> None:
        nonlocal said
        said = output

    try:
        command = Command(argv, Surroundings(directory="/"), hear, kept=kept)
    except (ValueError, subprocess.SubprocessError) as error:
        raise OSError(str(error)) from error
    try:
        await command.ended
        return said
    finally:
        command.end()


def make_recorder(
    config: Config,
    output_of: Callable[[str, int], tuple[str, int | None]],
    redact: Callable[[bytes], bytes],
    say: Callable[[str], None],
) -> Recorder:
    """Who keeps the incidents. Needs a running loop."""
    limits = config.incidents
    store = Store(config.state / "incidents", Limits(limits.count, limits.age, limits.size), redact)
    later = partial(asyncio.get_running_loop().call_later, SOON)
    return Recorder(
        store,
        output_of,
        wall_time,
        lambda look: ignore(later(look)),
        say,
    )


def ignore(_: object) -> None:
    """A timer that nobody cancels."""
