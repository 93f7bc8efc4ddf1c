"""Puts the parts together. Nothing here decides or does anything; it says who knows whom.

Adapters are given a way to post events and nothing else; the driver carries events to the fleet and
effects to the performer; the service is what the control server sees of it all.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from functools import cache, partial
from typing import TYPE_CHECKING, NamedTuple

from msgspec.structs import replace

from watchdog.config import Config, ProgramConfig
from watchdog.core.events import Event, Probed, TreeEmpty
from watchdog.core.fleet import Fleet
from watchdog.core.model import Policy, State
from watchdog.daemon import clock
from watchdog.daemon.audience import Audience, Sources
from watchdog.daemon.chronicle import Chronicle
from watchdog.daemon.console import Console
from watchdog.daemon.crew import Adapters, Crew
from watchdog.daemon.driver import Driver
from watchdog.daemon.evidence import Examiner, make_recorder
from watchdog.daemon.fingerprint import fingerprint
from watchdog.daemon.groups import Groups
from watchdog.daemon.heritage import Heritage
from watchdog.daemon.journal import Journal
from watchdog.daemon.keeper import Keeper
from watchdog.daemon.ledger import Handover, Ledger, fields_of
from watchdog.daemon.performer import Callbacks, Performer
from watchdog.daemon.records import Record, Records
from watchdog.daemon.reload import Reloader
from watchdog.daemon.remarks import Remarks
from watchdog.daemon.service import Service
from watchdog.daemon.signs import Signs
from watchdog.daemon.streams import Streams
from watchdog.daemon.tally import Tally
from watchdog.daemon.upward import Teller, make_teller
from watchdog.daemon.veil import Veil
from watchdog.daemon.views import Views
from watchdog.daemon.wards import Wards
from watchdog.incidents.memory import Memory
from watchdog.incidents.recorder import Recorder
from watchdog.locks import Locks
from watchdog.logs.capture import Captures
from watchdog.logs.feed import Feeds
from watchdog.probes.heartbeat import NotifySockets
from watchdog.probes.probes import Probes
from watchdog.process import (
    PROVES_TREES,
    MemoryWatch,
    Processes,
    choose_system,
    load_usage,
)
from watchdog.process.oom import OomWatch

if TYPE_CHECKING:
    from watchdog.daemon.meter import Meter

Post = Callable[[str, Event], None]
ConfigOf = Callable[[str], ProgramConfig]


class Parts(NamedTuple):
    """The running whole."""

    fleet: Fleet
    recorder: Recorder
    driver: Driver
    adapters: Adapters
    service: Service
    reloader: Reloader
    heritage: Heritage
    keeper: Keeper
    ledger: Ledger
    crew: Crew
    views: Views
    records: Records
    upward: Teller
    console: Console
    journal: Journal
    veil: Veil
    tally: Tally
    finished: asyncio.Future[int]  # the exit code, once everything is down


def assemble(config: Config, names: tuple[str, ...], locks: Locks) -> Parts:
    """Everything, wired and at rest. Needs a running loop.

    Who is known before it exists is known by a lambda: the parts are a circle, as events and
    effects are.
    """
    veil = Veil()
    veil.learn(config.programs)
    signs = Signs(config)  # before the first line of ours
    console, journal = open_records(config, veil)
    fleet = Fleet(policies_of(config, names))
    driver = Driver(fleet, lambda effect: performer.perform(effect), clock.moment)
    locks.post_to(driver.post)
    upward = make_teller(fleet, veil.over)
    tally = Tally(lambda name: crew.configs[name])
    ledger = make_ledger(journal, signs, tally)
    chronicle = Chronicle(
        console,
        journal,
        ledger.note,
        lambda before, after: driver.touch(after.policy.name),
        lambda before, after: views.note(before, after),
        lambda before, after: keeper.note(before, after),
        lambda before, after: upward.touch(),
        lambda before, after: audience.observe(before, after),
        lambda before, after: recorder.note(before, after),
    )
    fleet.observe = tally.beside(chronicle.observe)
    audience = make_audience(fleet, lambda: service.watchdog().identification, veil, console)
    captures = Captures(config.state, chronicle.trouble, audience.tap)
    recorder = make_recorder(config, lambda name: crew.configs[name], veil.over_bytes, console.say)
    remarks = make_remarks(fleet, lambda name: crew.configs[name], captures)
    adapters = hire(
        config,
        locks,
        captures,
        driver.post,
        lambda name: crew.clear_away(name),
        veil,
        remarks,
        audience,
        recorder,
    )
    records = Records(config.state)
    keeper = make_keeper(config, records, adapters, lambda name: crew.configs[name], console)
    crew = Crew(adapters, driver.post, keeper.nonce_of_next, f"unix://{config.socket}")
    for program in sorted(config.programs, key=lambda one: one.listener is None):
        crew.take(program)
    views = Views(
        fleet,
        crew.configs,
        veil.over,
        str(console.path),
        str(journal.path),
        recorder.latest.get,
    )
    told = partial(tally.reloading, upward.reloading)
    reloader = Reloader(config, fleet, driver, crew, keeper, veil, console.say, told)
    heritage = Heritage(config, fleet, driver, crew, adapters, keeper, console.say)
    leave = partial(driver.order, partial(fleet.shut_down, 0))
    streams = Streams(captures, adapters.feeds, console, lambda name: crew.configs[name])
    groups = Groups(reloader, fleet)
    memory, name = Memory(recorder.store), config.house.identifier
    service = Service(fleet, driver, views, reloader.reload, leave, groups, streams, memory, name)
    service.remote_listeners.append(audience.remote)
    service.make_meter = cache(partial(make_meter, views, tally, adapters))
    finished: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    examiner = Examiner(adapters.processes, recorder, lambda name: crew.configs[name], driver.post)
    callbacks = Callbacks(
        service.deliver, examiner.begin, reloader.settle_removal, finished.set_result
    )
    performer = Performer(crew, adapters, callbacks)
    return Parts(
        fleet=fleet,
        recorder=recorder,
        driver=driver,
        adapters=adapters,
        service=service,
        reloader=reloader,
        heritage=heritage,
        keeper=keeper,
        ledger=ledger,
        crew=crew,
        views=views,
        records=records,
        upward=upward,
        console=console,
        journal=journal,
        veil=veil,
        tally=tally,
        finished=finished,
    )


def make_audience(
    fleet: Fleet, server: Callable[[], str], veil: Veil, console: Console
) -> Audience:
    """Who is told what happens, in supervisor's protocol."""
    leaving = lambda: fleet.exit_code is not None  # noqa: E731
    return Audience(Sources(leaving, server, veil.over_bytes, console.say))


