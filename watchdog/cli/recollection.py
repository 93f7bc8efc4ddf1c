"""Asking for incidents: the running watchdog, or, if none answers, the files that it left."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from watchdog.cli.context import Context, complain, connect
from watchdog.client.errors import Unreachable

if TYPE_CHECKING:
    from watchdog.cli.ports import Memory
    from watchdog.client import Client

T = TypeVar("T")


def ask(
    context: Context,
    options: argparse.Namespace,
    of_client: Callable[[Client], T],
    of_memory: Callable[[Memory], T],
) -> T:
    """The watchdog's answer, else that of its files. `Unreachable` if there is neither."""
    try:
        return of_client(connect(options))
    except Unreachable as error:
        memory = recall(context, options)
        if memory is None:
            raise
        complain(f"{error}; this is told from the files that it left")
        return of_memory(memory)


def recall(context: Context, options: argparse.Namespace) -> Memory | None:
    """What the state directory that is meant remembers, if there is one here."""
    state = find_state(options)
    if context.supplies.recall is None or state is None or not state.is_dir():
        return None
    return context.supplies.recall(state)


def find_state(options: argparse.Namespace) -> Path | None:
    """The state directory: where a socket that was named is, else the configuration's."""
    from watchdog.client.address import parse
    from watchdog.config import load
    from watchdog.config.errors import ConfigError
    from watchdog.config.find import find

    if options.socket:
        path = parse(options.socket).path
        return Path(path).parent if path else None
    try:
        return load(find(options.config, os.environ)).state
    except ConfigError:
        return None
