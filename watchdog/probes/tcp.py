"""The tcp probe: well means that a connection is accepted."""

from __future__ import annotations

from watchdog.probes.attempt import Attempt, ProbeTarget, Verdict
from watchdog.probes.connect import CannotConnect, connect


async def check(target: ProbeTarget, attempt: Attempt) -> Verdict:
    """Connect, and hang up."""
    address = target.address
    if not address:
        return Verdict(False, "the probe has no address")
    attempt.waiting = f"no connection to {address}"
    try:
        (await connect(address.host, address.port, attempt.resolver, str(address))).close()
    except CannotConnect as error:
        return Verdict(False, str(error))
    return Verdict(True)
