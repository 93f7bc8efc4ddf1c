"""The faults on purpose: how they are asked for, and when they may begin."""

from __future__ import annotations

import asyncio

import pytest

from bot.faults import parse_fault
from bot.figures import Figures
from bot.polling import await_confirmation


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("block 2.5", ("block", 2.5)),
        ("deaf", ("deaf", 0.0)),
        ("crash", ("crash", 0.0)),
        ("hang_handler", ("hang_handler", 0.0)),
        ("", None),
        ("block", None),
        ("block x", None),
        ("block -1", None),
        ("crash now", None),
    ],
)
def test_only_known_faults_are_committed(words: str, expected: tuple[str, float] | None) -> None:
    """A fault is known and complete, or nothing happens."""
    assert parse_fault(words.split()) == expected


async def test_a_fault_waits_until_its_command_is_confirmed() -> None:
    """It begins once an offset above the command has been sent, not before."""
    figures = Figures(1)
    waiting = asyncio.create_task(await_confirmation(figures, update_id=7))
    figures.polling.start(figures.clock() - 10, offset=7)
    done, _ = await asyncio.wait({waiting}, timeout=0.3)
    assert not done
    figures.polling.start(figures.clock(), offset=8)
    await asyncio.wait_for(waiting, 1.5)
