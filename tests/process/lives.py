"""A small real watchdog in a process of its own, told what to do line by line, and killed."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from watchdog.process import proc
from watchdog.process.sweep import sweep

ROOT = Path(__file__).parents[2]
PATIENCE = 30.0  # seconds, for a busy machine

SCRIPT = """
import asyncio, json, os, sys
import msgspec
from pathlib import Path
from watchdog.process import Birth, Processes, SpawnSpec, choose_system, system

def say(kind, *facts):
    os.write(1, msgspec.json.encode([kind, *facts]) + b"\\n")

def post(program, event):
    say("event", program, type(event).__name__, event)

class Orders:
    def __init__(self):
        state = os.environ.get("CONTAINED")
        self.system = choose_system(Path(state), cgroup=True) if state else system
        self.processes, self.guardian = Processes(post, self.system), None

    def spawn(self, life, code, nonce=0, program="bot", incarnation=1):
        environment = {"PATH": os.environ["PATH"], "LIFE": life}
        null = os.open(os.devnull, os.O_RDWR)
        command = (sys.executable, "-S", "-c", code)
        spec = SpawnSpec(command, environment=environment, stdout=null, stderr=null)
        self.processes.spawn(program, incarnation, spec, nonce)
        os.close(null)
        return self.processes.birth(program)

    def adopt(self, birth):
        return self.processes.adopt(msgspec.convert(birth, Birth))

    def guard(self, program="bot"):
        from watchdog.process.guardian import Guardian
        self.guardian = self.guardian or Guardian()
        place = self.system.place_of(program)
        self.guardian.watch(program, self.processes.birth(program), place)
        return self.guardian.pid

    def expect(self, nonce, program="bot", incarnation=1):
        from watchdog.process.guardian import Guardian
        self.guardian = self.guardian or Guardian()
        self.guardian.expect(program, incarnation, nonce)
        return self.guardian.pid

    def unguard(self, program="bot"):
        self.guardian.forget(program)

    def execute(self):
        os.set_inheritable(0, True)
        fd, pid = self.guardian.hand_over() if self.guardian else (-1, 0)
        os.execv(sys.executable, [sys.executable, "-c", sys.orig_argv[2], str(fd), str(pid)])

    def regain(self):
        from watchdog.process.guardian import Guardian
        self.guardian = Guardian.resume(int(sys.argv[1]), int(sys.argv[2]))

    def __getattr__(self, name):
        return getattr(self.processes, name)

async def main():
    orders, loop = Orders(), asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    say("answer", "up")
    while line := await reader.readline():
        name, *arguments = json.loads(line)
        say("answer", getattr(orders, name)(*arguments))

asyncio.run(main())
"""


class Life:
    """One watchdog. Its answers and events come as lines."""

    def __init__(self, *wrap: str, contained: str = "") -> None:
        self._process = subprocess.Popen(
            [*wrap, sys.executable, "-c", SCRIPT],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
            env={**os.environ, "CONTAINED": contained},
        )
        self.pid = self._process.pid
        self.events: list[tuple[str, str, dict[str, Any]]] = []
        self._answers: list[Any] = []
        self._rest = b""
        self.answer()

    def ask(self, name: str, *arguments: Any) -> Any:
        self.tell(name, *arguments)
        return self.answer()

    def tell(self, name: str, *arguments: Any) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps([name, *arguments]).encode() + b"\n")
        self._process.stdin.flush()

    def answer(self) -> Any:
        self._read(lambda: self._answers)
        return self._answers.pop(0)

    def event(self, kind: str, program: str = "bot") -> dict[str, Any]:
        self._read(lambda: self.seen(kind, program))
        return self.seen(kind, program)[-1]

    def seen(self, kind: str, program: str = "bot") -> list[dict[str, Any]]:
        return [facts for name, what, facts in self.events if (name, what) == (program, kind)]

    def end(self) -> None:
        """SIGKILL, and wait until it is collected."""
        self._process.kill()
        self._process.communicate()

    def _read(self, enough: Callable[[], Any]) -> None:
        assert self._process.stdout is not None
        deadline = time.monotonic() + PATIENCE
        while not enough():
            ready, _, _ = select.select([self._process.stdout], [], [], 0.5)
            assert time.monotonic() < deadline, "waited in vain"
            if ready:
                self._take(os.read(self._process.stdout.fileno(), 65536))

    def _take(self, data: bytes) -> None:
        assert data, "the watchdog has ended"
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            kind, *facts = json.loads(line)
            if kind == "event":
                self.events.append((facts[0], facts[1], facts[2]))
            else:
                self._answers.append(facts[0])


def until(condition: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + PATIENCE
    while not (value := condition()):
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.005)
    return value


class ByLife:
    """This test's processes, known by their own variable and not by the marks."""

    cgroup = ""

    def __init__(self, life: str) -> None:
        self._life = life

    def has(self, pid: int) -> bool:
        return proc.variable(pid, "LIFE") == self._life


def alive(life: str) -> list[int]:
    """Everything of this test that lives, also what changes its pid all the time."""
    swept = until(lambda: look(life, lambda pid: None))
    return sorted(swept.alive)


def end_all(life: str) -> None:
    """Kill it all, each as soon as it is met."""

    def kill(pid: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)

    until(lambda: (swept := look(life, kill)) and not swept.alive)


def look(life: str, found: Callable[[int], None]) -> Any:
    """One pass; None if it was neither complete nor met anything."""
    swept = sweep(ByLife(life), found)  # type: ignore[arg-type]
    return swept if swept.alive or swept.complete else None


def children() -> set[int]:
    """Our own processes, the dead that nobody has collected among them."""
    return set(proc.own_children())


def collect(known: set[int]) -> None:
    """What was orphaned came to us: leave no zombie to the next test.

    Those that were there before stay: they are servers that other tests use.
    """
    until(lambda: collect_once(known))


def collect_once(known: set[int]) -> bool:
    """Collect who is dead; whether nobody is left but those that were there before."""
    for pid in children() - known:
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)
    return not children() - known
