"""`watchdog reload`: apply the changed configuration."""

from __future__ import annotations

from watchdog.cli.context import OK, Context, connect, make_client_parser
from watchdog.cli.progress import Waiting

_KINDS = {
    "added": "added",
    "changed": "restarted, as it changed",
    "removed": "removed",
    "retuned": "changed, without a restart",
}


def main(context: Context) -> int:
    """Have the configuration read again; 1 if it is not usable, and then nothing changed."""
    summary = "Apply the changed configuration. If it is not usable, the old one stays in force."
    parser = make_client_parser(context, summary, "watchdog reload")
    client = connect(parser.parse_args(context.words))
    with Waiting("applying the configuration"):
        result = client.reload()
    lines = [f"{name}: {text}" for key, text in _KINDS.items() for name in result[key]]
    for line in [*(lines or ["nothing changed"]), *result["notes"]]:
        print(line)
    return OK
