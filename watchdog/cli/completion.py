"""`watchdog completion SHELL`: the script that completes commands, options and names in a shell.

The script knows commands and options by itself; for names of programs and incidents it calls this
command again, which asks the running watchdog, or else looks into the configuration. Nobody is
asked for a password, and no mistake is told: someone is in the middle of typing.
"""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from watchdog.cli.context import OK, USAGE, Context, complain, make_client_parser
from watchdog.wire.names import full_name, named

if TYPE_CHECKING:
    from watchdog.client import Client

QUICK = 0.5  # seconds: who types does not wait longer
SHELLS = ("bash", "zsh", "fish")
_SUMMARY = """Print a script that completes commands, options, programs and incidents.
  bash:  watchdog completion bash > ~/.local/share/bash-completion/completions/watchdog
  zsh:   watchdog completion zsh > "${fpath[1]}/_watchdog"
  fish:  watchdog completion fish > ~/.config/fish/completions/watchdog.fish"""
_EXAMPLE = """watchdog completion bash > ~/.local/share/bash-completion/completions/watchdog
  source <(watchdog completion bash)"""
_INI_PROGRAM = re.compile(r"^\[program:([^]]+)\]", re.MULTILINE)


def main(context: Context) -> int:
    """Print the script of a shell, or (for the script) names."""
    parser = make_client_parser(context, _SUMMARY, _EXAMPLE)
    parser.add_argument("shell", nargs="?", choices=SHELLS, metavar="SHELL", help=", ".join(SHELLS))
    parser.add_argument("--list", choices=("programs", "incidents"), help=argparse.SUPPRESS)
    options = parser.parse_args(context.words)
    if options.list:
        print("\n".join(_names(context, options)))
        return OK
    if options.shell is None:
        complain(f"say for which shell: {', '.join(SHELLS)}")
        return USAGE
    from watchdog.cli.completion_model import shapes
    from watchdog.cli.completion_shells import SCRIPTS

    print(SCRIPTS[options.shell](shapes(context)))
    return OK


def _names(context: Context, options: argparse.Namespace) -> Iterable[str]:
    """What is known now; nothing if nobody knows."""
    from watchdog.client.errors import Refused, Unreachable

    try:
        client = _client(options)
        return _programs(client) if options.list == "programs" else _incidents(client)
    except (Unreachable, Refused):
        return _configured(options) if options.list == "programs" else _kept(context, options)


def _client(options: argparse.Namespace) -> Client:
    """As `connect`, but nobody is asked for a password."""
    from watchdog.client import Client
    from watchdog.client.find import locate

    return Client(locate(options.config, options.socket, options.run_name))


def _programs(client: Client) -> list[str]:
    programs = client.call("watchdog.status", seconds=QUICK)["programs"]
    names = [full_name(*named(program)) for program in programs]
    groups = [name.partition(":")[0] for name in names if ":" in name]
    return list(dict.fromkeys([*names, *groups]))


def _incidents(client: Client) -> list[str]:
    return [one["id"] for one in client.call("watchdog.incidents", "", seconds=QUICK)]


def _configured(options: argparse.Namespace) -> list[str]:
    """The names in the file, whether the rest of it is usable or not."""
    from watchdog.config.errors import ConfigError
    from watchdog.config.find import find

    try:
        text = find(options.config, os.environ).read_text(encoding="utf-8")
    except (ConfigError, OSError, ValueError):
        return []
    import tomllib

    try:
        programs = tomllib.loads(text).get("programs", {})
    except tomllib.TOMLDecodeError:
        return _INI_PROGRAM.findall(text)
    return list(programs) if isinstance(programs, dict) else []


def _kept(context: Context, options: argparse.Namespace) -> list[str]:
    from watchdog.cli.recollection import recall

    memory = recall(context, options)
    return [str(one["id"]) for one in memory.incidents()] if memory is not None else []
