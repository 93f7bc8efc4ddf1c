"""The verbs that the steps of the story are made of: ask, break, wait until it is back."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from typing import Any

from bot.sandbox.client import SandboxClient
from watchdog.demo import judge, scenery
from watchdog.demo.judge import Row
from watchdog.demo.screens import Screen
from watchdog.demo.stage import Stage
from watchdog.demo.witness import Entry, Missed, Witness, time_of

PATIENCE = 20.0  # seconds: long past every bound, so that what is late is measured, not lost
CALM = scenery.RESET_AFTER + 0.5  # seconds of health before the next fault

Fault = Callable[[], float]  # breaks the bot; returns when that took effect, in Unix seconds


class Play:
    """One performance: what takes part in it, and what was found so far."""

    def __init__(self, stage: Stage, screen: Screen) -> None:
        self.stage = stage
        self.screen = screen
        self.witness = Witness(stage, screen)
        self.rows: list[Row] = []
        self.delays: list[float] = []  # from each recovery to the answer, in seconds
        self._sandbox: SandboxClient | None = None

    @property
    def sandbox(self) -> SandboxClient:
        """The sandbox, once it was started."""
        assert self._sandbox is not None
        return self._sandbox

    def meet_sandbox(self) -> None:
        """The sandbox is up: speak to it, and watch from now on."""
        self._sandbox = SandboxClient(self.stage.sandbox_url)
        self.witness.begin(self._sandbox)

    def statistics(self) -> dict[str, Any]:
        """The sandbox's figures of the bot."""
        return self.sandbox.statistics(self.stage.cast.bot)

    def write(self, text: str) -> int:
        """The user writes; returns the update's id."""
        return self.sandbox.send(text, self.stage.cast.bot)

    def await_answer(self, update: int) -> None:
        """Wait until the bot wrote something after this. Raises Missed."""
        bot = self.stage.cast.bot
        if not self.sandbox.wait_for_replies(update, bot, timeout=PATIENCE):
            raise Missed(f"an answer of the bot was not seen within {PATIENCE:g} s")

    def ask(self, text: str) -> float:
        """The user writes, the bot answers; the seconds between."""
        began = time.monotonic()
        self.await_answer(self.write(text))
        return time.monotonic() - began

    def await_running(self, incarnation: int) -> Entry:
        """Wait until this incarnation is RUNNING. Raises Missed."""

        def is_up(entry: Entry) -> bool:
            return entry.get("state") == "RUNNING" and entry.get("incarnation") == incarnation

        return self.witness.await_entry(f"incarnation {incarnation} RUNNING", is_up, PATIENCE)

    def await_spawned(self, incarnation: int) -> Entry:
        """Wait until this incarnation was spawned. Raises Missed."""

        def is_born(entry: Entry) -> bool:
            return entry.get("by") == "Spawned" and entry.get("incarnation") == incarnation

        return self.witness.await_entry(f"incarnation {incarnation}", is_born, PATIENCE)

    def spawns(self) -> int:
        """How many processes of the bot the watchdog has started."""
        return sum(entry.get("by") == "Spawned" for entry in self.witness.entries())

    def await_confirmed(self) -> float:
        """Wait until Telegram knows that the bot received everything; when that came about, in
        Unix seconds: the latest time at which it was still open."""
        still_open = time.time()

        def look() -> float | None:
            nonlocal still_open
            before = time.time()
            if self.statistics()["updates_pending"]:
                still_open = before
                return None
            return still_open

        return self.witness.await_that("the receipt of a message", look, PATIENCE)

    def rest(self) -> None:
        """Until the last recovery is behind us: an update that was answered but not yet confirmed
        would be sent, and answered, again; and restarts in a row would be delayed on purpose."""
        up = self.await_running(self.spawns())
        time.sleep(max(0.0, time_of(up) + CALM - time.time()))
        self.await_confirmed()

    def send_signal(self, number: signal.Signals) -> float:
        """Signal the bot's process; when, in Unix seconds."""
        pid = self.await_pid()
        at = time.time()
        os.kill(pid, number)
        self.screen.tell(f"{number.name} to pid {pid}")
        return at

    def command(self, text: str) -> float:
        """Tell the bot to break itself; when it had received that, in Unix seconds."""
        self.await_answer(self.write(text))
        return self.await_confirmed()

    def await_pid(self) -> int:
        """The pid of the bot that runs now."""
        entry = self.await_running(self.spawns())
        return int(entry["pid"])

    def await_symptom(self, incarnation: int) -> None:
        """Wait until the watchdog has noticed something (or already did something about it)."""

        def look() -> bool | None:
            program = self.witness.program
            if program.get("incarnation") == incarnation and not program["reason"]:
                return None
            return True if program else None

        self.witness.await_that("a failed probe", look, PATIENCE)
        program = self.witness.program
        if program["incarnation"] == incarnation and program["reason"]:
            self.screen.tell(f"The watchdog notices: {program['reason']}")

    def replace(self, promise: str, bound: float, fault: Fault) -> Row:
        """Break the bot and wait until another is spawned; how long that took."""
        self.rest()
        before = self.spawns()
        broken = fault()
        self.await_symptom(before)
        missed_call = self.write("Are you still there?")
        spawned = self.await_spawned(before + 1)
        row = judge.judge_time(promise, bound, time_of(spawned) - broken)
        self.screen.tell(f"Another is started {row.seen} after the fault, and comes up.")
        self.recover(before + 1, missed_call)
        return row

    def recover(self, incarnation: int, missed_call: int) -> None:
        """The new incarnation comes up, and answers what it finds and what it is asked."""
        up = time_of(self.await_running(incarnation))
        self.await_answer(missed_call)
        late = time.time() - up
        self.delays.append(max(late, self.ask("Are you back?")))
