"""Logs at special places: nothing of somebody else's is moved, emptied or written over."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from watchdog.logs.opening import leads_to_descriptor
from watchdog.logs.rotation import RotatingFile

WRITER = """
import sys
from watchdog.logs.rotation import RotatingFile
file = RotatingFile(sys.argv[1], 64, int(sys.argv[2]), print, str.encode)
for number in range(20):
    file.write(b"captured %d\\n" % number)
    print("own", number, flush=True)
"""


def run_writer(link: Path, backups: int, stdout: int) -> None:
    subprocess.run(
        [sys.executable, "-c", WRITER, str(link), str(backups)],
        stdout=stdout,
        check=True,
        timeout=60,
    )


@pytest.mark.parametrize("backups", [0, 3])
def test_what_our_output_is_redirected_to_is_shared(tmp_path: Path, backups: int) -> None:
    """Through a link to our output, lines and our own follow each other, beyond the maximum."""
    link, out = tmp_path / "stdout", tmp_path / "out"
    link.symlink_to("/proc/self/fd/1")
    with out.open("wb") as file:
        run_writer(link, backups, file.fileno())
    expected = [f"{who} {n}" for n in range(20) for who in ("captured", "own")]
    assert out.read_text().splitlines() == expected
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "stdout"]
    assert link.is_symlink()


def test_a_socket_is_written_to(tmp_path: Path) -> None:
    """The output of a service below systemd is a socket, which cannot be opened by a path."""
    link = tmp_path / "stdout"
    link.symlink_to("/proc/self/fd/1")
    ours, theirs = socket.socketpair()
    with ours, theirs:
        run_writer(link, 3, theirs.fileno())
        theirs.close()
        text = ours.makefile("rb").read()
    assert text.count(b"captured") == text.count(b"own") == 20


def test_a_socket_that_nobody_reads_never_blocks_us(tmp_path: Path) -> None:
    """What does not fit is dropped and told, and the shared socket stays as it was."""
    ours, theirs = socket.socketpair()
    told: list[str | None] = []
    with ours, theirs:
        path = f"/proc/self/fd/{theirs.fileno()}"
        file = RotatingFile(path, 0, 0, told.append, str.encode)
        file.write(b"x" * 10_000_000)
        file.close()
        assert os.get_blocking(theirs.fileno())
    assert len(told) == 1


def test_what_leads_to_a_descriptor_is_known(tmp_path: Path) -> None:
    """By any number of links; a file, a link to one and what is not there do not."""
    plain, there, chain = tmp_path / "plain", tmp_path / "there", tmp_path / "chain"
    plain.touch()
    there.symlink_to(plain)
    chain.symlink_to("hop")
    (tmp_path / "hop").symlink_to("/dev/stdout")
    special = ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/7", str(chain)]
    assert [leads_to_descriptor(path) for path in special] == [True] * 4
    ordinary = [str(plain), str(there), str(tmp_path / "none"), "/dev/null", "relative"]
    assert [leads_to_descriptor(path) for path in ordinary] == [False] * 5


def test_a_device_is_never_cleared(tmp_path: Path) -> None:
    """A link to a device stays what it is."""
    link = tmp_path / "log"
    link.symlink_to("/dev/full")
    file = RotatingFile(str(link), 1, 1, lambda _: None, str.encode)
    with pytest.raises(OSError, match="not a file of its own"):
        file.clear()
    assert link.is_symlink()
