"""Makes those who are there only when somebody asks; each is loaded then, and not before."""

from __future__ import annotations

from functools import cache, partial
from typing import TYPE_CHECKING

from watchdog.daemon.crew import Adapters, Crew
from watchdog.daemon.rehearsals import make_drills
from watchdog.daemon.tally import Tally
from watchdog.daemon.veil import Veil
from watchdog.daemon.views import Views
from watchdog.incidents.recorder import Recorder
from watchdog.process import load_usage

if TYPE_CHECKING:
    from watchdog.daemon.assembly import Parts
    from watchdog.daemon.journal import Journal
    from watchdog.daemon.meter import Meter
    from watchdog.daemon.observer import Observer
    from watchdog.daemon.reload import Reloader
    from watchdog.daemon.scaling import Scaler
    from watchdog.daemon.service import Service


def equip(service: Service, parts: Parts) -> None:
    """Give the service a way to each of them."""
    adapters, recorder = parts.adapters, parts.recorder
    service.remote_listeners.append(parts.audience.remote)
    service.count_instances = parts.reloader.instances
    service.make_drills = cache(partial(make_drills, parts))
    service.make_meter = cache(partial(make_meter, parts.views, parts.tally, adapters))
    observer = partial(make_observer, recorder, adapters, parts.crew, parts.veil)
    service.make_observer = cache(observer)
    scaling = partial(make_scaling, service, parts.reloader, parts.journal)
    service.make_scaling = cache(scaling)


def make_meter(views: Views, tally: Tally, adapters: Adapters) -> Meter:
    """Who looks up what `/metrics` shows."""
    from watchdog.daemon.meter import Meter

    return Meter(views, tally, adapters.processes.pid, *load_usage())


def make_observer(recorder: Recorder, adapters: Adapters, crew: Crew, veil: Veil) -> Observer:
    """Who looks closely at programs."""
    from watchdog.daemon.observer import Observer

    return Observer(recorder, adapters.processes.members, crew.environment, veil.over)


def make_scaling(service: Service, reloader: Reloader, journal: Journal) -> Scaler:
    """Who changes how many instances there are."""
    from watchdog.daemon.scaling import Scaler

    return Scaler(service, reloader, journal)
