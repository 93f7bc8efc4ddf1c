"""`/metrics`: its form, its names, and what it must not hold."""

from __future__ import annotations

import asyncio
import http.client
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.control.exposition import families, faults, open_families, value
from tests.control.fake import FakeBackend, FakeDaemon, view
from watchdog.control import metrics
from watchdog.control.access import Access, Credentials
from watchdog.control.exposition import OPENMETRICS, PROMETHEUS, choose_form, escape, number
from watchdog.control.measures import BUCKETS, Counts, Measures
from watchdog.core.model import State


@pytest.fixture
def measured(backend: FakeBackend) -> Measures:
    return asyncio.run(backend.measure())


@pytest.fixture
def page(measured: Measures) -> str:
    return asyncio.run(metrics.render(measured, PROMETHEUS)).decode()


@pytest.fixture
def guarded(short_path: Path, backend: FakeBackend) -> Iterator[FakeDaemon]:
    daemon = FakeDaemon(
        short_path / "g.sock", backend, ("127.0.0.1", 0), Credentials("admin", "simple")
    )
    with daemon.running():
        yield daemon


def get(daemon: FakeDaemon, **headers: str) -> tuple[http.client.HTTPResponse, str]:
    assert daemon.server.tcp_address is not None
    connection = http.client.HTTPConnection(*daemon.server.tcp_address, timeout=20)
    connection.request("GET", "/metrics", headers=headers)
    response = connection.getresponse()
    text = response.read().decode()
    connection.close()
    return response, text


def test_the_page_keeps_every_rule(page: str) -> None:
    """Prometheus' parser reads it, and names, types, helps and units are by the conventions."""
    assert faults(page) == []
    assert value(page, "watchdog_program_state", program="bot", state="RUNNING") == 1
    assert value(page, "watchdog_program_state", program="web", state="RUNNING") == 0
    assert value(page, "watchdog_program_up", program="web") == 0
    assert value(page, "watchdog_build_info", version="0.1.0") == 1


def test_openmetrics_is_given_to_who_asks(measured: Measures) -> None:
    """The strict parser of the standard reads the other form; both hold the same metrics."""
    accept = "application/openmetrics-text;version=1.0.0,text/plain;q=0.5"
    assert choose_form(accept) == OPENMETRICS
    assert choose_form("text/plain") == choose_form("") == PROMETHEUS
    page = asyncio.run(metrics.render(measured, OPENMETRICS)).decode()
    plain = asyncio.run(metrics.render(measured, PROMETHEUS)).decode()
    assert open_families(page).keys() == families(plain).keys()


def test_a_histogram_adds_up(page: str) -> None:
    """Its buckets only grow, the last is the count, and what is too slow is in it alone."""
    samples = families(page)["watchdog_probe_duration_seconds"].samples
    mine = [s for s in samples if s.labels["program"] == "bot"]
    buckets = [s.value for s in mine if s.name.endswith("_bucket")]
    assert buckets == sorted(buckets)
    assert len(buckets) == len(BUCKETS) + 1
    assert buckets[-2:] == [1, 2]
    assert value(page, "watchdog_probe_duration_seconds_count", program="bot") == 2
    assert value(page, "watchdog_probe_duration_seconds_sum", program="bot") == 99.004
    assert value(page, "watchdog_probe_failures_total", program="bot") == 1


def test_the_memory_of_a_histogram_is_bounded() -> None:
    """A million probes take no more room than one."""
    counts = Counts()
    for number_ in range(10_000):
        counts.note_probe("liveness", "http", number_ / 1000, ok=True)
    assert [len(one.counts) for one in counts.latencies.values()] == [len(BUCKETS) + 1]
    counts.note_probe("liveness", "tcp", 0.1, ok=True)
    assert sum(counts.latencies["liveness"].counts) == 1


def test_a_label_cannot_be_broken_out_of(measured: Measures) -> None:
    """Whatever a program is called, the page stays one that can be read."""
    evil = 'a"} 1\nwatchdog_up{x="\\'
    first = measured.programs[0]
    evil_one = replace(first, view=replace(first.view, name=evil))
    page = asyncio.run(metrics.render(replace(measured, programs=[evil_one]), PROMETHEUS)).decode()
    assert value(page, "watchdog_program_up", program=evil) == 1
    assert escape('"\\\n') == '\\"\\\\\\n'


def test_nothing_of_a_program_but_its_name_is_shown(measured: Measures) -> None:
    """No reason, no path, no status: a token may be in any of them."""
    token = "123456789:AAExampleExampleExampleExampleExamp"
    first = measured.programs[0]
    told = replace(first.view, reason=token, status=token, stdout_log=f"/{token}", singleton=token)
    shown = replace(measured, programs=[replace(first, view=told)])
    assert token not in asyncio.run(metrics.render(shown, PROMETHEUS)).decode()


def test_numbers_keep_their_digits() -> None:
    """A byte count is whole, a moment has its fraction."""
    assert number(3) == number(3.0) == number(True * 3) == "3"
    assert number(1700000000.25) == "1700000000.25"
    assert number(2**40) == "1099511627776"


def test_the_page_needs_the_password(guarded: FakeDaemon) -> None:
    """Without it 401; with it the page, in its type."""
    assert get(guarded)[0].status == 401
    response, text = get(guarded, Authorization="Basic YWRtaW46c2ltcGxl")
    assert response.status == 200
    assert response.headers["Content-Type"] == PROMETHEUS
    assert faults(text) == []


def test_the_page_may_be_public(short_path: Path, backend: FakeBackend) -> None:
    """metrics_public opens this page, and no other."""
    daemon = FakeDaemon(
        short_path / "p.sock", backend, ("127.0.0.1", 0), Credentials("admin", "simple")
    )
    daemon.server._access = Access(metrics_public=True)
    with daemon.running():
        assert get(daemon)[0].status == 200
        assert daemon.server.tcp_address is not None
        connection = http.client.HTTPConnection(*daemon.server.tcp_address, timeout=20)
        connection.request("GET", "/mainlogtail")
        assert connection.getresponse().status == 401
        connection.close()


async def test_a_thousand_programs_do_not_hold_up_the_loop(tmp_path: Path) -> None:
    """The page of a thousand programs is written in pieces, between which others have turns."""
    backend = FakeBackend(tmp_path, *(view(f"p{n}", State.RUNNING) for n in range(1000)))
    measured, longest = await backend.measure(), 0.0

    async def watch() -> None:
        nonlocal longest
        while True:
            before = time.thread_time()
            await asyncio.sleep(0)
            longest = max(longest, time.thread_time() - before)

    watching = asyncio.create_task(watch())
    began = time.thread_time()
    page = await metrics.render(measured, PROMETHEUS)
    took = time.thread_time() - began
    watching.cancel()
    assert page.count(b"\nwatchdog_program_up{") == 1000
    assert longest < took / 5
