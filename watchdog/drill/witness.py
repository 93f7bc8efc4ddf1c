"""Watches one failure from its beginning to its end, through the control API.

The times are the watchdog's own, from the incident, and so exact wherever it runs. Where it keeps
no incident (a full disk), they are our own, late by the time between two looks.
"""

from __future__ import annotations

import time
from typing import Any

from watchdog.client import Client
from watchdog.drill.model import Facts, Seen
from watchdog.drill.sandbox import count_conflicts

EVIDENCE_LAG = 1.0  # seconds within which a watchdog has written down what it saw
UP = ("STARTING", "RUNNING")


class Witness:
    """What is seen of one program from now on."""

    def __init__(self, client: Client, name: str, facts: Facts) -> None:
        self._client = client
        self._name = name
        self._before = facts
        self._began = time.monotonic()
        self._earlier = self._status()["last_incident"]
        self._conflicts = count_conflicts(facts, client.address)
        self._incident: dict[str, Any] = {}
        self._noticed: float | None = None  # by our own clock
        self._well: float | None = None

    @property
    def failed(self) -> bool:
        """Whether it was noticed."""
        return self._noticed is not None

    def sees_failure(self, struck: float) -> bool:
        """Whether the watchdog has noticed that something is wrong."""
        status = self._status()
        if status["last_incident"] != self._earlier:
            self._find_incident(struck)
        changed = status["incarnation"] != self._before["incarnation"] or status["state"] not in UP
        if self._incident or changed:
            self._noticed = time.monotonic()
        return self.failed

    def sees_recovery(self, struck: float) -> bool:
        """Whether it is up again, and healthy as far as anything looks."""
        status = self._status()
        if self._incident:
            self._incident = self._client.incident(self._incident["id"])
        elif status["last_incident"] != self._earlier:
            self._find_incident(struck)
        if self._incident:
            is_well = self._incident["recovered"] is not None
        elif self._noticed is not None and time.monotonic() - self._noticed < EVIDENCE_LAG:
            is_well = False  # of a program that is back in a moment, too, there is an incident
        else:
            later = status["incarnation"] > self._before["incarnation"]
            is_well = later and status["state"] == "RUNNING" and status["health"] != "unhealthy"
        if is_well:
            self._well = time.monotonic()
        return is_well

    def testimony(self, struck: float) -> Seen:
        """All that was seen; `struck` is when it was broken, by the watchdog's clock."""
        incident, status = self._incident, self._status()
        conflicts = count_conflicts(self._before, self._client.address)
        known = conflicts is not None and self._conflicts is not None
        return Seen(
            detect=since(struck, incident.get("at")) if incident else self._passed(self._noticed),
            recover=since(struck, incident.get("recovered"))
            if incident
            else self._passed(self._well),
            incident=incident.get("id", ""),
            cause=incident.get("cause", ""),
            examined=bool(incident.get("processes")),
            double=self._double() if self.failed else None,
            conflicts=(conflicts or 0) - (self._conflicts or 0) if known else None,
            remark=status["reason"] if self._well is not None else "",
        )

    def _status(self) -> dict[str, Any]:
        programs = self._client.status()["programs"]
        found = (p for p in programs if p["name"] == self._name)
        return next(found, {"state": "", "incarnation": 0, "last_incident": None, "reason": ""})

    def _find_incident(self, struck: float) -> None:
        """The first one since then; others may follow it, such as a start that fails."""
        listed = self._client.incidents(self._name)
        new = [line for line in listed if line["at"] >= struck and line["drill"]]
        if new:
            self._incident = self._client.incident(new[-1]["id"])

    def _passed(self, at: float | None) -> float | None:
        return None if at is None else at - self._began

    def _double(self) -> float | None:
        """Seconds with two at once, by the watchdog's ledger; None where it cannot know."""
        after = self._client.call("watchdog.drillFacts", self._name)
        if after["unproved"] != self._before["unproved"]:
            return None
        return float(max(0.0, after["double_seconds"] - self._before["double_seconds"]))


def since(struck: float, at: float | None) -> float | None:
    """Seconds from the fault; not negative, should the clock have been moved."""
    return None if at is None else max(0.0, at - struck)
