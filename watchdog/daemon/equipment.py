"""The adapters, made: each is able to post, and is given nothing else of the daemon."""

from __future__ import annotations

from typing import TYPE_CHECKING

from watchdog.core.events import Event, Probed, TreeEmpty
from watchdog.daemon.crew import Adapters
from watchdog.daemon.hook_place import program_of
from watchdog.daemon.wards import Wards
from watchdog.logs.feed import Feeds
from watchdog.probes.heartbeat import NotifySockets
from watchdog.probes.probes import Probes
from watchdog.process import Ceilings, Processes, choose_system

if TYPE_CHECKING:
    from watchdog.daemon.assembly import Parts


def make_adapters(parts: Parts) -> Adapters:
    """All of them."""
    config, post = parts.config, parts.driver.post
    system = choose_system(config.state, cgroup=config.cgroup == "auto")
    processes = Processes(lambda name, event: post_of_process(parts, name, event), system)
    return Adapters(
        processes=processes,
        captures=parts.captures,
        locks=parts.locks,
        probes=Probes(lambda name, event: post_of_probe(parts, name, event), parts.veil.over),
        notify=NotifySockets(post, str(config.state), parts.veil.over),
        ceilings=Ceilings(post, {"memory": processes.memory, "cpu": processes.cpu}),
        wards=Wards(processes, system.place_of),
        feeds=Feeds(config.state),
        audience=parts.audience,
        sockets=parts.sockets,
    )


def post_of_process(parts: Parts, name: str, event: Event) -> None:
    """What becomes of a process, told with what else is known of it; of a hook's, to the hooks."""
    if (owner := program_of(name)) is not None:
        return parts.hooks.hear(owner, event)
    # The last output of an incarnation is written before the next one begins.
    if isinstance(event, TreeEmpty):
        parts.crew.clear_away(name)
        if name in parts.crew.configs:
            parts.outputs.note_end(name, event.incarnation)
    return parts.driver.post(name, parts.remarks.on_process(name, event))


def post_of_probe(parts: Parts, name: str, event: Event) -> None:
    """A result, told with what else is known, and remembered for who asks later."""
    remarked = parts.remarks.on_probe(name, event)
    if isinstance(remarked, Probed):
        parts.recorder.probed(name, remarked)
        parts.herald.probed(name, remarked)
    parts.driver.post(name, remarked)
