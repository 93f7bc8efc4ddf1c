"""`watchdog upgrade`: have the running watchdog replaced by the version that is installed now."""

from __future__ import annotations

import time
from typing import Any

from watchdog.cli.context import FAILED, OK, Context, complain, connect, make_client_parser
from watchdog.cli.progress import Waiting
from watchdog.client import Client
from watchdog.client.errors import Unreachable

PATIENCE = 60.0  # seconds from the rehearsal's success to the new version's first answer
GONE = 5.0  # seconds without anybody at the socket, at which there always is somebody or a queue
BEAT = 0.05  # seconds between two questions


def main(context: Context) -> int:
    """Ask for it, and wait until the new version answers; 1 if the old one goes on."""
    summary = (
        "Replace the running watchdog by the version that is installed now. Its programs run on,"
        " with the same pids; if the new version does not start, the old one goes on."
    )
    parser = make_client_parser(context, summary, "watchdog upgrade")
    client = connect(parser.parse_args(context.words))
    print("trying the new version ...", flush=True)
    with Waiting("its rehearsal"):
        began = client.upgrade()
    with Waiting("waiting for the new version"):
        ended = wait_for_new(client, began["count"])
    if ended["count"] == began["count"]:
        complain(f"no upgrade, {ended['version']} goes on: {ended['trouble']}")
        return FAILED
    print(f"was {describe(began)}")
    print(f"now {describe(ended)}")
    return OK


def describe(one: dict[str, Any]) -> str:
    """A version with its process."""
    return f"watchdog {one['version']} (pid {one['pid']}, Python {one['python']})"


def wait_for_new(client: Client, count: int) -> dict[str, Any]:
    """What runs once the upgrade is over, however it went; `Unreachable` if nobody answers."""
    heard = began = time.monotonic()
    while time.monotonic() - began < PATIENCE:
        client.close()  # whoever comes anew waits for the new version
        try:
            found = client.upgrades()
            if found["count"] != count or found["trouble"]:
                return found
            heard = time.monotonic()
        except Unreachable:
            if time.monotonic() - heard > GONE:
                raise
        time.sleep(BEAT)
    raise Unreachable(str(client.address), "the upgrade does not come to an end")
