"""`python -m benchmarks.ownership`: who owns the singleton after the supervisor was killed.

SIGKILL and a new start, over and over, for supervisord and for us; stops of a program whose
processes resist; and numbered lines at 10 MB/s through adoptions and upgrades. The goal of each is
0, or a time. `--full` does it as often as is promised, which takes a quarter of an hour.
"""

from __future__ import annotations

import argparse
import contextlib
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from msgspec import Struct

from benchmarks.owners import BIN, Ours, Owner, Supervisord, still_alive, stop_process
from benchmarks.rows import Row, render
from benchmarks.writer import LINE

PACE = 10_000_000  # bytes a second
WITHIN = 100.0  # milliseconds from the greeting to the adoption


class Amount(Struct, frozen=True):
    """How often."""

    kills: int
    stops: int
    adoptions: int
    upgrades: int


USUAL = Amount(kills=30, stops=10, adoptions=10, upgrades=10)
QUICK = Amount(kills=3, stops=2, adoptions=2, upgrades=2)
FULL = Amount(kills=1000, stops=100, adoptions=100, upgrades=100)
THEIRS = 100  # kills of supervisord at most: each has left one more copy of the program


def count_doubles(owner: Owner, kills: int) -> int:
    """After how many kills with a new start two copies of the program lived."""
    doubles = 0
    owner.start()
    owner.wait_for_work()
    for _ in range(kills):
        owner.kill()
        owner.start()
        mains = owner.wait_for_work()
        if len(mains) > 1:
            doubles += 1
            end_all_but_the_last(owner)
    return doubles


def end_all_but_the_last(owner: Owner) -> None:
    """Begin anew: the supervisor and every copy."""
    owner.close()
    owner.start()
    owner.wait_for_work()


def count_survivors(owner: Owner, stops: int) -> int:
    """Processes alive after so many stops, each of a tree of its own."""
    survivors = 0
    owner.start()
    owner.wait_for_work()
    for _ in range(stops):
        owner.ask("stop")
        survivors += still_alive(owner)
        owner.ask("start")
        owner.wait_for_work()
    return survivors


class Lines(Struct):
    """What arrived of numbered lines."""

    written: int = 0
    lost: int = 0
    doubled: int = 0
    torn: int = 0


def read_lines(log: Path) -> Lines:
    """Compare what is in the log with the numbers from 0 on, also where the order is another."""
    numbers: list[int] = []
    found = Lines()
    with log.open("rb") as file:
        for line in file:
            if len(line) == LINE and line[:12].isdigit():
                numbers.append(int(line[:12]))
            else:
                found.torn += 1
    different = set(numbers)
    found.written = max(different, default=-1) + 1
    found.lost = found.written - len(different)
    found.doubled = len(numbers) - len(different)
    return found


def write_through(place: Path, times: int, disturb: Callable[[Ours], None]) -> Lines:
    """A writer at full pace while its watchdog is disturbed so often; what arrived."""
    script = Path(__file__).with_name("writer.py")
    owner = Ours(place, command=[sys.executable, "-S", "-E", str(script), str(PACE)])
    try:
        owner.start()
        owner.wait_served()
        for _ in range(times):
            time.sleep(0.1)
            disturb(owner)
            owner.wait_served()
        assert owner.process is not None
        stop_process(owner.process)
        return read_lines(place / "state" / "logs" / "bot.log")
    finally:
        with contextlib.suppress(Exception):  # the writer, should it still be there
            owner.start()
            owner.wait_served()
            assert owner.process is not None
            stop_process(owner.process)
        owner.close()


def succeed(owner: Ours) -> None:
    """SIGKILL, and the next one adopts."""
    owner.kill()
    owner.start()


def upgrade(owner: Ours) -> None:
    """In place."""
    words = [str(BIN / "watchdog"), "upgrade", "-s", owner.socket]
    subprocess.run(words, cwd=owner.place, check=True, stdout=subprocess.DEVNULL)


def rows(place: Path, amount: Amount) -> list[Row]:
    """The table."""
    return [
        *kill_rows(place, amount),
        stop_row(place, amount),
        *line_rows(place / "adoptions", amount.adoptions, succeed, "adoptions"),
        *line_rows(place / "upgrades", amount.upgrades, upgrade, "upgrades"),
    ]


def kill_rows(place: Path, amount: Amount) -> list[Row]:
    """Doubles, and how long an adoption takes."""
    theirs, ours = Supervisord(place / "s"), Ours(place / "w")
    fewer = min(amount.kills, THEIRS)
    try:
        their_doubles = count_doubles(theirs, fewer)
        our_doubles = count_doubles(ours, amount.kills)
        times = [1000 * (adopted - greeted) for greeted, adopted in ours.adoptions()]
    finally:
        theirs.close()
        ours.close()
    what = f"two copies after SIGKILL and a new start, of {amount.kills}"
    what += f" ({fewer} for supervisord)" if fewer < amount.kills else ""
    middle = median(times) if times else float("inf")
    longest = max(times, default=float("inf"))
    goal = f"<= {WITHIN:.0f}"
    return [
        Row(what, "times", None, their_doubles, our_doubles, "0", our_doubles == 0),
        Row("greeting to adoption, median", "ms", None, None, middle, goal, middle <= WITHIN),
        Row("greeting to adoption, longest", "ms", None, None, longest, goal, longest <= WITHIN),
        Row(
            "adoptions seen in the journal",
            "times",
            None,
            None,
            len(times),
            f"{amount.kills}",
            len(times) == amount.kills,
        ),
    ]


def stop_row(place: Path, amount: Amount) -> Row:
    """Processes that survive their stop."""
    found: list[int] = []
    for make, name in ((Supervisord, "s-stops"), (Ours, "w-stops")):
        owner: Owner = make(place / name, "hostile stubborn")
        try:
            found.append(count_survivors(owner, amount.stops))
        finally:
            owner.close()
    what = f"processes alive after {amount.stops} stops of a tree that resists"
    return Row(what, "processes", None, found[0], found[1], "0", found[1] == 0)


def line_rows(place: Path, times: int, disturb: Callable[[Ours], None], what: str) -> list[Row]:
    """Lines lost, doubled and torn."""
    if not times:
        return []
    found = write_through(place, times, disturb)
    told = f"in {times} {what} at 10 MB/s, of {found.written} lines"
    return [
        Row(f"lines lost {told}", "lines", None, None, found.lost, "0", found.lost == 0),
        Row(f"lines doubled {told}", "lines", None, None, found.doubled, "0", found.doubled == 0),
        Row(f"lines torn {told}", "lines", None, None, found.torn, "0", found.torn == 0),
    ]


def main() -> int:
    """Measure, print, and say whether all goals were met."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ownership", description=__doc__)
    parser.add_argument("--full", action="store_true", help="1000 kills, 100 of everything else")
    parser.add_argument("--quick", action="store_true", help="two or three of each")
    for name in Amount.__struct_fields__:
        parser.add_argument(f"--{name}", type=int, help=f"({getattr(USUAL, name)})")
    given = parser.parse_args()
    amount = FULL if given.full else QUICK if given.quick else USUAL
    told = {name: getattr(given, name) for name in Amount.__struct_fields__}
    chosen = {
        name: getattr(amount, name) if value is None else value for name, value in told.items()
    }
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(
        prefix="wo-", dir=memory if memory.is_dir() else None, ignore_cleanup_errors=True
    ) as place:
        table = rows(Path(place), Amount(**chosen))
    print(render(table))
    return 0 if all(row.held for row in table) else 1


if __name__ == "__main__":
    sys.exit(main())
