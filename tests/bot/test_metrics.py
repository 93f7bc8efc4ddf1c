"""GET /metrics: read by Prometheus' own parsers, and compared with /health."""

from __future__ import annotations

import re
import runpy
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.metrics_core import Metric
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_open
from prometheus_client.parser import text_string_to_metric_families as read

from bot.call_figures import BUCKETS, KINDS, Call, CallFigures, kind_of_status, method_of
from bot.figures import Figures, Phase
from bot.health import Limits
from bot.health_keys import KEYS, STATUSES, TROUBLES, look_up
from bot.metrics import page
from bot.report import Reporter

ROOT = Path(__file__).parents[2]
USER = 42
NOT_BASE = re.compile(r"_(ms|milliseconds|minutes|hours|kb|megabytes|mb|percent)(_|$)")


def scrape(bot: Any, accept: str = "") -> tuple[str, str]:
    """The content type and the page of a running bot."""
    port = bot.port_file.read_text().strip()
    request = urllib.request.Request(f"http://127.0.0.1:{port}/metrics", headers={"Accept": accept})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return answer.headers["Content-Type"], answer.read().decode()


def families(text: str) -> dict[str, Metric]:
    return {metric.name: metric for metric in read(text)}


def value(text: str, name: str, **labels: str) -> float:
    """The one sample of this name with these labels."""
    found = [
        sample.value
        for metric in read(text)
        for sample in metric.samples
        if sample.name == name and labels.items() <= sample.labels.items()
    ]
    assert len(found) == 1, f"{name} {labels}: {found}"
    return float(found[0])


def test_the_page_of_a_running_bot_says_what_its_health_says(bench: Any) -> None:
    """Counts, words and capabilities agree; a 429 is counted; both forms are valid."""
    bot = bench.start_well(ALLOWED_USERS=str(USER))
    fault = {"method": "sendMessage", "bot": bench.id, "status": 429, "retry_after": 1}
    bench.sandbox.fault("answer", count=1, **fault)
    assert bench.ask("my secret words") == ["my secret words"]
    told = lambda: bot.health()[1]["api"]["methods"]["sendMessage"]["calls"] == 2  # noqa: E731
    bench.wait_until(told, "the second call to be noted")
    content_type, text = scrape(bot)
    assert content_type.startswith("text/plain; version=")
    document = bot.health()[1]
    api = document["api"]
    assert (api["last_method"], api["last_status"], api["last_error"]) == ("sendMessage", 200, None)
    assert api["last_latency_seconds"] > 0
    assert api["last_429_seconds"] >= 1
    assert api["last_retry_after_seconds"] == 1
    assert api["errors"]["rate_limited"] == 1
    assert api["methods"]["getUpdates"]["calls"] == document["polling"]["round_trips"]
    assert value(text, "bot_api_errors_total", kind="rate_limited") == 1
    assert value(text, "bot_api_call_duration_seconds_count", method="sendMessage") == 2
    assert value(text, "bot_updates_total") == document["queue"]["updates"] == 1
    assert value(text, "bot_status", status="running") == value(text, "bot_healthy") == 1
    assert value(text, "bot_capability_state", capability="panic", state="off") == 1
    assert value(text, "process_resident_memory_bytes") > 0
    content_type, text_of_standard = scrape(bot, "application/openmetrics-text; version=1.0.0")
    assert content_type.startswith("application/openmetrics-text")
    assert {metric.name for metric in read_open(text_of_standard)} >= {"bot_status", "bot_updates"}
    for private in ("secret words", str(USER), str(bench.id)):
        assert not any(
            private in label
            for metric in read(text)
            for sample in metric.samples
            for label in sample.labels.values()
        )


def test_each_capability_has_a_state_and_a_reason(bench: Any) -> None:
    """well, degraded and off, the latter two with why; `missing` is still there."""
    bot = bench.start(None, DATABASE_URL="postgresql://nobody:nothing@127.0.0.1:9/none")
    capabilities = bot.wait_health("degraded")["capabilities"]
    assert capabilities["knowledge base"]["reason"]
    assert capabilities["basics"] == {"on": True, "state": "well", "reason": None}
    off = capabilities["issue tracker"]
    assert (off["on"], off["state"]) == (False, "off")
    assert off["reason"] == off["missing"] != ""
    text = scrape(bot)[1]
    assert value(text, "bot_trouble", trouble="capability") == 1
    assert value(text, "bot_capability_state", capability="knowledge base", state="degraded") == 1
    assert value(text, "bot_capability_state", capability="issue tracker", state="off") == 1


def full_page() -> str:
    """A page with every metric in it."""
    figures = Figures(123456789)
    figures.phase = Phase.SERVING
    reporter = Reporter(figures, Limits(5, 30))
    numbers = dict.fromkeys(("running", "waiting", "oldest_seconds", "answered", "failed"), 1)
    numbers |= dict.fromkeys(("late", "stopped", "refused", "runs"), 2)
    reporter.capabilities = lambda: {
        "guards": {"on": True, "state": "well", "refused": {"rate": 1}},
        "agents": {"on": True, "state": "degraded", **numbers},
        "panic": {"on": True, "state": "well", **numbers},
    }
    code, document = reporter.document()
    for key in KEYS:
        _fill(document, key.path.split("."))
    figures.calls.note(Call("sendMessage", 1.0, 0.2, 200, None))
    return page(figures.calls, (code, document), "")[1].decode()


