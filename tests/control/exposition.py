"""The rules that a page of metrics must keep, as promtool's lint has them, and some of our own."""

from __future__ import annotations

import re
from collections.abc import Iterator

from prometheus_client.metrics_core import Metric
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_open
from prometheus_client.parser import text_string_to_metric_families as read

UNITS = ("seconds", "bytes", "fds", "processes", "info", "ratio")
NOT_BASE = re.compile(r"_(ms|milliseconds|minutes|hours|kb|kilobytes|megabytes|mb|percent)(_|$)")
LABELS = {"program", "group", "state", "health", "cause", "stream", "role", "kind", "le"}
ABOUT = {"version", "python"}


def families(page: str) -> dict[str, Metric]:
    """The metrics of a page by name, read by Prometheus' own parser."""
    return {metric.name: metric for metric in read(page)}


def open_families(page: str) -> dict[str, Metric]:
    """The same for OpenMetrics, whose parser is strict."""
    return {metric.name: metric for metric in read_open(page)}


def value(page: str, name: str, **labels: str) -> float:
    """The one sample of this name with these labels."""
    found = [
        sample.value
        for metric in read(page)
        for sample in metric.samples
        if sample.name == name and labels.items() <= sample.labels.items()
    ]
    assert len(found) == 1, f"{name} {labels}: {found}"
    return float(found[0])


def faults(page: str) -> list[str]:
    """Everything that is wrong with a page."""
    return [*_faults_of_lines(page), *_faults_of_families(page)]


def _faults_of_lines(page: str) -> Iterator[str]:
    series = [line.rpartition(" ")[0] for line in page.splitlines() if not line.startswith("#")]
    if len(series) != len(set(series)):
        yield f"a series comes twice: {sorted(s for s in series if series.count(s) > 1)[:3]}"
    for word in ("HELP", "TYPE"):
        heads = re.findall(rf"^# {word} (\S+)", page, re.M)
        if len(heads) != len(set(heads)):
            yield f"{word} comes twice for a metric"
    if not page.endswith("\n"):
        yield "the last line has no end"


def _faults_of_families(page: str) -> Iterator[str]:
    for metric in read(page):
        yield from _faults_of(metric)


def _faults_of(metric: Metric) -> Iterator[str]:
    name = metric.name
    if not metric.documentation:
        yield f"{name} has no help"
    if metric.type == "unknown":
        yield f"{name} has no type"
    if not re.fullmatch(r"(watchdog|process)_[a-z_]+", name) or NOT_BASE.search(name):
        yield f"{name} is no name by the conventions"
    for sample in metric.samples:
        if metric.type == "counter" and not sample.name.endswith("_total"):
            yield f"{sample.name} is a counter without _total"
        if metric.type != "counter" and sample.name.endswith("_total"):
            yield f"{sample.name} is no counter"
        if unknown := sample.labels.keys() - LABELS - ABOUT:
            yield f"{sample.name} has the labels {unknown}"
        if metric.type in ("counter", "histogram") and sample.value < 0:
            yield f"{sample.name} is negative"
