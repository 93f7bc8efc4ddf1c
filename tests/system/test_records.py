"""The records of what runs: harmed while a watchdog runs, or while none does."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.system.harness import Watchdog, World, is_alive, unused_key, wait_until

if sys.platform != "linux":
    pytest.skip("nothing is adopted here", allow_module_level=True)

SAID = "bot: the record of what runs was removed or changed; it is written anew"


def section(more: str = "") -> str:
    """One program with a singleton of its own."""
    return f'[programs.bot]\ncommand = "sleep 600"\nsingleton = "{unused_key()}"\n{more}'


def record_of(watchdog: Watchdog) -> Path:
    """The file."""
    return watchdog.state / "run" / "bot.json"


def names(record: Path, pid: int) -> bool:
    """Whether the record is whole and speaks of this process."""
    try:
        return bool(json.loads(record.read_bytes())["pid"] == pid)
    except (OSError, ValueError, KeyError):
        return False


def be_killed(watchdog: Watchdog) -> None:
    """SIGKILL, and its end."""
    watchdog.signal(signal.SIGKILL)
    watchdog.wait_exit()


def replace(record: Path) -> None:
    """Another file in its place, as an editor or a synchroniser makes it."""
    fresh = record.with_name("fresh")
    fresh.write_text('{"program": "bot"}')
    fresh.replace(record)


HARMS: dict[str, Callable[[Path], object]] = {
    "removed": Path.unlink,
    "emptied": lambda record: record.write_bytes(b""),
    "garbled": lambda record: record.write_bytes(b'{"program": "bo'),
    "replaced": replace,
    "moved": lambda record: record.rename(record.with_name("away")),
}


@pytest.mark.parametrize("harm", HARMS.values(), ids=HARMS)
def test_a_harmed_record_is_written_again(world: World, harm: Callable[[Path], object]) -> None:
    """It is noticed at once, said once, and good again: the next watchdog adopts from it."""
    text = section()
    watchdog = world.up(text)
    pid = watchdog.wait_state("bot", "RUNNING")["pid"]
    record = record_of(watchdog)
    wait_until(lambda: names(record, pid), "the record")
    harm(record)
    wait_until(lambda: names(record, pid), "the record to be good again")
    harm(record)
    wait_until(lambda: names(record, pid), "the record to be good again")
    assert watchdog.text.count(SAID) == 1
    be_killed(watchdog)
    second = world.up(text)
    assert second.wait_state("bot", "RUNNING")["pid"] == pid
    assert f"adopted pid {pid}" in second.text


def test_its_own_writing_is_no_harm(world: World) -> None:
    """Restarts and stops write records, and nobody says that they were harmed."""
    watchdog = world.up(section())
    for _ in range(3):
        assert watchdog.call("restart", "bot").returncode == 0
    assert watchdog.call("stop", "bot").returncode == 0
    assert watchdog.leave() == 0
    assert SAID not in watchdog.text


def test_an_upgrade_writes_the_records_anew(world: World) -> None:
    """Each record is the new version's own, whatever became of the old one's meanwhile."""
    watchdog = world.up(section())
    pid = watchdog.wait_state("bot", "RUNNING")["pid"]
    record = record_of(watchdog)
    wait_until(lambda: names(record, pid), "the record")
    kept = os.open(record, os.O_RDONLY)  # so that its number is not given to another file
    before = os.fstat(kept).st_ino
    assert watchdog.call("upgrade").returncode == 0
    wait_until(lambda: "upgraded from" in watchdog.text, "the upgrade")
    wait_until(lambda: record.stat().st_ino != before, "another record")
    os.close(kept)
    assert names(record, pid) and is_alive(pid)
