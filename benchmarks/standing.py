"""What a supervisor weighs and how often it wakes up, with one program and with a thousand; and
how long a thousand take to start and to stop."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from msgspec import Struct

from benchmarks.rows import Row, at_most
from benchmarks.subjects import NAMES, Stage

MANY = 1000
SETTLING = 1.5  # seconds until nothing that belongs to the start goes on


class Standing(Struct):
    """One run of one supervisor."""

    start: float  # seconds from its own start to the first instruction of the last program
    stop: float  # seconds from SIGTERM to its own end
    resident: float  # KiB
    private: float  # KiB
    wakeups: float  # a second


def stand(stage: Stage, name: str, programs: int, watched: float) -> Standing:
    """Start, look, watch for so many seconds, stop."""
    with stage.run(name, programs=programs) as subject:
        last = max(report.at for report in subject.children.expect("S", programs, 120.0))
        time.sleep(SETTLING)
        pid = subject.process.pid
        wakeups = count_wakeups(pid, watched)
        resident, private = weigh(pid)
        return Standing(last - subject.began, subject.stop(), resident, private, wakeups)


def count_wakeups(pid: int, seconds: float) -> float:
    """How often the process went to sleep again, a second, over all its threads."""
    before = _switches(pid)
    began = time.monotonic()
    time.sleep(seconds)
    return (_switches(pid) - before) / (time.monotonic() - began)


def _switches(pid: int) -> int:
    tasks = Path(f"/proc/{pid}/task")
    return sum(_field(task / "status", "voluntary_ctxt_switches:") for task in tasks.iterdir())


def weigh(pid: int) -> tuple[int, int]:
    """KiB resident, and KiB of its own."""
    place = Path(f"/proc/{pid}")
    # Clean pages come from files: whether somebody else maps them too is not our doing.
    return _field(place / "status", "VmRSS:"), _field(place / "smaps_rollup", "Private_Dirty:")


def _field(path: Path, name: str) -> int:
    for line in path.read_text().splitlines():
        if line.startswith(name):
            return int(line.split()[1])
    raise KeyError(name)


def measure(
    stage: Stage, programs: int, runs: int, watched: float, names: Sequence[str] = NAMES
) -> dict[str, Standing]:
    """The medians of each; they take turns."""
    found: dict[str, list[Standing]] = {name: [] for name in names}
    for turn in range(runs):
        for name in names:
            # A run of supervisord with a thousand takes half a minute: three say enough.
            if name != "supervisord" or programs == 1 or turn < 3:
                found[name].append(stand(stage, name, programs, watched))
    return {name: _medians(runs) for name, runs in found.items()}


def _medians(runs: list[Standing]) -> Standing:
    fields = Standing.__struct_fields__
    return Standing(*(median(getattr(run, field) for run in runs) for field in fields))


def rows(stage: Stage, runs: int, watched: float) -> list[Row]:
    """Weight, wake-ups, start and stop."""
    one = measure(stage, 1, runs, watched)
    many = measure(stage, MANY, runs, watched)
    return [
        *_weights(one, many),
        _wakeups(one, "1 program"),
        _wakeups(many, f"{MANY} programs"),
        _times({name: found.start for name, found in many.items()}, "start"),
        _times({name: found.stop for name, found in many.items()}, "stop"),
    ]


def _weights(one: dict[str, Standing], many: dict[str, Standing]) -> list[Row]:
    resident = {name: found.resident / 1024 for name, found in one.items()}
    private = {name: found.private / 1024 for name, found in one.items()}
    further = {name: (many[name].private - one[name].private) / (MANY - 1) for name in one}
    goal = "<= supervisord's"
    return [
        at_most("resident with one program", "MiB", resident, resident["supervisord"], goal),
        at_most("private with one program", "MiB", private, private["supervisord"], goal),
        at_most("private for each further program", "KiB", further, 10.0, "<= 10"),
    ]


def _wakeups(standing: dict[str, Standing], what: str) -> Row:
    found = {name: run.wakeups for name, run in standing.items()}
    return at_most(f"wake-ups, idle, {what}", "1/s", found, 0.0, "0")


def _times(found: dict[str, float], what: str) -> Row:
    return at_most(f"{what} {MANY} programs", "s", found, found["floor"] * 4, "<= 4x floor")
