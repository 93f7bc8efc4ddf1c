"""`watchdog shutdown`: stop everything, and end the watchdog."""

from __future__ import annotations

from watchdog.cli.context import OK, Context, connect, make_client_parser
from watchdog.cli.progress import Waiting
from watchdog.cli.request import under_way


def main(context: Context) -> int:
    """Ask for it, and wait until the watchdog is gone."""
    summary = "Stop all programs in order and end the watchdog."
    parser = make_client_parser(context, summary, "watchdog shutdown")
    parser.add_argument("--no-wait", action="store_true", help="do not wait until it is done")
    options = parser.parse_args(context.words)
    client = connect(options)
    client.shut_down()
    if options.no_wait:
        print("shutting down")
        return OK
    print("shutting down ...", flush=True)
    with Waiting("stopping", lambda: under_way(connect(options).status()["programs"], ["all"])):
        client.wait_until_gone()
    print("Shut down")
    return OK
