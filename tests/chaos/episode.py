"""One episode: a field, faults in a row, peace now and then, and the verdict.

After each batch of faults the watchdog must bring about what is wanted within a bound: one process
of the program, running. If all faults of the batch were harmless it must be the one from before,
with its incarnation. At the end everything is shut down, nothing is left, and the judge speaks.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import tempfile
import time
from pathlib import Path
from typing import Any

from msgspec import Struct

from tests.chaos import judge
from tests.chaos.faults import Fault, pause, plan
from tests.chaos.field import Field, Options
from tests.system.harness import Watchdog, World, is_alive, wait_until

REHEARSAL = 10.0  # seconds in which the rehearsal of an upgrade has ended by itself
BOUND = 20.0  # seconds to the wanted state, on a machine that does much else
HELD, UNUSABLE = 69, 78
LONG = 2.0  # seconds: who waits for so long for a lock may wait for ever
STABLE = 0.2  # seconds: what lives longer does not fail by itself
SHOWN = 25  # last lines of each log that a failure shows


class Violation(Exception):
    """A promise was broken; the text says which."""


class Report(Struct):
    """What came of an episode."""

    seed: int
    faults: int = 0
    trees: int = 0
    lives: int = 0
    rescues: int = 0
    slowest: float = 0.0  # seconds to the wanted state
    overlap: float = 0.0  # milliseconds
    violation: str = ""


class Episode:
    """From the first start to the verdict."""

    def __init__(self, seed: int, count: int) -> None:
        self.dice = random.Random(seed)
        self.report = Report(seed)
        self.trace: list[str] = []
        self._began = time.monotonic()
        self._before: dict[str, Any] = {}
        self._waiting = 0.0  # since when it waits for somebody who has the lock
        self._options = Options(
            when_held=self.dice.choice(["fail", "wait"]),
            heartbeat=self.dice.random() < 0.4,
            format=self.dice.choice(["raw", "text", "json"]),
            death=self.dice.choice(["adopt", "adopt", "kill"]),
        )
        self._plan = plan(self.dice, count)

    def run(self) -> Report:
        """All of it; a violation is in the report, with its trace printed."""
        with tempfile.TemporaryDirectory(prefix="wd", ignore_cleanup_errors=True) as path:
            field = Field(World(Path(path)), self._options)
            try:
                self._play(field)
            except (Violation, AssertionError) as problem:
                self.report.violation = str(problem)
                self._show(field)
            finally:
                field.close()
        return self.report

    def _play(self, field: Field) -> None:
        field.prepare()
        self.note(f"{self._options}")
        field.start()
        self.make_peace(field, harmless=False)
        if "WATCHDOG_TEST_INTRUDER" in os.environ:  # does the judge see what nobody should do?
            field.intrude()
        while self._plan:
            size = min(self.dice.randint(1, 6), len(self._plan))
            batch, self._plan = self._plan[:size], self._plan[size:]
            for fault, seed in batch:
                self._do(field, fault, seed)
            self.make_peace(field, harmless=all(self._spares(fault) for fault, _ in batch))
        self.end(field)

    def _spares(self, fault: Fault) -> bool:
        return fault.spares(self._options.death)

    def _do(self, field: Field, fault: Fault, seed: int) -> None:
        dice = random.Random(seed)
        wait = pause(dice, 0.1)
        self.note(f"after {wait:.3f} s: {fault.name}: {fault.do(field, dice)}")
        self.report.faults += 1
        self._collect(field)

    def note(self, text: str) -> None:
        """One line of the trace."""
        self.trace.append(f"{time.monotonic() - self._began:8.3f} {text}")

    # --- peace --------------------------------------------------------------------------------

    def make_peace(self, field: Field, harmless: bool) -> None:
        """Take the faults away; the wanted state must come about, and be the old one if it can."""
        field.release()
        harmless = harmless and not field.records_harmed
        began = time.monotonic()
        self._end_contenders(field)
        self._hear_everybody(field)
        status = self._reach(field, began + BOUND)
        seconds = time.monotonic() - began
        self.report.slowest = max(self.report.slowest, seconds)
        self.note(f"peace after {seconds:.3f} s: pid {status['pid']} #{status['incarnation']}")
        kept = ("pid", "incarnation")
        if harmless and any(status[key] != self._before[key] for key in kept):
            raise Violation(f"a healthy program was touched: {self._before} became {status}")
        self._before, field.unstable = status, False
        self._see_the_record(field, status["pid"])
        self._see_the_bystander(field)

    def _reach(self, field: Field, deadline: float) -> dict[str, Any]:
        status: dict[str, Any] | None = None
        while time.monotonic() < deadline:
            self._collect(field)
            if not field.mains:
                self._start_again(field)
            status = field.status()
            if status is not None and self._is_wanted(field, status):
                return status
            if status is not None and status["state"] in ("STOPPED", "FATAL", "EXITED"):
                self.note(f"asked to start, as it is {status['state']}: {status['reason']}")
                field.operate(["start"])
                time.sleep(0.1)
            self._help_to_wait(field, status)
            time.sleep(0.01)
        raise Violation(f"the wanted state was not reached within {BOUND} s; last: {status}")

    def _help_to_wait(self, field: Field, status: dict[str, Any] | None) -> None:
        """A holder that nobody knows any more is in its way, and named: an operator ends that."""
        if status is None or " is held by " not in status["reason"]:
            self._waiting = 0.0
        elif not self._waiting:
            self._waiting = time.monotonic()
        elif (
            field.records_harmed
            and status["pid"] is None
            and time.monotonic() - self._waiting > LONG
        ):
            self.note(f"it waits: {status['reason']}; ended: {field.rescue()}")
            self.report.rescues += 1
            self._waiting = 0.0

    def _is_wanted(self, field: Field, status: dict[str, Any]) -> bool:
        """One running process, that stamps, and nothing of any other tree."""
        if status["state"] != "RUNNING" or not status["pid"]:
            return False
        lives = judge.fresh(field.lives(), time.monotonic_ns())
        mains = [life for life in lives if life.is_main]
        if field.unstable and any(life.last - life.begun < STABLE * 1e9 for life in mains):
            return False
        return (
            [life.pid for life in mains] == [status["pid"]]
            and {life.tree for life in lives} == {mains[0].tree}
            and len(field.mains) == 1
        )

    def _start_again(self, field: Field) -> None:
        """Nobody runs: start one, and if it is refused, see that there is good reason."""
        known = len(field.codes)
        watchdog = field.start()
        deadline = time.monotonic() + BOUND
        while watchdog.process.poll() is None and field.status() is None:
            if time.monotonic() > deadline:
                raise Violation(f"a watchdog neither serves nor ends: {watchdog.text}")
            time.sleep(0.01)
        self._collect(field)
        for code, text in field.codes[known:]:
            self._suffer(field, code, text)

    def _suffer(self, field: Field, code: int, text: str) -> None:
        """A start in peace was refused."""
        self.note(f"refused with {code}: {text.strip()}")
        if code != HELD:
            raise Violation(f"a start in peace ended with {code}: {text}")
        if not (field.records_harmed or field.contender_killed):
            raise Violation(f"what its own predecessor left was not adopted: {text}")
        self.note(f"ended what holds the lock: {field.rescue()}")
        self.report.rescues += 1

    def _end_contenders(self, field: Field) -> None:
        """Those from the other directory go in order; what a killed one left is theirs to end."""
        if field.contender_killed and not field.contenders:
            heir = field.contend()
            wait_until(lambda: has_settled(heir), "the next contender to find what was left")
        for watchdog in field.contenders:
            self._end_contender(watchdog)
        field.contender_killed = False
        self._collect(field)

    def _end_contender(self, watchdog: Watchdog) -> None:
        deadline = time.monotonic() + BOUND
        while watchdog.process.poll() is None:
            watchdog.process.terminate()
            time.sleep(0.1)
            if time.monotonic() > deadline:
                raise Violation(f"a contender does not end after SIGTERM: {watchdog.text}")

    def _hear_everybody(self, field: Field) -> None:
        """Every client is answered, or learns that nobody will."""
        deadline = time.monotonic() + BOUND
        for thread in field.operators:
            thread.join(max(0.0, deadline - time.monotonic()))
            if thread.is_alive():
                raise Violation(f"a client that asked to {thread.name} was never answered")
        field.operators.clear()
        for command in field.commands:
            command.wait(BOUND)
        field.commands.clear()

    def _collect(self, field: Field) -> None:
        known = len(field.codes)
        field.collect()
        for code, text in field.codes[known:]:
            self.note(f"  a watchdog ended with {code}: {' / '.join(text.splitlines()[-2:])}")
            allowed = code in (0, HELD, -1, -9, -15) or (code == UNUSABLE and field.state_harmed)
            if not allowed or "Traceback" in text:
                raise Violation(f"a watchdog ended with {code}: {text}")

    def _see_the_record(self, field: Field, pid: int) -> None:
        """What was harmed is good again when a record names the process that runs."""
        try:
            good = json.loads(field.record.read_text())["pid"] == pid
        except (OSError, ValueError, KeyError):
            good = False
        field.records_harmed = field.records_harmed and not good
        field.state_harmed = False

    def _see_the_bystander(self, field: Field) -> None:
        if field.bystander is None or field.bystander.poll() is not None:
            raise Violation("a process that is none of the watchdog's was killed")

    # --- the end ------------------------------------------------------------------------------

    def end(self, field: Field) -> None:
        """Shut down; nothing is left; the journal is whole; there were never two."""
        (watchdog,) = field.mains
        watchdog.process.terminate()
        code = watchdog.wait_exit()
        if code != 0:
            raise Violation(f"the shutdown ended with {code}: {watchdog.text}")
        with contextlib.suppress(AssertionError):  # a rehearsal outlives the watchdog that began it
            wait_until(lambda: not left_by(field), "the last process to end", REHEARSAL)
        if others := left_by(field):
            raise Violation(f"left running after the shutdown: {[name(pid) for pid in others]}")
        self._read_journal(field)
        verdict = judge.judge(field.place)
        self.report.lives, self.report.trees = verdict.lives, verdict.trees
        self.report.overlap = verdict.worst
        if not verdict.never_two:
            raise Violation(f"two lived at once: {verdict.overlaps[:5]} {verdict.doubles[:5]}")

    def _read_journal(self, field: Field) -> None:
        for path in sorted(field.state.glob("journal*")):
            for line in path.read_bytes().splitlines():
                try:
                    json.loads(line)
                except ValueError:
                    raise Violation(f"{path.name} has a line that is no JSON: {line!r}") from None

    def _show(self, field: Field) -> None:
        """All that one needs to see what happened."""
        verdict = judge.judge(field.place)
        self.report.lives, self.report.trees = verdict.lives, verdict.trees
        self.report.overlap = verdict.worst
        print(f"--- seed {self.report.seed}: {self.report.violation}")
        print("\n".join(self.trace))
        print(f"--- overlaps {verdict.overlaps[:5]}, doubles {verdict.doubles[:5]}")
        print(f"--- living {field.lives()}")
        logs = [field.state / "journal.jsonl", field.state / "crash.log"]
        for path in [*logs, *sorted(field.place.glob("out-*"), key=age)[-4:]]:
            print(f"--- {path.name}")
            if path.exists():
                lines = path.read_text(errors="replace").splitlines()
                print("\n".join(lines[-SHOWN:]))


def age(path: Path) -> int:
    """In which order the watchdogs began."""
    return int(path.name.rpartition("-")[2])


def name(pid: int) -> str:
    """A process, as one recognises it."""
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ")
    except OSError:
        return str(pid)
    return f"{pid} {words.decode(errors='replace')}"


def left_by(field: Field) -> list[int]:
    """What lives of the episode, beside the bystander."""
    assert field.bystander is not None
    return [p for p in field.world.marked() if is_alive(p) and p != field.bystander.pid]


def has_settled(watchdog: Watchdog) -> bool:
    """Whether it has its program, stands by, was refused, or has ended."""
    words = ("adopted pid", "started as pid", "WAITING", "FATAL", "already running")
    return watchdog.process.poll() is not None or any(word in watchdog.text for word in words)