def make_meter(views: Views, tally: Tally, adapters: Adapters) -> Meter:
    """Who looks up what `/metrics` shows; loaded when somebody asks for the first time."""
    from watchdog.daemon.meter import Meter

    return Meter(views, tally, adapters.processes.pid, *load_usage())


def make_ledger(journal: Journal, signs: Signs, tally: Tally) -> Ledger:
    """Each hand-over goes into the journal, and is counted."""

    def tell(handover: Handover) -> None:
        journal.write("handover", **fields_of(handover))
        tally.note_handover(handover)

    return Ledger(
        tell,
        time.monotonic,
        signs.last_of,
        proves=PROVES_TREES,
    )


def make_remarks(fleet: Fleet, config_of: ConfigOf, captures: Captures) -> Remarks:
    """What is added to the reports of processes and probes."""
    return Remarks(
        lambda name: is_up(fleet, name),
        lambda name: key_of(config_of(name)),
        captures.last_words,
        OomWatch(),
    )


def make_keeper(
    config: Config, records: Records, adapters: Adapters, config_of: ConfigOf, console: Console
) -> Keeper:
    """Who keeps the records of what runs."""
    return Keeper(
        records,
        adapters.processes.birth,
        adapters.processes.next_mark,
        lambda name: describe(config_of(name), config),
        console.say,
    )


def is_up(fleet: Fleet, name: str) -> bool:
    """Whether its process lives and nobody is ending it."""
    program = fleet.programs.get(name)
    return program is not None and program.state in (State.STARTING, State.RUNNING)


def describe(program: ProgramConfig, config: Config) -> Record:
    """The record of a program without a process."""
    seen = fingerprint(program, config)
    return Record(program.name, fingerprint=seen, singleton=key_of(program))


def key_of(program: ProgramConfig) -> str:
    """The key of its singleton; empty if it has none."""
    return program.singleton.key if program.singleton else ""


def open_records(config: Config, veil: Veil) -> tuple[Console, Journal]:
    """The console and the journal; each reports the other's trouble, never its own."""
    console = Console(
        config.house.log or config.state / "watchdog.log",
        config.house.log_maximum,
        config.house.log_backups,
        veil.over_bytes,
        lambda text: journal.write("trouble", reason=text or "the log is written again"),
    )
    journal = Journal(
        config.state / "journal.jsonl",
        veil.over_bytes,
        lambda text: console.say(f"journal: {text or 'it is written again'}"),
    )
    return console, journal


def hire(
    config: Config,
    locks: Locks,
    captures: Captures,
    post: Post,
    clear_away: Callable[[str], None],
    veil: Veil,
    remarks: Remarks,
    audience: Audience,
    recorder: Recorder,
) -> Adapters:
    """The adapters, each able to post and nothing else."""

    def post_of_process(name: str, event: Event) -> None:
        # The last output of an incarnation is written before the next one begins.
        if isinstance(event, TreeEmpty):
            clear_away(name)
        post(name, remarks.on_process(name, event))

    system = choose_system(config.state, cgroup=config.cgroup == "auto")
    processes = Processes(post_of_process, system)

    def post_of_probe(name: str, event: Event) -> None:
        remarked = remarks.on_probe(name, event)
        if isinstance(remarked, Probed):
            recorder.probed(name, remarked)
        post(name, remarked)

    return Adapters(
        processes=processes,
        captures=captures,
        locks=locks,
        probes=Probes(post_of_probe, veil.over),
        notify=NotifySockets(post, str(config.state), veil.over),
        memory=MemoryWatch(post, processes.memory),
        wards=Wards(processes, system.place_of),
        feeds=Feeds(config.state),
        audience=audience,
    )


def policies_of(config: Config, names: tuple[str, ...]) -> list[Policy]:
    """The policies; with names given, only those start by themselves, and what they depend on."""
    wanted = with_dependencies(config, names)
    return [choose(program, wanted) for program in config.programs]


def choose(program: ProgramConfig, wanted: frozenset[str]) -> Policy:
    """The policy of a program, started by itself or not as the command line says."""
    if not wanted:
        return program.policy
    return replace(program.policy, autostart=program.name in wanted)


def with_dependencies(config: Config, names: tuple[str, ...]) -> frozenset[str]:
    """The names, and all that they depend on."""
    wanted: set[str] = set()
    open_ends = list(names)
    while open_ends:
        name = open_ends.pop()
        if name not in wanted:
            wanted.add(name)
            open_ends += config.program(name).policy.depends_on
    return frozenset(wanted)
