"""`watchdog alert --test`: does everybody hear who is to be told when something happens?"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from watchdog.cli.context import BAD_CONFIG, FAILED, OK, USAGE, Context, complain, make_parser
from watchdog.cli.ports import Trouble
from watchdog.cli.progress import Waiting

if TYPE_CHECKING:
    from watchdog.cli.ports import Tried
    from watchdog.config import Config

_SUMMARY = """Send a test message to each URL of [alerts], and say for each whether it was taken.
No watchdog need run.

Exit code: 0 all were taken, 1 some were not, 78 nobody is configured."""

_NOBODY = "nobody is told of anything: the configuration has no [alerts] with urls (docs/alerts.md)"


def main(context: Context) -> int:
    """Try each of them."""
    parser = make_parser(context, _SUMMARY, "watchdog alert --test -c watchdog.toml")
    parser.add_argument("--test", action="store_true", help="send a test message to each")
    options = parser.parse_args(context.words)
    if not options.test:
        complain("say --test to send a test message to each receiver")
        return USAGE
    config = _load(options.config)
    if config is None:
        return BAD_CONFIG
    if context.supplies.try_receivers is None:
        complain("the part that sends is not installed here")
        return FAILED
    try:
        with Waiting("waiting for the receivers"):
            tried = context.supplies.try_receivers(config)
    except Trouble as trouble:
        complain(trouble)
        return FAILED
    return _report(tried, "taken")


def _load(path: str | None) -> Config | None:
    """The configuration, if it says whom to tell; what is wrong is said."""
    from watchdog.config.errors import ConfigError
    from watchdog.config.find import find
    from watchdog.config.loading import load

    try:
        config = load(find(path, os.environ))
    except ConfigError as error:
        complain(f"the configuration is not usable\n{error}")
        return None
    if config.alerts is None or not config.alerts.urls:
        complain(_NOBODY)
        return None
    return config


def judge(context: Context, config: Config) -> int:
    """For `check`: whether each receiver is understood; 78 if one is not."""
    if context.supplies.judge_receivers is None:
        return OK
    print("\nalerts")
    try:
        judged = context.supplies.judge_receivers(config)
    except Trouble as trouble:
        print(f"  not looked at: {trouble}")
        return OK
    return BAD_CONFIG if _report(judged, "understood") else OK


def _report(tried: list[Tried], word: str) -> int:
    wide = max((len(one.name) for one in tried), default=0)
    for one in tried:
        print(f"  {one.name:<{wide}}  {f'FAILED: {one.trouble}' if one.trouble else word}")
    return FAILED if any(one.trouble for one in tried) else OK