def _fill(document: dict[str, Any], path: list[str]) -> None:
    for name in path[:-1]:
        document = document[name]
    if document[path[-1]] is None:
        document[path[-1]] = 1


def test_names_help_and_types_are_by_the_conventions() -> None:
    """Base units, counters (and only they) end in _total, every metric is there with its help."""
    text = full_page()
    found = families(text)
    missing = {key.metric.removesuffix("_total") for key in KEYS if key.metric} - found.keys()
    assert not missing
    for metric in found.values():
        assert metric.documentation
        assert metric.type != "unknown"
        assert re.fullmatch(r"(bot|process)_[a-z0-9_]+", metric.name)
        assert not NOT_BASE.search(metric.name)
        for sample in metric.samples:
            assert sample.name.endswith("_total") == (metric.type == "counter")
    series = [line.rpartition(" ")[0] for line in text.splitlines() if line[0] != "#"]
    assert len(series) == len(set(series))


def test_the_page_of_the_manual_is_up_to_date() -> None:
    """docs/bot-health.md has the tables that the code makes."""
    file = ROOT / "docs" / "bot-health.md"
    write = runpy.run_path(str(ROOT / "docs" / "generate.py"))["write_tables"]
    assert write(file.read_text(encoding="utf-8")) == file.read_text(encoding="utf-8")


def test_every_key_of_the_document_is_in_the_list() -> None:
    """What /health shows is explained, and what is explained is shown."""
    document = Reporter(Figures(123456789), Limits(5, 30)).document()[1]
    listed = {key.path for key in KEYS}
    assert {path for path in _paths(document) if not _covered(path, listed)} == set()
    plain = [path for path in listed if not path.startswith("capabilities")]
    parents = [look_up(document, path.rpartition(".")[0]) or document for path in plain]
    assert all(
        path.rpartition(".")[2] in parent for path, parent in zip(plain, parents, strict=True)
    )


def _paths(document: dict[str, Any], above: str = "") -> list[str]:
    found = []
    for name, below in document.items():
        path = f"{above}{name}"
        found += _paths(below, f"{path}.") if isinstance(below, dict) and below else [path]
    return found


def _covered(path: str, listed: set[str]) -> bool:
    return path in listed or path.rpartition(".")[0] in listed


@given(st.sampled_from([word.word for word in STATUSES + TROUBLES]))
def test_words_are_told_apart(word: str) -> None:
    """One status is 1 and all others 0; no word means both a status and a trouble."""
    names = [one.word for one in STATUSES + TROUBLES]
    assert names.count(word) == 1


@given(st.lists(st.floats(0, 100), max_size=50))
def test_buckets_add_up(durations: list[float]) -> None:
    """Every call is in one bucket, and no bucket has a slower one."""
    calls = CallFigures()
    for seconds in durations:
        calls.note(Call("getMe", 0.0, seconds, 200, None))
    timing = calls.timings.get("getMe")
    assert (timing.calls if timing else 0) == len(durations)
    for index, bound in enumerate(BUCKETS):
        fast = sum(seconds <= bound for seconds in durations)
        assert (sum(timing.counts[: index + 1]) if timing else 0) == fast


@pytest.mark.parametrize(
    ("url", "method"),
    [
        ("https://api.telegram.org/bot123456:AAE/sendMessage", "sendMessage"),
        ("https://api.telegram.org/file/bot123456:AAE/documents/file", "download"),
        ("https://api.telegram.org/bot123456:AAExampleExample", "unknown"),
        ("", "unknown"),
    ],
)
def test_nothing_of_a_url_but_the_method_is_kept(url: str, method: str) -> None:
    """The token in it least of all."""
    assert method_of(url) == method


@given(st.integers(100, 599))
def test_every_status_has_a_kind(status: int) -> None:
    """Those of success have none; all others have one that is listed."""
    kind = kind_of_status(status)
    assert (kind is None) == (200 <= status < 300)
    assert kind is None or kind in KINDS


def test_calls_that_get_no_answer_are_counted_by_kind(bench: Any) -> None:
    """A broken connection is `network`, a refusal of the server `server`, 403 `forbidden`."""
    bot = bench.start_well(POLL_TIMEOUT="1")
    bench.sandbox.fault("answer", method="sendMessage", bot=bench.id, status=403, count=1)
    bench.ask("one", seconds=0.5)
    bench.sandbox.fault("drop", method="sendMessage", bot=bench.id, count=1)
    bench.ask("two", seconds=0.5)
    bench.sandbox.fault("answer", method="getUpdates", bot=bench.id, status=502, count=1)

    def told() -> bool:
        errors = bot.health()[1]["api"]["errors"]
        return all(errors[kind] == 1 for kind in ("forbidden", "network", "server"))

    bench.wait_until(told, "the kinds of errors")
