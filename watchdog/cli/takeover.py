"""`watchdog run --take-over`: have the watchdog that an ended supervisor left behind give way.

It ends without touching its programs, and we adopt them. Whether it may is for it to say: one whose
supervisor lives refuses. Nothing here is needed for "never two": the locks see to that.
"""

from __future__ import annotations

import os
import select
from typing import TYPE_CHECKING

from watchdog.cli.context import complain

if TYPE_CHECKING:
    from watchdog.client import Client
    from watchdog.config import Config

QUICK = 2.0  # seconds for its answer: a refusal must not come later than supervisord's startsecs
PATIENCE = 15.0  # seconds that the other one has to end; it only lets go
# Set while we are executed by, or rehearse for, the very watchdog that runs: `watchdog upgrade`.
IN_PLACE = ("WATCHDOG_HANDOVER", "WATCHDOG_REHEARSAL")


def take_over(config: Config) -> None:
    """Ask whoever runs this configuration to give way, and wait until it is gone.

    Whatever is in the way is said; then `run` finds out by itself whether it may start.
    """
    if any(name in os.environ for name in IN_PLACE) or not config.socket.exists():
        return
    if not hasattr(os, "pidfd_open"):
        complain("--take-over needs Linux, where another process's end can be awaited; left out")
        return
    from watchdog.client import Client, Refused, Unreachable  # only if somebody may be there

    client = Client(str(config.socket))
    try:
        _replace(client)
    except Refused as refusal:
        complain(f"the one that runs does not give way: {refusal}")
    except Unreachable as error:
        if not error.absent:
            complain(f"the one that runs cannot be asked to give way: {error}")
    finally:
        client.close()


def _replace(client: Client) -> None:
    pid = client.call("watchdog.status", seconds=QUICK)["watchdog"]["pid"]
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:  # it has ended meanwhile
        return
    try:
        client.give_way()
        print(f"watchdog: the one with pid {pid}, left behind, gives way", flush=True)
        ended, _, _ = select.select([descriptor], [], [], PATIENCE)
        if not ended:
            complain(f"pid {pid} gives way, and has not ended within {PATIENCE:.0f} s")
    finally:
        os.close(descriptor)
