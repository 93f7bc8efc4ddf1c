"""`watchdog reload`: apply the changed configuration; with names, have programs reload theirs."""

from __future__ import annotations

from watchdog.cli.context import OK, Context, connect, make_client_parser, parse
from watchdog.cli.progress import Waiting
from watchdog.cli.request import report
from watchdog.client import Client

_KINDS = {
    "added": "added",
    "changed": "restarted, as it changed",
    "removed": "removed",
    "retuned": "changed, without a restart",
}
_SUMMARY = """Apply the changed configuration. If it is not usable, the old one stays in force.
With names: tell these programs to read their own configurations again, by the signal that they have
as `reload`, and wait until they are healthy after it. The watchdog's is not read then."""
_EXAMPLE = """watchdog reload
  watchdog reload web"""


def main(context: Context) -> int:
    """Have it read again; 1 if it is not usable (and then nothing changed), or a program failed."""
    parser = make_client_parser(context, _SUMMARY, _EXAMPLE)
    parser.add_argument("names", nargs="*", metavar="NAME", help="a program with `reload`")
    options = parse(parser, context.words)
    client = connect(options)
    if not options.names:
        return _apply(client)
    with Waiting(f"reloading {' '.join(options.names)}"):
        results = client.reload_programs(options.names)
    return report("reload", results)


def _apply(client: Client) -> int:
    with Waiting("applying the configuration"):
        result = client.reload()
    lines = [f"{name}: {text}" for key, text in _KINDS.items() for name in result[key]]
    for line in [*(lines or ["nothing changed"]), *result["notes"]]:
        print(line)
    return OK
