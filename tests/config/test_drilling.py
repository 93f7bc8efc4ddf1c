"""The options of drills: what is read, and what is refused in which words."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from watchdog.config import Config
from watchdog.config.model import DrillConfig

ONE = '[programs.a]\ncommand = "x"\n'


def test_a_drill_is_read_with_its_defaults(read: Callable[..., Config]) -> None:
    """Commands are words, faults are in the order in which they are done, a schedule kills."""
    assert read(ONE).program("a").drill == DrillConfig()
    text = 'drill = { mute = "touch deaf", every = "7d", at = "04:00", only = ["stop", "kill"] }'
    assert read(ONE + text).program("a").drill == DrillConfig(
        mute=("touch", "deaf"), every=7 * 86400.0, at="04:00", only=("kill", "stop")
    )
    assert read(ONE + 'drill.every = "1d"').program("a").drill.only == ("kill",)


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ('drill = { at = "04:00" }', "found without every"),
        ('drill = { every = "7d", at = "4 am" }', 'a time of the day such as "04:00"'),
        ('drill = { every = "7d", only = ["explode"] }', 'a list of "kill", "stop", "block"'),
        ('drill = { every = "7d", only = ["mute"] }', 'found "mute" without its command'),
        ('drill = { every = "7d" }\nrestart.when = "never"', 'beside restart.when = "never"'),
    ],
)
def test_mistakes_are_told(lines: str, said: str, complaint: Callable[..., str]) -> None:
    """Each with what is allowed, or what to add."""
    assert said in complaint(ONE + lines)
