"""Reading a journal, and showing a report: as a bar, as text, as a page."""

from __future__ import annotations

import time
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.report.lines import ZERO, began, line, state, window
from watchdog.report.chart import bar, cells
from watchdog.report.figures import report_on
from watchdog.report.latency import percentile
from watchdog.report.model import Span
from watchdog.report.page import render
from watchdog.report.reading import read
from watchdog.report.telling import as_data, tell
from watchdog.report.words import percent

LINE = (
    '{"at":"2026-03-29T0%d:59:00.000+0%d:00","event":"state","by":"Spawned","program":"bot",'
    '"state":"RUNNING","from":"STARTING","health":"healthy","incarnation":3,"pid":4,"restarts":2}\n'
)


def test_rotated_files_are_read_in_order_and_torn_lines_counted(tmp_path: Path) -> None:
    """The oldest first; what is no line, or has no offset, is left out and counted."""
    (tmp_path / "journal.jsonl.2").write_text(LINE % (1, 1))
    (tmp_path / "journal.jsonl.1").write_text('{"at":"2026-03-29T01:5\n' + LINE % (3, 2))
    (tmp_path / "journal.jsonl.gz").write_text("no journal")
    (tmp_path / "journal.jsonl").write_bytes(
        b'\xff\xfe\n{"at":"2026-01-01T00:00:00","event":"state"}\n'
        b'{"at":"2026-03-29T04:00:00+02:00","event":"output","program":"bot"}\n[1]\n{"at"'
    )
    found = read(tmp_path)
    assert found.garbled == 5
    # The clocks were put forward between the two: an hour by the wall, a minute in truth.
    assert [one.at.timestamp() for one in found.lines] == [1774745940.0, 1774749540.0]


def test_a_large_journal_is_read_in_seconds(tmp_path: Path) -> None:
    """20 MB take a fifth of what 100 MB may, also on a busy machine."""
    (tmp_path / "journal.jsonl").write_text((LINE % (1, 1)) * 90_000)
    began_at = time.process_time()
    found = read(tmp_path)
    report_on(found.lines, window(0, 10))
    assert len(found.lines) == 90_000
    assert time.process_time() - began_at < 4


@pytest.mark.parametrize(
    ("share", "text"),
    [(1.0, "100 %"), (0.9999999, "99.999 %"), (0.5, "50 %"), (0.0, "0 %"), (None, "not known")],
)
def test_an_availability_is_never_rounded_up_to_all(share: float | None, text: str) -> None:
    """100 % means all of it."""
    assert percent(share) == text


SPANS = (Span(ZERO, ZERO + 98, "up"), Span(ZERO + 98, ZERO + 98.1, "down", "crash"),
         Span(ZERO + 98.1, ZERO + 100, "up"))  # fmt: skip


def test_the_shortest_outage_is_to_be_seen() -> None:
    """A cell shows the worst of its time, in characters that need neither Unicode nor colour."""
    assert bar(SPANS, window(0, 100), 20, unicode=False, colour=False) == "=" * 19 + "X"
    coloured = bar(SPANS, window(0, 100), 20, unicode=True, colour=True)
    assert "\x1b[0;31m✗" in coloured and coloured.endswith("\x1b[0m")


@given(st.integers(1, 200), st.lists(st.floats(0, 100), max_size=20))
def test_every_span_has_a_cell(width: int, cuts: list[float]) -> None:
    """Whatever the width, each kind that occurs is drawn, and the bar is as wide as asked for."""
    ends = sorted({0.0, *cuts, 100.0})
    kinds = ("up", "down", "apart", "unknown")
    spans = [Span(ZERO + a, ZERO + b, kinds[i % 4]) for i, (a, b) in enumerate(pairwise(ends))]
    found = cells(spans, window(0, 100), width)
    assert len(found) == width
    assert not any(span.kind == "down" for span in spans) or "down" in found


def test_a_page_escapes_everything_and_runs_nothing() -> None:
    """A name or a cause that is markup is shown as text; there is no script and no link out."""
    evil = "<script>alert(1)</script>"
    lines = [began(0), state(0, "RUNNING", evil), state(5, "BACKOFF", evil, cause=evil)]
    figures = report_on(lines, window(0, 10))
    page = render(figures, window(0, 10), [], [evil])
    assert "<script" not in page and "<title>down &lt;script" in page
    assert "http" not in page.replace("http-equiv", "")


def test_a_report_is_told_in_words_and_as_data() -> None:
    """The text has every figure, the JSON the same ones."""
    lines = [
        began(0),
        state(0, "RUNNING"),
        state(50, "BACKOFF", cause="crash"),
        state(60, "RUNNING"),
        line(60, "handover", program="bot", gap_seconds=10.0, double_seconds=0.0, bound="exact"),
    ]
    probe = {"program": "bot", "role": "liveness", "kind": "http", "failures": 0, "probes": 3}
    probe |= {"p50": 0.004, "p95": 1.5, "p99": None}
    figures = report_on(lines, window(0, 100))
    text = "\n".join(tell(figures, window(0, 100), [probe], 80, unicode=False, colour=False))
    for part in ("90 % of 100 s", "10 s: crash 10 s", "1, 10 s of gap, 0 s of double running"):
        assert part in text
    assert "p50 4 ms, p95 1.5 s, p99 over 30 s (3 probes)" in text
    assert text.isascii()
    (program,) = as_data(figures, window(0, 100), [probe], 0)["programs"]
    assert (program["availability"], program["mttr_seconds"]) == (0.9, 10)


@given(st.lists(st.integers(0, 50), min_size=5, max_size=5), st.floats(0.01, 0.99))
def test_a_percentile_lies_in_its_bucket(counts: list[int], share: float) -> None:
    """At least that share of the probes was not slower, and percentiles grow with the share."""
    bounds = (0.1, 0.2, 0.4, 0.8)
    found = percentile(bounds, counts, share)
    if found is None:
        assert sum(counts[:4]) < share * sum(counts) or not sum(counts)
    else:
        upper = next(bound for bound in bounds if bound >= found)
        within = sum(c for bound, c in zip(bounds, counts, strict=False) if bound <= upper)
        assert within >= share * sum(counts) * (1 - 1e-9)
        assert (percentile(bounds, counts, share / 2) or 0) <= found
