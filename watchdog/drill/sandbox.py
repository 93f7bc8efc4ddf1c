"""The conflicts that a Telegram sandbox on this machine has counted, if the bot talks to one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from watchdog.drill.model import Facts

if TYPE_CHECKING:
    from watchdog.client.address import Address

SECONDS = 3.0  # for an answer


def count_conflicts(facts: Facts, watchdog: Address) -> int | None:
    """How often two polled at once so far; None: nobody can be asked."""
    place = facts.get("sandbox")
    if not place or not watchdog.path:  # a watchdog elsewhere: its loopback is not ours
        return None
    import http.client  # some 20 ms, and only for a bot in front of a sandbox
    import json

    try:
        connection = http.client.HTTPConnection(place["host"], place["port"], timeout=SECONDS)
        connection.request("GET", f"/sandbox/statistics?bot={place['bot']}")
        found = json.loads(connection.getresponse().read())
        return int(found["conflicts"])
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError):
        return None
