"""Listeners in the configuration: what is read, and what is refused in which words."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import pytest

from watchdog.config import Config, ConfigError
from watchdog.config.listening import EVENTS
from watchdog.config.model import ListenerConfig

Read = Callable[..., Config]

ONE = '[programs.a]\ncommand = "x"\n'
TWO = '[programs.b]\ncommand = "x"\n'


def test_a_listener_has_defaults_of_its_own(read: Read) -> None:
    """It starts first, ends with the watchdog, and is a pool by itself."""
    program = read(ONE + 'listener.events = ["TICK_5", "EVENT", "TICK_5"]').program("a")
    assert program.listener == ListenerConfig("a", ("TICK_5", "EVENT"), 10)
    assert (program.policy.priority, program.on_watchdog_death) == (0, "kill")
    plain = read(ONE).program("a")
    assert (plain.listener, plain.policy.priority) == (None, 999)


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ('listener.events = ["PROCESS_STATE_EXITTED"]', "did you mean PROCESS_STATE_EXITED?"),
        ("listener.events = [5]", "events[0]: found 5; allowed: a list of EVENT, PROCESS_STATE,"),
        ("listener.events = []", "it is empty"),
        ("listener = {}", "events is missing; allowed: a list of EVENT"),
        ('listener = { events = ["EVENT"], buffer = 0 }', "a whole number from 1 to 100000"),
        (
            'listener.events = ["EVENT"]\non_watchdog_death = "adopt"',
            'found "adopt" beside listener; allowed: "kill"',
        ),
        ('listener.events = ["EVENT"]\nstdin = "pipe"', 'found "pipe" beside listener'),
        ('listener.buffer_size = 5\nlistener.events = ["EVENT"]', "here it is called buffer"),
        (
            'listener = { pool = "p", events = ["EVENT"] }\n'
            + TWO
            + 'listener = { pool = "p", events = ["TICK"] }',
            "events or buffer differ from those of programs.a",
        ),
    ],
)
def test_mistakes_are_told(lines: str, said: str, read: Read) -> None:
    """Each with what is allowed."""
    with pytest.raises(ConfigError) as caught:
        read(ONE + lines)
    assert said in str(caught.value)


def test_every_event_is_named_in_the_message(read: Read) -> None:
    """Whoever misspells one sees them all."""
    with pytest.raises(ConfigError) as caught:
        read(ONE + 'listener.events = ["NOTHING_LIKE_IT"]')
    assert all(name in str(caught.value) for name in EVENTS)


def test_without_listeners_nothing_of_them_is_loaded() -> None:
    """A watchdog that has none does not carry their weight."""
    code = (
        "import sys, watchdog.daemon.main, watchdog.daemon.assembly;"
        "print([name for name in sys.modules if name.startswith('watchdog.listeners')])"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"
