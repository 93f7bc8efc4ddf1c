"""The examples for monitoring speak of metrics and fields that there are."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.metrics_core import Metric

from tests.control.exposition import families
from tests.control.fake import FakeBackend, view
from watchdog.control import metrics
from watchdog.control.exposition import PROMETHEUS
from watchdog.core.model import Cause, Health, State
from watchdog.logs.lines import as_json

ROOT = Path(__file__).parents[2]
CONF = ROOT / "conf"
WORD = re.compile(r"\b(?:watchdog|process)_[a-z_]+")
MATCHER = re.compile(r'(\w+)\s*(?:=~|!~|!=|=)\s*"([^"]*)"')
ADDED = {"instance", "job"}  # labels that Prometheus adds
VALUES = {
    "state": {str(state) for state in State},
    "health": {str(health) for health in Health},
    "cause": {str(cause) for cause in Cause},
}


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Metric]:
    """Every metric that a page can have."""
    backend = FakeBackend(tmp_path_factory.mktemp("m"), view("bot", retry_at=1.0))
    page = asyncio.run(metrics.render(asyncio.run(backend.measure()), PROMETHEUS)).decode()
    return families(page)


@pytest.fixture(scope="module")
def samples(known: dict[str, Metric]) -> dict[str, set[str]]:
    """The names of samples, and their labels."""
    found: dict[str, set[str]] = {}
    for sample in (sample for metric in known.values() for sample in metric.samples):
        found.setdefault(sample.name, set()).update(sample.labels)
    return found


def dashboard() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((CONF / "grafana-dashboard.json").read_text())
    return found


def of_dashboard() -> Iterator[str]:
    for panel in dashboard()["panels"]:
        yield from (target["expr"] for target in panel["targets"])
    yield from (
        one["query"] for one in dashboard()["templating"]["list"] if "label_" in one["query"]
    )


def rules() -> list[dict[str, Any]]:
    groups = yaml.safe_load((CONF / "prometheus-alerts.yml").read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


@pytest.mark.parametrize("query", [*of_dashboard(), *(rule["expr"] for rule in rules())])
def test_every_query_asks_for_what_there_is(query: str, samples: dict[str, set[str]]) -> None:
    """Its metrics exist, with the labels and values by which it selects, and it is closed."""
    names = set(WORD.findall(query))
    assert names <= samples.keys(), names - samples.keys()
    labels = set().union(*(samples[name] for name in names)) | ADDED
    for label, text in MATCHER.findall(query):
        assert label in labels
        if label in VALUES and "$" not in text:
            assert set(text.split("|")) <= VALUES[label]
    for grouped in re.findall(r"(?:by|on) \(([^)]*)\)", query):
        assert {word.strip() for word in grouped.split(",")} <= labels
    for opening, closing in ("()", "{}", "[]"):
        assert query.count(opening) == query.count(closing)


@pytest.mark.parametrize("query", [*of_dashboard(), *(rule["expr"] for rule in rules())])
def test_counters_are_not_read_as_gauges(query: str, known: dict[str, Metric]) -> None:
    """What only grows is asked for its growth, but where its sum itself is shown."""
    for name in WORD.findall(query):
        metric = known.get(name.removesuffix("_total"))
        if metric is not None and metric.type == "gauge":
            assert not re.search(rf"(?:rate|increase)\({name}", query)


def test_the_dashboard_is_whole() -> None:
    """Panels have numbers, places and titles of their own, and every one asks something."""
    panels = dashboard()["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    assert len({panel["title"] for panel in panels}) == len(panels)
    assert all(panel["targets"] for panel in panels)
    assert all(p["gridPos"]["x"] + p["gridPos"]["w"] <= 24 for p in panels)


def test_every_alert_says_what_is_wrong() -> None:
    """A name, how bad it is, and a sentence that names what the alert speaks of."""
    names = [rule["alert"] for rule in rules()]
    assert len(set(names)) == len(names)
    for rule in rules():
        assert rule["labels"]["severity"] in ("warning", "critical")
        assert "$labels.instance" in rule["annotations"]["summary"]


def test_the_page_names_every_metric(known: dict[str, Metric]) -> None:
    """docs/monitoring.md has all of them, and no other."""
    page = (ROOT / "docs/monitoring.md").read_text()
    told = set(re.findall(r"^\| `([a-z_]+)` \|", page, re.M))
    there = {m.name + "_total" * (m.type == "counter") for m in known.values()}
    assert told == there


def test_the_log_shippers_read_fields_that_there_are() -> None:
    """What promtail and Alloy take out of a line is in our JSON lines, and in the journal."""
    fields = set(json.loads(as_json(b"x\n", 0.0, "bot", "stdout")))
    jobs = yaml.safe_load((CONF / "promtail.yml").read_text())["scrape_configs"]
    programs, journal = (
        next(stage["json"]["expressions"] for stage in job["pipeline_stages"] if "json" in stage)
        for job in jobs
    )
    assert set(programs.values()) == fields
    assert set(journal.values()) == {"at", "event", "program"}
    alloy = (CONF / "watchdog.alloy").read_text()
    taken = re.search(r"expressions = \{([^}]*)\}", alloy)
    assert taken is not None
    assert set(re.findall(r'"(\w+)"', taken[1])) == fields
    assert alloy.count("{") == alloy.count("}")
    blocks = set(re.findall(r'^([a-z._]+) "(\w+)"', alloy, re.M))
    for kind, label in re.findall(r"\b(loki\.\w+|local\.\w+)\.(\w+)\.(?:receiver|targets)", alloy):
        assert (kind, label) in blocks


def test_prometheus_is_told_where_to_look() -> None:
    """The example scrapes the default port, under the name that the alerts ask for."""
    job = yaml.safe_load((CONF / "prometheus.yml").read_text())["scrape_configs"][0]
    assert job["job_name"] == "watchdog"
    assert job["static_configs"][0]["targets"] == ["127.0.0.1:9877"]


@pytest.mark.parametrize("name", ["nginx.conf", "Caddyfile"])
def test_a_proxy_leads_to_the_port(name: str) -> None:
    """Each example is closed, and passes on to the default port without collecting streams."""
    text = (CONF / name).read_text()
    assert text.count("{") == text.count("}")
    assert "127.0.0.1:9877" in text
    assert "proxy_buffering off" in text or "flush_interval -1" in text


def test_nginx_takes_its_example(tmp_path: Path) -> None:
    """Where there is an nginx, it finds nothing wrong."""
    if not (shutil.which("nginx") and shutil.which("openssl")):
        return  # an example for others: no reason to install a web server for the tests
    key, certificate = tmp_path / "k", tmp_path / "c"
    make = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=x"]
    subprocess.run([*make, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    text = (CONF / "nginx.conf").read_text()
    text = re.sub(r"/etc/ssl/\S+\.pem", str(certificate), text)
    text = re.sub(r"/etc/ssl/\S+\.key", str(key), text)
    whole = tmp_path / "nginx.conf"
    whole.write_text(f"pid {tmp_path}/pid;\nevents {{}}\nhttp {{\n{text}\n}}\n")
    told = subprocess.run(
        ["nginx", "-t", "-c", whole, "-p", tmp_path], capture_output=True, text=True
    )
    assert told.returncode == 0, told.stderr
