"""GET /metrics: the health document as Prometheus reads it (or OpenMetrics, for who asks).

Nothing is counted twice: what is shown is what `bot.health_keys` names in the document, and the
time that calls took. No label holds a text of somebody's, a user, a chat or a token: their values
are words of this bot's own code.

Import it only where metrics are asked for: prometheus_client takes 50 ms.
"""

from collections.abc import Iterator
from itertools import accumulate
from typing import Any

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from bot.call_figures import BUCKETS, CallFigures, Timing
from bot.health_keys import KEYS, STATUSES, TROUBLES, Key, Type

Document = tuple[int, dict[str, Any]]  # with its HTTP status
_STATES = ("well", "degraded", "off")
_FAMILIES: dict[Type, type[GaugeMetricFamily] | type[CounterMetricFamily]] = {
    "gauge": GaugeMetricFamily,
    "counter": CounterMetricFamily,
}


def page(calls: CallFigures, document: Document, accept: str) -> tuple[str, bytes]:
    """The content type and the page, in the form that an Accept header asks for."""
    registry = CollectorRegistry()
    registry.register(_Snapshot(calls, *document))
    ProcessCollector(registry=registry)  # CPU, memory, descriptors, where it can tell
    encode, content_type = choose_encoder(accept)
    return content_type, encode(registry)


class _Snapshot(Collector):
    def __init__(self, calls: CallFigures, code: int, document: dict[str, Any]) -> None:
        self._calls, self._code, self._document = calls, code, document

    def describe(self) -> list[Metric]:
        """No names to compare: there is one collector of each kind."""
        return []

    def collect(self) -> Iterator[Metric]:
        """All families."""
        yield GaugeMetricFamily("bot_healthy", "Whether /health answers 200.", self._code == 200)
        families = (_family(key, self._document) for key in KEYS if key.metric)
        yield from (family for family in families if family.samples)
        yield durations(self._calls)


def _family(key: Key, document: dict[str, Any]) -> Metric:
    labels = key.label.split(", ") if key.label else []
    family = _FAMILIES[key.type](key.metric, key.about, labels=labels)
    samples = _WORDS[key.path](document) if key.path in _WORDS else key.samples(document)
    for values, number in samples:
        family.add_metric(values, number)
    return family


def _of_words(path: str, words: tuple[str, ...]) -> Any:
    """1 for the word that the document has there, 0 for all others it might have."""

    def samples(document: dict[str, Any]) -> Iterator[tuple[tuple[str, ...], float]]:
        for word in words:
            yield (word,), float(document[path] == word)

    return samples


def _capabilities(document: dict[str, Any]) -> Iterator[tuple[tuple[str, ...], float]]:
    for name, figures in document["capabilities"].items():
        for state in _STATES:
            yield (name, state), float(figures["state"] == state)


_WORDS = {
    "status": _of_words("status", tuple(one.word for one in STATUSES)),
    "trouble": _of_words("trouble", tuple(one.word for one in TROUBLES)),
    "version": lambda document: [((document["version"],), 1.0)],
    "capabilities": _capabilities,
}


def durations(calls: CallFigures) -> Metric:
    """How long calls took, by method; polls too."""
    family = HistogramMetricFamily(
        "bot_api_call_duration_seconds",
        "How long calls to the Bot API took.",
        labels=["method"],
    )
    for method, timing in dict(calls.timings).items():
        family.add_metric([method], _buckets(timing), timing.seconds)
    return family


def _buckets(timing: Timing) -> list[tuple[str, float]]:
    bounds = [*(str(float(bound)) for bound in BUCKETS), "+Inf"]
    return list(zip(bounds, map(float, accumulate(timing.counts)), strict=True))
