"""The watchdogs that are watched, and a thread for each that asks it once a second.

What was learned is handed on by a callable that may be called from any thread. Nothing here ever
ends by itself: a watchdog that went away is asked again until it is back.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from watchdog.client import Client, Refused, Unreachable
from watchdog.tui.rows import Row, absorb

PERIOD = 1.0  # seconds between two looks
AGAIN = 1.0  # seconds before one that is gone is asked again
PATIENCE = 5.0  # seconds for an answer: it is stopped or stuck then
DETAIL_EVERY = 2  # looks between two of the selected program's details
HOUR = 3600
UNKNOWN_METHOD = 1  # supervisor's fault code

Login = tuple[str, str]  # user, password
Details = Callable[[Client], Any]


class Source(NamedTuple):
    """A watchdog: what it is called in the view, its address, and the login if it wants one."""

    title: str
    address: str
    login: Login | None = None

    def client(self) -> Client:
        """A new connection, made with the first call."""
        return Client(self.address, lambda: self.login)

    def __repr__(self) -> str:
        return f"Source({self.title!r}, {self.address!r})"  # no password


class Seen(NamedTuple):
    """How a watchdog's programs are."""

    source: int
    watchdog: Mapping[str, Any]
    rows: dict[str, Row]
    skew: float  # seconds that its clock is ahead of ours


class Lost(NamedTuple):
    """It does not answer; why."""

    source: int
    why: str


class Detail(NamedTuple):
    """What was asked of the selected program; `error` if that was refused."""

    wanted: Wanted
    value: Any
    error: str = ""


class Wanted(NamedTuple):
    """What is to be asked beside the table: a kind of detail of a program."""

    kind: str
    name: str


News = Seen | Lost | Detail

DETAILS: dict[str, Callable[[Client, str], Any]] = {
    "incidents": lambda client, name: client.incidents(name),
    "probes": lambda client, name: client.call("watchdog.probes", name),
    "environment": lambda client, name: client.call("watchdog.environment", name),
    "processes": lambda client, name: client.call("watchdog.processes", name),
}
"""Kinds of detail that are asked for again and again while they are looked at."""


class Watcher(threading.Thread):
    """Watches one watchdog."""

    def __init__(self, index: int, source: Source, tell: Callable[[News], None]) -> None:
        super().__init__(name=f"watch {source.title}", daemon=True)
        self._index = index
        self._source = source
        self._tell = tell
        self._wanted: Wanted | None = None
        self._roused = threading.Event()
        self._over = False
        self._rows: dict[str, Row] = {}
        self._timeline: Mapping[str, Any] = {}

    def want(self, wanted: Wanted | None) -> None:
        """Ask for this from now on, at once and then every other second."""
        self._wanted = wanted
        self._roused.set()

    def end(self) -> None:
        """Ask no more."""
        self._over = True
        self._roused.set()

    def run(self) -> None:
        """Until it is ended."""
        while not self._over:
            client = self._source.client()
            try:
                self._watch(client)
            except (Unreachable, Refused) as error:
                self._tell(Lost(self._index, explain(error)))
            finally:
                client.close()
            self._pause(AGAIN)

    def _watch(self, client: Client) -> None:
        self._timeline = client.call("watchdog.timeline", HOUR, seconds=PATIENCE)
        self._rows = {}
        since, looks, asked = 0.0, 0, None
        while not self._over:
            answer = client.call("watchdog.observe", since, seconds=PATIENCE)
            since = answer["now"]
            self._report(client, answer)
            wanted = self._wanted
            if wanted is not None and (wanted != asked or looks % DETAIL_EVERY == 0):
                self._tell(look_up(client, wanted))
            asked, looks = wanted, looks + 1
            self._sleep(client)

    def _report(self, client: Client, answer: Mapping[str, Any]) -> None:
        if any(told["name"] not in self._timeline for told in answer["programs"]):
            self._timeline = client.call("watchdog.timeline", HOUR, seconds=PATIENCE)
        self._rows = absorb(self._index, self._rows, answer, self._timeline)
        skew = answer["now"] - time.time()
        self._tell(Seen(self._index, answer["watchdog"], self._rows, skew))

    def _sleep(self, client: Client) -> None:
        """Until the next look. All watchers look at the same moments: one painting for all."""
        end = time.time() + PERIOD
        due = end - end % PERIOD
        while not self._over and (left := due - time.time()) > 0:
            if self._pause(left) and self._wanted is not None and not self._over:
                self._tell(look_up(client, self._wanted))

    def _pause(self, seconds: float) -> bool:
        """Wait; whether somebody wanted something meanwhile."""
        roused = self._roused.wait(max(0.0, seconds))
        self._roused.clear()
        return roused


def look_up(client: Client, wanted: Wanted) -> Detail:
    """Ask for a detail. `Unreachable` is the caller's."""
    try:
        return Detail(wanted, DETAILS[wanted.kind](client, wanted.name))
    except Refused as error:
        return Detail(wanted, None, str(error))


def explain(error: Unreachable | Refused) -> str:
    """Why there is nothing to see, in a few words."""
    if isinstance(error, Refused) and error.code == UNKNOWN_METHOD:
        return "it is of an older version, which cannot be watched; `watchdog upgrade` it"
    return error.why if isinstance(error, Unreachable) and error.why else str(error)
