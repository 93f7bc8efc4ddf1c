"""gunicorn's settings; it finds this file by its name in the working directory.

Nothing of `mimic` is imported here: what the master has imported, a reload does not load anew.
"""

from __future__ import annotations

import importlib
import os
import shutil
from pathlib import Path
from typing import Any

# With `sockets` in watchdog.toml the watchdog listens, and hands the socket over: this is not used.
bind = f"127.0.0.1:{os.environ.get('WEB_PORT') or 8000}"
workers = int(os.environ.get("WEB_CONCURRENCY") or 4)
worker_class = "gthread"
threads = 8  # of each worker; a WebSocket takes one
graceful_timeout = 10  # seconds for requests that are being answered; below the watchdog's `stop`
control_socket_disable = True  # nobody needs it, and its place is the same for every gunicorn
preload_app = False  # so that a reload (SIGHUP) loads our code anew

# Where each worker keeps its counts. To be set before prometheus_client is imported.
_metrics = Path(os.environ.get("MIMIC_STATE") or "state").absolute() / "web-metrics"
os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(_metrics)


def on_starting(server: Any) -> None:
    """Before the first worker. Counts begin anew with a new gunicorn; a reload keeps them.

    The libraries are imported once, here, instead of by each worker: in a reload the workers of
    before stop at once, and requests wait until the new ones are there.
    """
    shutil.rmtree(_metrics, ignore_errors=True)
    _metrics.mkdir(parents=True)
    for library in ("arq", "flask_sock", "prometheus_client", "sqlalchemy", "simple_websocket"):
        importlib.import_module(library)


def post_worker_init(worker: Any) -> None:
    """WebSockets ask this whether they have to make room."""
    worker.wsgi.config["MIMIC_LEAVING"] = lambda: not worker.alive


def child_exit(server: Any, worker: Any) -> None:
    """The gauges of a worker that is gone do not count any more."""
    from prometheus_client.multiprocess import mark_process_dead

    mark_process_dead(worker.pid)
