"""A world of real processes: the adapter under test, and the events it posts."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest

from tests.process import lives
from watchdog.core.events import Event, Exited, TreeEmpty
from watchdog.process import MARKER, Processes, SpawnSpec

PATIENCE = 20.0  # seconds, for a busy machine
E = TypeVar("E", bound=Event)


class World:
    """Collects what is posted; waits for events and conditions, never for time alone."""

    def __init__(self, life: str) -> None:
        self.life = life  # every process of this test carries it, whatever its tree
        self.posted: list[tuple[str, Event]] = []
        self._news = asyncio.Event()
        self.adapters: list[Processes] = []
        self.processes = self.adapter()

    def adapter(self, *arguments: Any) -> Processes:
        self.processes = Processes(self._post, *arguments)
        self.adapters.append(self.processes)
        return self.processes

    def _post(self, program: str, event: Event) -> None:
        self.posted.append((program, event))
        self._news.set()

    def spawn(self, *command: str, program: str = "bot", incarnation: int = 1, **spec: Any) -> None:
        environment = {"PATH": os.environ["PATH"], "LIFE": self.life, **spec.pop("env", {})}
        wanted = SpawnSpec(command, environment=environment, **spec)
        self.processes.spawn(program, incarnation, wanted)

    def python(self, code: str, *arguments: str, **spec: Any) -> None:
        self.spawn(sys.executable, "-S", "-c", code, *arguments, **spec)

    def kill(self, program: str = "bot", incarnation: int = 1) -> None:
        self.processes.kill(program, incarnation)

    def seen(self, kind: type[E], program: str = "bot") -> list[E]:
        return [e for p, e in self.posted if p == program and isinstance(e, kind)]

    async def event(self, kind: type[E], program: str = "bot", patience: float = PATIENCE) -> E:
        async with asyncio.timeout(patience):
            while not self.seen(kind, program):
                self._news.clear()
                await self._news.wait()
        return self.seen(kind, program)[-1]

    async def ended(self, program: str = "bot") -> Exited:
        """Wait for both ends, in their order, and check that nothing of this test lives."""
        await self.event(TreeEmpty, program)
        kinds = [type(e) for p, e in self.posted if p == program]
        assert kinds.index(Exited) < kinds.index(TreeEmpty)
        return self.seen(Exited, program)[-1]

    async def until(self, condition: Callable[[], Any], patience: float = PATIENCE) -> Any:
        deadline = time.monotonic() + patience
        while not (value := condition()):
            assert time.monotonic() < deadline, "waited in vain"
            await asyncio.sleep(0.005)
        return value

    def alive(self) -> list[int]:
        """Everything of this test that lives, found by its own variable, not by the marks."""
        return lives.alive(self.life)


async def collect_dead(world: World, known: set[int]) -> None:
    """The adapters are closed: collect what was killed, so that the next test meets no zombies."""
    await world.until(lambda: lives.collect_once(known))


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    known = lives.children()
    made = World(str(tmp_path))
    yield made
    for adapter in made.adapters:
        adapter.close()
    lives.end_all(made.life)
    await collect_dead(made, known)
    assert MARKER not in os.environ


@pytest.fixture
def as_root() -> None:
    if os.geteuid() != 0:
        pytest.skip("only root may do this")
