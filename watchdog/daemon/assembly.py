"""Puts the parts together. Nothing here decides or does anything; it says who knows whom.

Adapters are given a way to post events and nothing else; the driver carries events to the fleet and
effects to the performer; the service is what the control server sees of it all.

The parts are a circle, as events and effects are. So each is made when somebody first asks for it,
and who is known before it exists is known by a function (`lambda: self.crew`). A new part is one
more property, and a line where it is used.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from functools import cached_property, partial
from typing import TYPE_CHECKING

from msgspec.structs import asdict

from watchdog.config import Config, ProgramConfig
from watchdog.core.fleet import Fleet
from watchdog.core.model import State
from watchdog.core.program import Program
from watchdog.daemon import clock, doors
from watchdog.daemon.audience import Audience, Sources
from watchdog.daemon.chronicle import Chronicle
from watchdog.daemon.console import Console
from watchdog.daemon.crew import Adapters, Crew
from watchdog.daemon.driver import Driver
from watchdog.daemon.equipment import make_adapters
from watchdog.daemon.evidence import Examiner, make_recorder
from watchdog.daemon.gaps import Gap, Gaps
from watchdog.daemon.gaps import describe as describe_gap
from watchdog.daemon.herald import Herald, make_herald
from watchdog.daemon.heritage import Heritage
from watchdog.daemon.journal import Journal
from watchdog.daemon.keeper import Keeper
from watchdog.daemon.ledger import Handover, Ledger, fields_of
from watchdog.daemon.outputs import Outputs
from watchdog.daemon.performer import Callbacks, Performer
from watchdog.daemon.policies import policies_of
from watchdog.daemon.records import Records, describe, key_of
from watchdog.daemon.rehearsals import Rehearsals
from watchdog.daemon.reload import Reloader
from watchdog.daemon.remarks import Remarks
from watchdog.daemon.schedules import Schedules
from watchdog.daemon.service import Service
from watchdog.daemon.serving import make_service
from watchdog.daemon.signs import Signs
from watchdog.daemon.tally import Tally
from watchdog.daemon.upward import Teller, make_teller
from watchdog.daemon.veil import Veil
from watchdog.daemon.views import Views
from watchdog.incidents.recorder import Recorder
from watchdog.locks import Locks
from watchdog.logs.capture import Captures
from watchdog.process import PROVES_TREES
from watchdog.process.oom import OomWatch
from watchdog.sockets import Sockets

if TYPE_CHECKING:
    from watchdog.daemon.hooks import Hooks


class Parts:
    """The running whole. Needs a running loop."""

    def __init__(self, config: Config, names: tuple[str, ...], locks: Locks) -> None:
        self.config = config
        self.names = names
        self.locks = locks
        self.finished: asyncio.Future[int]  # the exit code, once everything is down
        self.finished = asyncio.get_running_loop().create_future()

    def config_of(self, name: str) -> ProgramConfig:
        """The configuration in force of a program."""
        return self.crew.configs[name]

    # --- the core and its driver

    @cached_property
    def fleet(self) -> Fleet:
        return Fleet(policies_of(self.config, self.names))

    @cached_property
    def driver(self) -> Driver:
        return Driver(self.fleet, lambda effect: self.performer.perform(effect), clock.moment)

    @cached_property
    def performer(self) -> Performer:
        callbacks = Callbacks(
            self.service.deliver,
            self.examiner.begin,
            lambda effect: self.hooks.run(effect),
            lambda effect: self.hooks.end(effect),
            self.chronicle.rolled,
            self.reloader.settle_removal,
            self.finished.set_result,
        )
        return Performer(self.crew, self.adapters, callbacks)

    # --- who writes down what happens

    @cached_property
    def veil(self) -> Veil:
        veil = Veil()
        veil.learn(self.config.programs)
        return veil

    @cached_property
    def console(self) -> Console:
        """It reports the journal's trouble, never its own."""
        house = self.config.house
        return Console(
            house.log or self.config.state / "watchdog.log",
            house.log_maximum,
            house.log_backups,
            self.veil.over_bytes,
            lambda text: self.journal.write("trouble", reason=text or "the log is written again"),
        )

    @cached_property
    def journal(self) -> Journal:
        """It reports the console's trouble, never its own."""
        return Journal(
            self.config.state / "journal.jsonl",
            self.veil.over_bytes,
            lambda text: self.console.say(f"journal: {text or 'it is written again'}"),
        )

    @cached_property
    def signs(self) -> Signs:
        return Signs(self.config)

    @cached_property
    def tally(self) -> Tally:
        return Tally(self.config_of)

    @cached_property
    def ledger(self) -> Ledger:
        return Ledger(self._tell_handover, time.monotonic, self.signs.last_of, proves=PROVES_TREES)

    @cached_property
    def gaps(self) -> Gaps:
        return Gaps(self._tell_gap, time.monotonic, lambda name: bool(self.sockets.keys(name)))

    def _tell_gap(self, gap: Gap) -> None:
        self.journal.write("restart", **asdict(gap))
        if gap.planned or gap.held:
            self.console.say(f"{gap.program}: {describe_gap(gap)}")

    @cached_property
    def chronicle(self) -> Chronicle:
        return Chronicle(self.console, self.journal, *self._watchers())

    def _watchers(self) -> tuple[Callable[[Program, Program], None], ...]:
        """Who sees every step of every program, in this order."""
        return (
            self.ledger.note,
            self.gaps.note,
            lambda before, after: self.driver.touch(after.policy.name),
            lambda before, after: self.views.note(before, after),
            lambda before, after: self.keeper.note(before, after),
            lambda before, after: self.upward.touch(),
            lambda before, after: self.schedules.note(before, after),
            lambda before, after: doors.watch_rest(self.sockets, before, after),
            lambda before, after: self.audience.observe(before, after),
            lambda before, after: self.recorder.note(before, after),
            lambda before, after: self.herald.observe(before, after),
        )

    @cached_property
    def recorder(self) -> Recorder:
        return make_recorder(self.config, self.outputs.last, self.veil.over_bytes, self.console.say)

    @cached_property
    def herald(self) -> Herald:
        told = self.veil.over, self.console.say
        return make_herald(self.config, self.fleet, self.recorder, self.signs, *told)

    @cached_property
    def outputs(self) -> Outputs:
        return Outputs(self.config_of)

    @cached_property
    def examiner(self) -> Examiner:
        return Examiner(self.adapters.processes, self.recorder, self.config_of, self.driver.post)

    @cached_property
    def hooks(self) -> Hooks:
        from watchdog.daemon.hooks import Hooks  # with the first hook

        around = self.adapters, self.keeper, self.config_of, self.crew.environment
        return Hooks(*around, self.driver.post)

    @cached_property
    def upward(self) -> Teller:
        return make_teller(self.fleet, self.veil.over)

    @cached_property
    def audience(self) -> Audience:
        return Audience(
            Sources(
                lambda: self.fleet.exit_code is not None,
                lambda: self.service.watchdog().identification,
                self.veil.over_bytes,
                self.console.say,
            )
        )

    def _tell_handover(self, handover: Handover) -> None:
        self.journal.write("handover", **fields_of(handover))
        self.tally.note_handover(handover)

    # --- the adapters, each able to post and nothing else

    @cached_property
    def adapters(self) -> Adapters:
        return make_adapters(self)

    @cached_property
    def sockets(self) -> Sockets:
        return Sockets(doors.fetch, self._tell_socket)

    def _tell_socket(self, program: str, text: str) -> None:
        self.console.say(f"{program}: {text}")
        self.journal.write("socket", program=program, reason=text)

    @cached_property
    def captures(self) -> Captures:
        return Captures(self.config.state, self.chronicle.trouble, self.audience.tap)

    @cached_property
    def remarks(self) -> Remarks:
        return Remarks(
            lambda name: is_up(self.fleet, name),
            lambda name: key_of(self.config_of(name)),
            self.captures.last_words,
            OomWatch(),
        )

    # --- the programs

    @cached_property
    def crew(self) -> Crew:
        nonce = self.keeper.nonce_of_next
        return Crew(self.adapters, self.driver.post, nonce, f"unix://{self.config.socket}")

    @cached_property
    def records(self) -> Records:
        return Records(self.config.state)

    @cached_property
    def keeper(self) -> Keeper:
        return Keeper(
            self.records,
            self.adapters.processes.birth,
            self.adapters.processes.next_mark,
            lambda name: describe(self.config_of(name), self.config),
            self.console.say,
        )

    @cached_property
    def heritage(self) -> Heritage:
        return Heritage(
            self.config,
            self.fleet,
            self.driver,
            self.crew,
            self.adapters,
            self.keeper,
            self.console.say,
            lambda *what: self.hooks.bury(*what),
        )

    @cached_property
    def reloader(self) -> Reloader:
        return Reloader(
            self.config,
            self.fleet,
            self.driver,
            self.crew,
            self.keeper,
            self.veil,
            self.console.say,
            partial(
                self.rehearsals.reloading, partial(self.tally.reloading, self.upward.reloading)
            ),
        )

    @cached_property
    def schedules(self) -> Schedules:
        return Schedules(self.crew.configs, lambda: self.fleet.programs, self.driver.post)

    @cached_property
    def rehearsals(self) -> Rehearsals:
        return Rehearsals(self.config, self.crew.configs, self.journal, self.console)

    # --- what clients see

    @cached_property
    def views(self) -> Views:
        return Views(
            self.fleet,
            self.crew.configs,
            self.veil.over,
            str(self.console.path),
            str(self.journal.path),
            self.recorder.latest.get,
            self.gaps.tell_last,
        )

    @cached_property
    def service(self) -> Service:
        return make_service(self)


def assemble(config: Config, names: tuple[str, ...], locks: Locks) -> Parts:
    """Everything, wired and at rest."""
    parts = Parts(config, names, locks)
    parts.signs  # noqa: B018 - what an earlier watchdog left is read before our own first line
    parts.journal.listener = parts.herald.journaled
    locks.post_to(parts.driver.post)
    parts.fleet.observe = parts.tally.beside(parts.chronicle.observe)
    for program in sorted(config.programs, key=lambda one: one.listener is None):
        parts.crew.take(program)
    parts.performer  # noqa: B018 - and with it all that it knows
    return parts


def is_up(fleet: Fleet, name: str) -> bool:
    """Whether its process lives and nobody is ending it."""
    program = fleet.programs.get(name)
    return program is not None and program.state in (State.STARTING, State.RUNNING)
