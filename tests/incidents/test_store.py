"""Incidents on disk: whole or not at all, and within bounds."""

from __future__ import annotations

import os
import stat
import time
from pathlib import Path

import pytest
from msgspec.structs import replace

from watchdog.daemon.outputs import MOST, lines_of
from watchdog.incidents.model import Incident
from watchdog.incidents.store import Entry, Limits, Store, surplus

NOW = time.time()  # files have the time at which they are written


def incident(id: str, at: float = NOW, output: str = "") -> Incident:
    return Incident(id, "bot", 1, 100, "hang", at, "no answer", "", output=output)


def store(place: Path, limits: Limits = Limits()) -> Store:  # noqa: B008 - immutable
    return Store(place / "incidents", limits, lambda data: data.replace(b"secret", b"******"))


def test_what_was_written_is_read_back(tmp_path: Path) -> None:
    """Every field survives the file."""
    kept = replace(incident("bot-20260101-000000"), recovered=NOW + 1, repeats=2)
    store(tmp_path).write(kept, NOW)
    assert store(tmp_path).read("bot-20260101-000000") == kept


def test_evidence_is_private_and_has_no_secret(tmp_path: Path) -> None:
    """Nobody else may read it, and secrets are struck out before it is written."""
    store(tmp_path).write(incident("bot-1", output="the secret is out"), NOW)
    (file,) = (tmp_path / "incidents").iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert b"secret" not in file.read_bytes()


def test_no_more_are_kept_than_the_count(tmp_path: Path) -> None:
    """The oldest goes when the next comes."""
    keeper = store(tmp_path, Limits(count=3))
    for number in range(5):
        keeper.write(incident(f"bot-{number}", NOW + number), NOW)
        os.utime(tmp_path / "incidents" / f"bot-{number}.json", (NOW, NOW - 10 + number))
    keeper.prune(NOW)
    assert [line.id for line in keeper.summaries()] == ["bot-4", "bot-3", "bot-2"]


def test_age_and_size_are_limits_too() -> None:
    """What is too old, and what does not fit any more, is over; the newest never is."""
    files = [Entry(Path(str(age)), NOW - age, 40) for age in (0, 10, 20, 30)]
    over = [entry.path.name for entry in surplus(files, Limits(age=25.0), NOW)]
    assert over == ["30"]
    over = [entry.path.name for entry in surplus(files, Limits(size=100), NOW)]
    assert over == ["20", "30"]
    assert surplus(files[:1], Limits(count=1, age=0.0, size=1), NOW) == []


def test_a_name_is_taken_once(tmp_path: Path) -> None:
    """Two failures within a second have two ids."""
    keeper = store(tmp_path)
    keeper.write(incident("bot-20260101-000000"), NOW)
    assert keeper.name("bot", "20260101-000000") == "bot-20260101-000000-2"
    assert keeper.name("bot", "20260101-000000", ["bot-20260101-000000-2"]).endswith("-3")


def test_the_newest_of_each_program_is_found_by_name(tmp_path: Path) -> None:
    """Names with dashes and numbers are not mixed up."""
    keeper = store(tmp_path)
    for id in ("a-b-20260101-000000", "a-b-20260101-000000-10", "a-b-20260101-000000-9"):
        keeper.write(replace(incident(id), program="a-b"), NOW)
    keeper.write(replace(incident("a-20260102-000000"), program="a"), NOW)
    assert keeper.newest() == {"a-b": "a-b-20260101-000000-10", "a": "a-20260102-000000"}


@pytest.mark.parametrize("name", ["../outside", "", ".", "missing", "a/b"])
def test_a_name_reaches_nothing_outside(tmp_path: Path, name: str) -> None:
    """An id is a file of the directory, or nothing."""
    (tmp_path / "outside.json").write_text("{}")
    assert store(tmp_path).read(name) is None


def test_a_garbled_file_is_passed_over(tmp_path: Path) -> None:
    """One bad file hides no other."""
    keeper = store(tmp_path)
    keeper.write(incident("bot-1"), NOW)
    (tmp_path / "incidents" / "bot-2.json").write_text("{half")
    assert [line.id for line in keeper.summaries()] == ["bot-1"]


def test_a_crash_loop_drives_out_nobody_elses_incident() -> None:
    """Over the count, the oldest of the program that has the most goes."""
    files = [Entry(Path(f"loop-20260101-00000{n}.json"), NOW - n, 1) for n in range(5)]
    files.append(Entry(Path("bot-20251231-000000.json"), NOW - 1000, 1))
    over = [entry.path.stem for entry in surplus(files, Limits(count=3), NOW)]
    assert over == [f"loop-20260101-00000{n}" for n in (2, 3, 4)]


def test_the_last_lines_are_bounded_in_bytes(tmp_path: Path) -> None:
    """Two hundred lines may be anything; what is kept of them is not."""
    log = tmp_path / "bot.log"
    log.write_bytes((b"x" * 2**20 + b"\n") * 3 + b"the end\n")
    text = lines_of(log, 200, None)
    assert len(text) == MOST and text.endswith("\nthe end\n")
