"""What the control server sees of the parts, put together."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from watchdog.daemon.groups import Groups
from watchdog.daemon.looking import equip
from watchdog.daemon.service import Service
from watchdog.daemon.streams import Streams
from watchdog.incidents.memory import Memory

if TYPE_CHECKING:
    from watchdog.daemon.assembly import Parts


def make_service(parts: Parts) -> Service:
    """The service; what is seldom asked for is made when it is."""
    service = Service(
        parts.fleet,
        parts.driver,
        parts.views,
        parts.reloader.reload,
        partial(parts.driver.order, partial(parts.fleet.shut_down, 0)),
        Groups(parts.reloader, parts.fleet),
        Streams(parts.captures, parts.adapters.feeds, parts.console, parts.config_of),
        Memory(parts.recorder.store),
        parts.config.house.identifier,
    )
    equip(service, parts)
    return service
