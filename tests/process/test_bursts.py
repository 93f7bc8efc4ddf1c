"""Many deaths at one moment: none may cost the watchdog its composure or another signal."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from typing import Any

import pytest

from watchdog.daemon.signals import heed
from watchdog.process import Processes

BURST = 2000  # the loop's socket holds some 280


async def test_a_burst_of_deaths_is_met_without_a_word(monkeypatch: pytest.MonkeyPatch) -> None:
    """A socket full of wake-ups wakes the loop as well as one, and nothing is complained about."""
    complaints: list[Any] = []
    monkeypatch.setattr(sys, "unraisablehook", complaints.append)
    processes = Processes(lambda program, event: None)
    processes._begin()
    try:
        for _ in range(BURST):
            os.kill(os.getpid(), signal.SIGCHLD)
        await asyncio.sleep(0)
    finally:
        processes.close()
    assert complaints == []


async def test_a_signal_that_comes_with_a_burst_of_deaths_is_heeded() -> None:
    """The byte that says which signal it was may be lost; the signal is not."""
    heeded = asyncio.Event()
    processes = Processes(lambda program, event: None)
    processes._begin()
    heed(signal.SIGUSR2, heeded.set)
    try:
        for _ in range(BURST):
            os.kill(os.getpid(), signal.SIGCHLD)
        os.kill(os.getpid(), signal.SIGUSR2)
        await asyncio.wait_for(heeded.wait(), 10)
    finally:
        asyncio.get_running_loop().remove_signal_handler(signal.SIGUSR2)
        processes.close()
