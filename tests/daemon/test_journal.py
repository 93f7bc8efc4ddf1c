"""The journal: whole lines, whatever happened to the last one."""

from __future__ import annotations

from pathlib import Path

import pytest

from watchdog.daemon.journal import cut_torn_tail


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b'{"a":1}\n{"at"', b'{"a":1}\n'),
        (b'{"a":1}\n', b'{"a":1}\n'),
        (b'{"at"', b""),
        (b"", b""),
    ],
)
def test_a_torn_line_is_cut_back(tmp_path: Path, before: bytes, after: bytes) -> None:
    """What a full disk left of a line is gone when the next watchdog begins; whole lines stay."""
    path = tmp_path / "journal.jsonl"
    path.write_bytes(before)
    cut_torn_tail(path)
    assert path.read_bytes() == after
