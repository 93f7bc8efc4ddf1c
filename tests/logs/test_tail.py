"""Readers of logs see the end, follow through rotations, and get supervisor's answers."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from supervisor.options import readFile, tailFile

from watchdog.logs import tail
from watchdog.logs.rotation import RotatingFile
from watchdog.logs.tail import Follower, follow, last_bytes, last_lines, read_log, tail_log


def write_family(log: Path, *parts: bytes) -> None:
    """`parts`, oldest first: the last is the log, those before it its rotated files."""
    for number, part in enumerate(reversed(parts)):
        (log.with_name(f"{log.name}.{number}") if number else log).write_bytes(part)


@settings(deadline=None)
@given(
    st.lists(st.lists(st.binary(max_size=5).map(lambda b: b.replace(b"\n", b"")), max_size=6)),
    st.binary(max_size=3).map(lambda b: b.replace(b"\n", b"")),
    st.integers(0, 30),
)
def test_last_lines_reach_into_rotated_files(
    files: list[list[bytes]], unfinished: bytes, count: int
) -> None:
    """The last N lines are those of all files together, wherever the rotations fell."""
    parts = [b"".join(line + b"\n" for line in lines) for lines in files] or [b""]
    parts[-1] += unfinished
    everything = _lines(b"".join(parts))
    with tempfile.TemporaryDirectory() as place:
        log = Path(place) / "log"
        write_family(log, *parts)
        assert last_lines(log, count) == b"".join(everything[-count:] if count else [])
        assert last_bytes(log, count) == (b"".join(parts)[-count:] if count else b"")


def _lines(data: bytes) -> list[bytes]:
    parts = [line + b"\n" for line in data.split(b"\n")]
    parts[-1] = parts[-1][:-1]
    return [part for part in parts if part]


def test_last_lines_of_a_long_file(log: Path) -> None:
    """Lines longer than a block, and many of them, are found from the end."""
    lines = [b"%d " % number + b"x" * 50_000 + b"\n" for number in range(20)]
    log.write_bytes(b"".join(lines))
    assert last_lines(log, 7) == b"".join(lines[-7:])


def test_a_missing_log_is_said_to_be_missing(log: Path) -> None:
    """There is no guessing about a log that is not there."""
    for ask in (lambda: last_lines(log, 3), lambda: read_log(log, 0, 0)):
        with pytest.raises(FileNotFoundError):
            ask()
    assert tail_log(log, 7, 10) == ("", 7, False)


async def collect(source: AsyncIterator[bytes], size: int) -> bytes:
    """What `source` gives until there are `size` bytes."""
    got = b""
    async with asyncio.timeout(20):
        async for data in source:
            got += data
            if len(got) >= size:
                return got
    return got


async def test_follow_begins_with_the_last_lines(log: Path) -> None:
    """The follower shows the last lines and goes on from exactly there."""
    log.write_bytes(b"one\ntwo\nthree\n")
    source = follow(log, lines=2, interval=0.01)
    assert await anext(source) == b"two\nthree\n"
    with log.open("ab") as file:
        file.write(b"four\n")
    assert await anext(source) == b"four\n"


async def test_follow_survives_rotations_in_between(log: Path) -> None:
    """Through 40 rotations, several between two looks, every line arrives once and in order."""
    file = RotatingFile(str(log), 60, 50, lambda text: None, str.encode)
    file.write(b"begin\n")
    lines = [b"line %d\n" % number for number in range(400)]

    async def write() -> None:
        for at in range(0, len(lines), 20):
            file.write(b"".join(lines[at : at + 20]))
            await asyncio.sleep(0.003)

    wanted = b"".join(lines)
    writer = asyncio.create_task(write())
    got = await collect(follow(log, interval=0.01), len(wanted))
    await writer
    file.close()
    assert got.removeprefix(b"begin\n") == wanted


async def test_follow_survives_truncation(log: Path) -> None:
    """A log that was emptied is read from its beginning."""
    log.write_bytes(b"a long first line\n")
    source = follow(log, interval=0.01)
    pending = asyncio.ensure_future(anext(source))
    await asyncio.sleep(0)
    log.write_bytes(b"new\n")
    async with asyncio.timeout(10):
        assert await pending == b"new\n"


async def test_follow_waits_for_a_file_to_appear(log: Path) -> None:
    """Following may begin before the first output."""
    source = follow(log, lines=5, interval=0.01)
    pending = asyncio.ensure_future(anext(source))
    await asyncio.sleep(0.03)
    log.write_bytes(b"here\n")
    async with asyncio.timeout(10):
        assert await pending == b"here\n"


def test_a_follower_reads_what_came_before_the_rename(log: Path) -> None:
    """What was written between the last read and the rotation is not skipped."""
    log.write_bytes(b"one\n")
    follower = Follower(log)
    assert follower.begin(1) == b"one\n"
    with log.open("ab") as file:
        file.write(b"two\n")
    log.rename(log.with_name("bot.log.1"))
    log.write_bytes(b"three\n")
    assert [follower.read(), follower.read(), follower.read()] == [b"two\n", b"three\n", b""]
    follower.close()


def test_a_write_just_before_the_rename_is_seen(log: Path) -> None:
    """What is written after the follower found the end, and before the rotation, is not skipped."""
    log.write_bytes(b"one\n")
    follower = Follower(log)
    follower.begin(1)
    with log.open("ab") as file:
        file.write(b"two\n")
    log.rename(log.with_name("bot.log.1"))
    log.write_bytes(b"three\n")
    assert follower._find_next()  # as `read` does after it found nothing
    assert [follower.read(), follower.read()] == [b"two\n", b"three\n"]
    follower.close()


def test_a_file_seen_twice_during_a_rotation_counts_once(log: Path) -> None:
    """A log that became `path.1` while the files were being opened is not shown twice."""
    log.write_bytes(b"one\n")
    log.with_name("bot.log.1").hardlink_to(log)
    assert last_lines(log, 5) == b"one\n"


numbers = st.integers(-30, 30)


@settings(deadline=None)
@given(st.text("abcé\n", max_size=20), numbers, numbers)
def test_read_log_answers_as_supervisor_does(text: str, offset: int, length: int) -> None:
    """Every offset and length gives what supervisor's own function gives, or the same fault."""
    with tempfile.TemporaryDirectory() as place:
        log = Path(place) / "log"
        log.write_bytes(text.encode())
        try:
            expected: object = readFile(str(log), offset, length).decode("utf-8", "replace")
        except ValueError as error:
            expected = error.args
        try:
            answer: object = read_log(log, offset, length)
        except ValueError as error:
            answer = error.args
    assert answer == expected


