"""The story: its steps, as data and as what is done in each. What is found goes into the rows."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from typing import NamedTuple

import psutil

from bot.sandbox.client import SandboxError
from watchdog.demo import judge
from watchdog.demo.judge import Row, hang_bound
from watchdog.demo.play import Play
from watchdog.demo.scenery import LOOP_STALE, PERIOD, THRESHOLD, TIMEOUT
from watchdog.demo.stage import Ended, StageError
from watchdog.demo.witness import Missed

FAULTS = 4
READING = 1.5  # seconds that a viewer gets for a sentence
LONG = 600  # seconds that the blocked event loop would stay blocked


class Step(NamedTuple):
    """One step: a short title, what is about to be seen, and how it is done."""

    title: str
    sentence: str
    act: Callable[[Play], list[Row]]


class Broken(Exception):
    """The story cannot go on; the text says in which step, and why."""


def tell(play: Play) -> None:
    """Go through the steps; every verdict is in `play.rows`. Raises Broken."""
    play.screen.open([step.title for step in STEPS])
    for number, step in enumerate(STEPS):
        play.screen.begin_step(number, step.sentence)
        try:
            rows = step.act(play)
        except (Missed, StageError, SandboxError, ProcessLookupError, psutil.Error) as error:
            play.rows.append(Row(f"step {number + 1}: {step.title}", "", "broke off", False))
            reason = play.stage.trouble() or str(error)
            play.screen.end_step(number, reason, False)
            raise Broken(f"Step {number + 1} broke off ({step.title}): {reason}.") from None
        play.rows += rows
        play.witness.look()
        play.screen.end_step(number, _sum_up(rows), all(row.held for row in rows))


def come_up(play: Play) -> list[Row]:
    """A sandbox, a supervised bot, and the first answer."""
    began = time.monotonic()
    play.stage.start_sandbox()
    play.meet_sandbox()
    play.screen.show_config(play.stage.write_files())
    play.stage.start_watchdog()
    play.await_running(1)
    play.ask("/start")
    seen = time.monotonic() - began
    return [judge.judge_time("from nothing to an answer", judge.COMING_UP_BOUND, seen)]


def kill(play: Play) -> list[Row]:
    """SIGKILL, the crash that no program can catch."""

    def fault() -> float:
        return play.send_signal(signal.SIGKILL)

    return [play.replace("killed: another is started", judge.RESTART_BOUND, fault)]


def block(play: Play) -> list[Row]:
    """The event loop hangs, while the process and its health server live."""
    bound = hang_bound(THRESHOLD, PERIOD, TIMEOUT, LOOP_STALE)

    def fault() -> float:
        return play.command(f"/fault block {LONG}")

    return [play.replace("event loop blocked: replaced", bound, fault)]


def freeze(play: Play) -> list[Row]:
    """SIGSTOP: nothing of the process runs any more."""
    bound = hang_bound(THRESHOLD, PERIOD, TIMEOUT)

    def fault() -> float:
        return play.send_signal(signal.SIGSTOP)

    return [play.replace("frozen by SIGSTOP: replaced", bound, fault)]


def deafen(play: Play) -> list[Row]:
    """The process is well, but asks Telegram for nothing any more."""
    bound = hang_bound(THRESHOLD, PERIOD, TIMEOUT)

    def fault() -> float:
        return play.command("/fault deaf")

    row = play.replace("deaf, though alive: replaced", bound, fault)
    return [row, judge.judge_answers(play.delays, FAULTS)]


def refuse(play: Play) -> list[Row]:
    """A second watchdog, then a second bot by hand: neither may start."""
    play.rest()
    pid = play.await_pid()
    user = psutil.Process(pid).username()
    pids = (pid, play.stage.watchdog_pid)
    rows = []
    for promise, copy in (
        ("second `watchdog run` refused", play.stage.run_second_watchdog),
        ("second `python -m bot` refused", play.stage.run_second_bot),
    ):
        ended: Ended = copy()
        play.screen.tell(ended.text.splitlines()[-1] if ended.text else "(it said nothing)")
        rows.append(judge.judge_refusal(promise, ended.code, ended.text, pids, user))
        play.screen.linger(READING)
        play.ask("Is it still only you?")
    return rows


def shut_down(play: Play) -> list[Row]:
    """`watchdog shutdown`; then the sandbox, which saw everything, is asked for its figures."""
    play.await_confirmed()
    began = time.monotonic()
    code = play.stage.shut_down()
    row = judge.judge_shutdown(code, time.monotonic() - began, order_of_end(play))
    play.witness.look()
    play.screen.linger(READING)
    rows = count(play)
    play.witness.end()
    play.stage.stop_sandbox()
    return [row, judge.judge_leftovers(play.stage.leftovers()), *rows]


def order_of_end(play: Play) -> list[str]:
    """Who stopped in which order, by the journal."""
    ends = [e for e in play.witness.entries() if e.get("state") in ("STOPPED", "SHUTDOWN")]
    return [str(entry.get("program", "watchdog")) for entry in ends]


def count(play: Play) -> list[Row]:
    """What the sandbox counted from the first poll to the last."""
    figures = play.statistics()
    return [
        judge.judge_count("restarts, one for each fault", FAULTS, play.spawns() - 1),
        judge.judge_count("conflicts (409) at Telegram", 0, figures["conflicts"]),
        judge.judge_count("overlapping polls", 0, figures["overlaps"]),
        judge.judge_exchanges(play.sandbox.messages(play.stage.cast.bot)),
    ]


def explain_bounds() -> str:
    """How the bounds of the table come about."""
    return (
        f"A hang is replaced within failure_threshold x period + timeout + 5 %: {THRESHOLD} x "
        f"{PERIOD:g} s + {TIMEOUT:g} s + 5 %. For the blocked loop {LOOP_STALE:g} s is added, "
        "after which the bot's own health endpoint calls it stuck."
    )


def _sum_up(rows: list[Row]) -> str:
    """The broken promises of a step, or else its first figure with its bound."""
    broken = [f"{row.promise}: {row.seen}, promised {row.bound}" for row in rows if not row.held]
    return "; ".join(broken) or f"{rows[0].seen} (promised: {rows[0].bound})"


STEPS = (
    Step("It comes up", "A Telegram sandbox, a watchdog, and a bot under it.", come_up),
    Step("Killed", "The bot is killed with SIGKILL. The kernel tells the watchdog at once.", kill),
    Step("Loop blocked", "A handler blocks the event loop: alive, but it does nothing.", block),
    Step("Frozen", "SIGSTOP freezes the whole process: it cannot even answer a probe.", freeze),
    Step("Deaf", "The process is well, but no longer polls: no message would arrive.", deafen),
    Step("A second copy", "Somebody starts the same bot again, from another directory.", refuse),
    Step("Shutdown", "`watchdog shutdown`: everything stops in order.", shut_down),
)
