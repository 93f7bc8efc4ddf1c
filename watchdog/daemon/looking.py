"""Makes those who look things up only when somebody asks; each is loaded then, and not before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from watchdog.daemon.crew import Adapters, Crew
from watchdog.daemon.tally import Tally
from watchdog.daemon.veil import Veil
from watchdog.daemon.views import Views
from watchdog.incidents.recorder import Recorder
from watchdog.process import load_usage

if TYPE_CHECKING:
    from watchdog.daemon.meter import Meter
    from watchdog.daemon.observer import Observer


def make_meter(views: Views, tally: Tally, adapters: Adapters) -> Meter:
    """Who looks up what `/metrics` shows."""
    from watchdog.daemon.meter import Meter

    return Meter(views, tally, adapters.processes.pid, *load_usage())


def make_observer(recorder: Recorder, adapters: Adapters, crew: Crew, veil: Veil) -> Observer:
    """Who looks closely at programs."""
    from watchdog.daemon.observer import Observer

    return Observer(recorder, adapters.processes.members, crew.environment, veil.over)
