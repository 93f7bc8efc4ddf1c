"""`watchdog run`: supervise the programs of a configuration, or one command without any."""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from watchdog.cli.context import BAD_CONFIG, FAILED, USAGE, Context, complain, make_parser
from watchdog.config.errors import ConfigError
from watchdog.wire.names import choose

if TYPE_CHECKING:
    from watchdog.config.model import Config

_EXAMPLE = """watchdog run -c watchdog.toml
  watchdog run --singleton telegram:${TELEGRAM_BOT_TOKEN} \\
               --http http://127.0.0.1:9876/health -- python -m bot"""

_PLAIN = re.compile(r"-?[0-9.]+|true|false")

# The options of a command without a configuration: flag, key, what it shows as its value, help.
# Every other key of [programs.NAME] can be given in the same way, as --when-held or --stop.grace.
_FLAGS = (
    ("--singleton", "singleton", "KEY", "run only one of these on this machine"),
    ("--when-held", "when_held", "WHAT", "if another runs: fail, or wait"),
    ("--http", "liveness.http", "URL", "alive is who answers there with a 2xx"),
    ("--tcp", "liveness.tcp", "HOST:PORT", "alive is who accepts a connection there"),
    ("--exec", "liveness.exec", "COMMAND", "alive is for whom this exits with 0"),
    ("--liveness.period", "liveness.period", "TIME", "how often to ask"),
    ("--heartbeat", "heartbeat", "TIME", "longest silence between two WATCHDOG=1 (sd_notify)"),
    ("--restart", "restart.when", "WHEN", "always, on-failure or never"),
    ("--then", "restart.then", "WHAT", "at the limit of restarts: exit (as it did), or hold"),
    ("--stop.grace", "stop.grace", "TIME", "from the stop signal to SIGKILL"),
    ("--env-file", "env_file", "FILE", "KEY=value lines for its environment"),
    ("--directory", "directory", "DIR", "where it runs"),
    ("--memory", "memory", "SIZE", "restart it above this"),
)


def main(context: Context) -> int:
    """Load the configuration and hand it over; 78 if it is not usable."""
    if context.run is None:
        complain("the daemon is not installed here")
        return FAILED
    own, command = _split(context.words)
    parser = _make_parser(context, has_names=command is None)
    try:
        config, names, takes_over = _configure(parser, own, command)
    except ConfigError as error:
        complain(f"the configuration is not usable; nothing was started\n{error}")
        return BAD_CONFIG
    from watchdog.config.model import ProgramConfig

    if unknown := [
        name for name in names if not choose(config.programs, name, ProgramConfig.named)
    ]:
        known = ", ".join(dict.fromkeys(program.written for program in config.programs))
        complain(f"there is no program {unknown[0]}; there are: {known}")
        return USAGE
    if takes_over:
        from watchdog.cli.takeover import take_over

        take_over(config)
    return context.run(config, names)


def _make_parser(context: Context, has_names: bool) -> argparse.ArgumentParser:
    summary = "Supervise programs in the foreground: those of a configuration, or one command."
    parser = make_parser(context, summary, _EXAMPLE)
    parser.usage = (
        "watchdog run [-c FILE] [NAME...]\n       watchdog run [OPTIONS] -- COMMAND [ARGUMENT...]"
    )
    if has_names:
        parser.add_argument("names", nargs="*", metavar="NAME", help="only these programs")
        parser.add_argument(
            "--alone", metavar="NAME", help="a watchdog for this program alone, beside others"
        )
    parser.add_argument(
        "--take-over",
        action="store_true",
        help="go on with what a watchdog runs that was left behind by its supervisor",
    )
    group = parser.add_argument_group("options of a command without a configuration")
    group.add_argument("--name", metavar="NAME", help="what to call it")
    for flag, key, value, text in _FLAGS:
        group.add_argument(flag, dest=key, metavar=value, help=text)
    return parser


def _split(words: Sequence[str]) -> tuple[list[str], list[str] | None]:
    """Our own words, and the command after `--`; None if there is no `--`."""
    if "--" not in words:
        return list(words), None
    at = words.index("--")
    return list(words[:at]), list(words[at + 1 :])


def _configure(
    parser: argparse.ArgumentParser, own: list[str], command: list[str] | None
) -> tuple[Config, tuple[str, ...], bool]:
    options, others = parser.parse_known_args(own)
    keys = {key: getattr(options, key) for _, key, _, _ in _FLAGS}
    given = {key: value for key, value in keys.items() if value is not None}
    if command is not None:
        _require(parser, bool(command), "there is no command after --")
        _require(
            parser, not options.config, "a command after -- has no configuration; leave out -c"
        )
        tables = _nest(parser, given | _read_others(parser, others))
        return _build(command, tables, options.name), (), options.take_over
    _require(parser, not (others or given or options.name), _needs_command(others, given))
    return _load(options.config, options.alone), tuple(options.names), options.take_over


def _needs_command(others: Iterable[str], given: Iterable[str]) -> str:
    first = next(iter([*others, *(f"--{key}" for key in given), "--name"]))
    return f"{first} is for `watchdog run [OPTIONS] -- COMMAND`; here it belongs into the file"


def _require(parser: argparse.ArgumentParser, condition: bool, text: str) -> None:
    if not condition:
        parser.error(text)


def _read_others(parser: argparse.ArgumentParser, words: Sequence[str]) -> dict[str, str]:
    """Flags for keys that have none of their own: `--stop.signal INT`, `--priority=5`."""
    found: dict[str, str] = {}
    rest = iter(words)
    for word in rest:
        flag, equals, value = word.partition("=")
        _require(parser, flag.startswith("--"), f"unexpected {word}; a command comes after --")
        text = value if equals else next(rest, None)
        _require(parser, text is not None, f"{flag} needs a value")
        found[flag[2:].replace("-", "_")] = text or ""
    return found


def _nest(parser: argparse.ArgumentParser, given: dict[str, str]) -> dict[str, Any]:
    """Tables as a file would have them, from dotted keys."""
    options: dict[str, Any] = {}
    for key, value in given.items():
        *tables, last = key.split(".")
        place = options
        for table in tables:
            place = place.setdefault(table, {})
            _require(parser, isinstance(place, dict), f"--{table} and --{key} exclude each other")
        _require(parser, last not in place, f"--{key} is given twice")
        place[last] = _from_shell(value)
    return options


def _build(command: Sequence[str], options: dict[str, Any], name: str | None) -> Config:
    from watchdog.config.adhoc import build_adhoc

    return build_adhoc(command, options, name=name)


def _from_shell(text: str) -> str:
    """The value; one that may stand for a number or a boolean as if it came from a variable."""
    from watchdog.config.expand import Expanded

    if not _PLAIN.fullmatch(text):
        return text
    value = Expanded(text)
    value.raw = text
    return value


def _load(given: str | None, alone: str | None) -> Config:
    from watchdog.config.find import find
    from watchdog.config.loading import load

    config = load(find(given, os.environ))
    if alone is None:
        return config
    from watchdog.config.alone import single_out

    return single_out(config, alone)
