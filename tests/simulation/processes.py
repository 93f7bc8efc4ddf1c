"""The simulated adapter of processes and probes: they are born, linger, hang, and die."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.simulation import endings, judge
from tests.simulation.ledger import Ledger, Process
from watchdog.core import events
from watchdog.core.effects import Examine, Kill, Probe, Signal, Spawn
from watchdog.core.events import Event
from watchdog.core.model import Exit, ReloadPolicy

if TYPE_CHECKING:
    from tests.simulation.world import World

RELOAD_SIGNAL = ReloadPolicy().signal
OPERATORS_SIGNAL = "USR1"  # what operators send by hand; nothing dies of it


class Processes:
    """All processes of all programs."""

    def __init__(self, world: World) -> None:
        self._world = world

    # --- what the core wants

    def spawn(self, effect: Spawn, ledger: Ledger, event: Event | None) -> None:
        """Give birth after a while, or fail to."""
        world = self._world
        judge.check_spawn(world, ledger, effect)
        ledger.process = process = Process(effect.incarnation, world.now)
        delay, ledger.spawn_delay = ledger.spawn_delay, 0.0
        world.at(world.now + delay + world.rng.random() * 0.02, self._begin, ledger, process)

    def signal(self, effect: Signal, ledger: Ledger, event: Event | None) -> None:
        """A stop signal is obeyed after a while, unless it is ignored."""
        process = judge.find_target(ledger, effect)
        if effect.signal == OPERATORS_SIGNAL:
            return
        if effect.signal == RELOAD_SIGNAL:
            self._reload(ledger, process)
            return
        if effect.group and process.stopped_at is not None:
            endings.check_rest_is_told(ledger, process)
            return
        endings.check_stop(self._world, ledger, process, event)
        if process.alive and not process.ignores_stop and process.hung_since is None:
            at = self._world.now + process.exit_delay
            self._world.at(at, self.end, ledger, process, Exit(signal=15))

    def _reload(self, ledger: Ledger, process: Process) -> None:
        """Read the configuration again; now and then it is bad."""
        process.signalled_at, process.said_reloading = self._world.now, False
        if self._world.rng.random() < 0.15:
            at = self._world.now + self._world.rng.random() * 3
            self._world.at(at, self.end, ledger, process, Exit(1))

    def examine(self, effect: Examine, ledger: Ledger, event: Event | None) -> None:
        """Evidence is taken in time, too late, or never."""
        process = judge.find_target(ledger, effect)
        endings.check_examination(self._world, ledger, process, event)
        takes = self._world.rng.choice((0.0, 0.3, 0.9, 1.5, None))
        if takes is not None:
            at = self._world.now + takes * effect.within
            self._world.post(ledger.name, events.Examined(effect.incarnation), at)

    def kill(self, effect: Kill, ledger: Ledger, event: Event | None) -> None:
        """Nothing survives it, unless it forks faster than it is killed."""
        process = judge.find_target(ledger, effect)
        endings.check_kill(self._world, ledger, process, event)
        process.kills_needed -= 1
        process.leaves_rest = process.leaves_rest or process.kills_needed > 0
        self.end(ledger, process, Exit(signal=9))
        if process.kills_needed <= 0:
            self._clear(ledger, process)

    def probe(self, effect: Probe, ledger: Ledger, event: Event | None) -> None:
        """Answer in time; a process that hangs is found out at the timeout at the latest."""
        process = judge.find_target(ledger, effect)
        rng, now = self._world.rng, self._world.now
        well = process.alive and process.hung_since is None and now >= process.comes_up_at
        if ledger.bad_probes and well:
            ledger.bad_probes -= 1
            well = False
        latency = rng.random() * effect.timeout * (0.5 if well else 1.0)
        if ledger.late_probes:
            ledger.late_probes -= 1
            latency = effect.timeout
        reason = "" if well else "no answer"
        result = events.Probed(effect.incarnation, effect.role, well, reason, latency)
        self._world.at(now + latency, self._world.deliver, ledger.name, result)

    # --- what processes do

    def wake_up(self, ledger: Ledger, process: Process) -> None:
        """A process that hung comes to itself."""
        process.hung_since = None
        self._world.at(self._world.now, self._come_up, ledger, process)

    def end(self, ledger: Ledger, process: Process, exit: Exit) -> None:
        """The main process ends; what it started may stay."""
        if not process.alive:
            return
        process.alive = False
        self.say(ledger, process, events.Exited(process.incarnation, exit))
        if not process.leaves_rest:
            self._clear(ledger, process)

    def say(self, ledger: Ledger, process: Process, event: Event) -> None:
        """Report, in order with what was reported of this incarnation before."""
        world = self._world
        late, ledger.late_words = ledger.late_words, 0.0
        process.last_word = max(process.last_word, world.now + late)
        world.post(ledger.name, event, process.last_word)

    def _begin(self, ledger: Ledger, process: Process) -> None:
        world = self._world
        failure, ledger.spawn_exit = ledger.spawn_exit, None
        if failure is not None:
            process.empty = True
            return self.say(ledger, process, events.SpawnFailed(process.incarnation, failure))
        process.begun = process.alive = True
        delay, ledger.start_delay = ledger.start_delay, 0.0
        process.comes_up_at = world.now + (0.0 if world.calm else delay + world.rng.random() * 0.3)
        self.say(ledger, process, events.Spawned(process.incarnation, 1000 + process.incarnation))
        world.at(process.comes_up_at, self._come_up, ledger, process)
        if ledger.crashes:
            exit, at = Exit(ledger.crashes.pop()), world.now + world.rng.random() * 0.5
            world.at(at, self.end, ledger, process, exit)
        return None

    def _come_up(self, ledger: Ledger, process: Process) -> None:
        if not process.alive or process.hung_since is not None:
            return None
        if self._world.now < process.comes_up_at:
            return self._world.at(process.comes_up_at, self._come_up, ledger, process)
        if ledger.policy.ready_within is not None:
            self.say(ledger, process, events.Notified(process.incarnation, ready=True))
        if ledger.policy.heartbeat is not None:
            self._beat(ledger, process)
        return None

    def _beat(self, ledger: Ledger, process: Process) -> None:
        if not process.alive or process.hung_since is not None or ledger.process is not process:
            return
        self.say(ledger, process, events.Notified(process.incarnation, beat=True))
        heartbeat = ledger.policy.heartbeat or 3.0
        self._world.at(self._world.now + heartbeat * 0.4, self._beat, ledger, process)

    def _clear(self, ledger: Ledger, process: Process) -> None:
        if process.empty:
            return
        process.empty = True
        self.say(ledger, process, events.TreeEmpty(process.incarnation))
