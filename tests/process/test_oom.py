"""Reading the kernel's counts of whom it killed for want of memory."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchdog.process import oom
from watchdog.process.oom import OomWatch, count_in


@pytest.fixture
def system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The system's files as they look in a cgroup of version 2; no reading serves for long."""
    monkeypatch.setattr(oom, "FRESH", -1.0)
    for name in ("proc/self", "sys/fs/cgroup/bots/one"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "proc/self/cgroup").write_text("0::/bots/one\n")
    write(tmp_path, machine=3, group=1)
    return tmp_path


def write(root: Path, machine: int, group: int) -> None:
    """The counts."""
    (root / "proc/vmstat").write_text(f"pgfault 9\noom_kill {machine}\ndrop_slab 0\n")
    events = f"low 0\noom 7\noom_kill {group}\noom_group_kill 0\n"
    (root / "sys/fs/cgroup/bots/one/memory.events").write_text(events)


@pytest.mark.parametrize(("machine", "group"), [(4, 1), (3, 2), (9, 9)])
def test_growth_of_either_count_is_seen_once(system: Path, machine: int, group: int) -> None:
    """The machine's count may be hidden from a container, the group's on an old kernel."""
    watch = OomWatch(system)
    watch.note()
    assert not watch.grew()
    write(system, machine, group)
    assert watch.grew() and not watch.grew()


def test_what_was_before_the_process_began_does_not_count(system: Path) -> None:
    """A spawn remembers the counts anew."""
    watch = OomWatch(system)
    watch.note()
    write(system, 5, 5)
    watch.note()
    assert not watch.grew()


def test_without_the_files_nothing_is_blamed(tmp_path: Path) -> None:
    """Another system, or one that hides them."""
    watch = OomWatch(tmp_path)
    watch.note()
    assert not watch.grew()


def test_the_real_files_can_be_read() -> None:
    """On this machine, whatever its counts are."""
    watch = OomWatch()
    watch.note()
    watch.grew()


@given(st.binary())
def test_any_text_has_a_count(text: bytes) -> None:
    """Never an error, and never less than nothing."""
    assert count_in(text) >= 0
    assert count_in(b"oom_kill 12\n" + text) == 12