@settings(deadline=None)
@given(st.text("abc\n", max_size=20), numbers, numbers)
def test_tail_log_answers_as_supervisor_does(text: str, offset: int, length: int) -> None:
    """Text, offset and overflow are those of supervisor's own function."""
    with tempfile.TemporaryDirectory() as place:
        log = Path(place) / "log"
        log.write_bytes(text.encode())
        assert tail_log(log, offset, length) == tuple(tailFile(str(log), offset, length))


@pytest.mark.parametrize("kind", ["fifo", "endless device"])
def test_what_is_no_file_is_not_read(tmp_path: Path, kind: str) -> None:
    """A log that is sent to a pipe or a device has nothing to read, and nobody waits for it."""
    log = Path("/dev/zero")
    if kind == "fifo":
        log = tmp_path / "log"
        os.mkfifo(log)
    with pytest.raises(OSError, match="not a file"):
        read_log(log, 0, 0)
    with pytest.raises(OSError, match="not a file"):
        last_lines(log, 3)
    assert tail_log(log, 0, 10) == ("", 0, False)
    follower = Follower(log)
    assert (follower.begin(3), follower.read()) == (b"", b"")


def test_an_answer_is_bounded_however_long_the_lines_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The end of it all is given, and nothing before that is read; no gap is in it."""
    monkeypatch.setattr(tail, "MOST", 1000)
    monkeypatch.setattr(tail, "BLOCK", 64)
    log = tmp_path / "log"
    parts = (b"a" * 5000 + b"\n", b"b" * 5000 + b"\n", b"c" * 300 + b"\n")
    write_family(log, *parts)
    assert last_lines(log, 1) == b"c" * 300 + b"\n"
    assert last_lines(log, 3) == b"".join(parts)[-1000:]
