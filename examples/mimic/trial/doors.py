"""`make doors`: the bot is started at every wrong place at once, and exactly one polls.

    python -m trial.doors [--forgotten | --bare]

The places: each of gunicorn's four workers, the ARQ worker, a second shell, cron, and the watchdog
itself. Then whoever polls is killed, and somebody else may. With `--forgotten` the shell's bot was
there before all others. `--bare` is a bot that has no lock: it must end in conflicts, or the rest
would show nothing.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import signal
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from trial import door
from trial.place import HOME, Place, own_place
from trial.platform import Platform, Trouble, platform, wait_for
from trial.steps import expect

CONFIG = HOME / "trial" / "doors.toml"
WORKERS = 4
EXPECTED = WORKERS + 3
HELD = 69
ENOUGH = 3  # conflicts
QUIET = 3.0  # seconds in which a second one would have polled


@dataclasses.dataclass(frozen=True)
class Seen:
    """What came of it."""

    doors: list[dict[str, Any]]
    conflicts: int
    overlaps: int
    polls: int


def main() -> int:
    """Open all doors; the exit code says whether it was as it should be."""
    parser = argparse.ArgumentParser(prog="python -m trial.doors", description=__doc__)
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--bare", action="store_true", help="with a bot that has no lock")
    how.add_argument("--forgotten", action="store_true", help="the shell's was there before")
    options = parser.parse_args()
    try:
        return _judge(open_all(options.bare, options.forgotten), options.bare)
    except Trouble as trouble:
        print(f"doors: {trouble}", file=sys.stderr)
        return 1


def open_all(bare: bool, forgotten: bool) -> Seen:
    """Start everything, kill whoever polls, and look at what Telegram saw."""
    if bare:
        os.environ |= {door.BOT: "bare", "MIMIC_DOOR_MODULE": "trial.bare"}
    with platform(own_place(), CONFIG) as one:
        _call_from(one, "second shell", one.place.environment())
        if forgotten:
            expect(one.sandbox.wait_for_polling(timeout=60), "the shell's bot does not poll")
        one.start_watchdog(one.place.directory / "watchdog.out")
        _call_from(one, "cron", {"PATH": "/usr/bin:/bin"})
        wait_for("all doors", lambda: len(_read(one)) == EXPECTED)
        if bare:
            wait_for("conflicts", lambda: one.sandbox.statistics()["conflicts"] >= ENOUGH)
        else:
            _see_one(one)
            _kill_who_polls(one)
            _see_one(one)
        seen = one.sandbox.statistics()
        return Seen(_read(one), seen["conflicts"], seen["overlaps"], seen["polls"])


def _see_one(one: Platform) -> None:
    """Somebody polls, and for a while nobody else does."""
    expect(one.sandbox.wait_for_polling(timeout=60), "nobody polls")
    try:
        wait_for("all but one to be refused", lambda: len(_running(one)) == 1)
    except Trouble as trouble:
        said = (one.place.directory / "watchdog.out").read_text()
        raise Trouble(f"{trouble}; these run: {_running(one)}\n{_read(one)}\n{said}") from None
    end = time.monotonic() + QUIET
    while time.monotonic() < end:
        expect(len(_running(one)) == 1, f"these run: {_running(one)}")
        time.sleep(0.2)


def _running(one: Platform) -> list[str]:
    """Where a bot runs now: doors that have not ended, and the watchdog's own."""
    doors = [found["door"] for found in _read(one) if found["code"] is None]
    state = one.program("bot")["state"]
    return [*doors, "the watchdog"] if state in ("STARTING", "RUNNING") else doors


def _kill_who_polls(one: Platform) -> None:
    """SIGKILL for the bot itself; whoever stands by takes over."""
    polls = one.sandbox.statistics()["polls"]
    os.kill(_find_holder(one.place), signal.SIGKILL)
    expect(one.sandbox.wait_for_polling(more_than=polls, timeout=60), "nobody has taken over")


def _find_holder(place: Place) -> int:
    """The pid in the lock's file."""
    assert place.locks is not None
    record = json.loads((place.locks / f"telegram-{place.bot}.lock").read_text())
    return int(record["pid"])


def _call_from(one: Platform, name: str, environment: Mapping[str, str]) -> None:
    """Through a shell, with this environment, and what a crontab would set: hardly anything."""
    all_of_it = one.place.environment()
    kept = ("MIMIC_STATE", "WATCHDOG_LOCK_DIR", "HEALTH_PORT", door.BOT)
    needed = {key: all_of_it[key] for key in kept if key in all_of_it}
    settings = dict(line.split("=", 1) for line in one.place.env_file.read_text().splitlines())
    lines = [f"{key}={value}" for key, value in {**environment, **needed, **settings}.items()]
    command = f"cd {HOME} && exec {sys.executable} -m trial.door '{name}'"
    one.run(["env", "-i", *lines, "/bin/sh", "-c", command], one.place.directory / "shells.out")


def _read(one: Platform) -> list[dict[str, Any]]:
    documents: list[Path] = sorted(door.places_of(one.place.state).glob("*.json"))
    return [json.loads(path.read_text()) for path in documents]


def _judge(seen: Seen, bare: bool) -> int:
    for found in seen.doors:
        code = "runs" if found["code"] is None else found["code"]
        print(f"{found['door']:<18} {code!s:>5}  {found['said'][:200]}")
    print(f"{seen.polls} polls, {seen.conflicts} conflicts, {seen.overlaps} overlaps")
    well = _is_as_expected(seen, bare)
    print("verdict: " + ("all as it should be" if well else "not as it should be"))
    return 0 if well else 1


def _is_as_expected(seen: Seen, bare: bool) -> bool:
    if bare:
        return seen.conflicts > 0
    refused = [found for found in seen.doors if found["code"] == HELD]
    others = [found["code"] for found in seen.doors if found["code"] != HELD]
    named = all("is held by pid" in found["said"] for found in refused)
    return others in ([], [-signal.SIGKILL]) and named and not (seen.conflicts or seen.overlaps)


if __name__ == "__main__":
    sys.exit(main())
