"""Metrics of all workers together: whichever of them answers /metrics, the sums are the same.

gunicorn.conf.py sets PROMETHEUS_MULTIPROC_DIR, where each worker keeps its counts in files; here
they are added up. Without it (`flask run`) it is the ordinary registry of one process.
"""

from __future__ import annotations

import os
import time

from flask import Flask, Response, g, request
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector

REQUESTS = Counter("mimic_http_requests", "Answered requests.", ["method", "route", "status"])
SECONDS = Histogram("mimic_http_request_seconds", "Time to answer.", ["route"])
SOCKETS = Gauge("mimic_websockets", "Open WebSockets.", multiprocess_mode="livesum")


def install(app: Flask) -> None:
    """Count every request, and serve /metrics."""

    @app.before_request
    def begin() -> None:
        g.begun = time.monotonic()

    @app.after_request
    def count(response: Response) -> Response:
        # The rule and not the path: anybody can ask for any path, and each would be a series.
        route = request.url_rule.rule if request.url_rule else "none"
        REQUESTS.labels(request.method, route, response.status_code).inc()
        SECONDS.labels(route).observe(time.monotonic() - g.begun)
        return response

    @app.get("/metrics")
    def metrics() -> Response:
        return Response(generate_latest(_gather()), content_type=CONTENT_TYPE_LATEST)


def _gather() -> CollectorRegistry:
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return REGISTRY
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return registry
