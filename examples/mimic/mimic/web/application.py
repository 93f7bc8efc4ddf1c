"""The Flask application, put together."""

from __future__ import annotations

from flask import Flask

from mimic.engine.desk import open_desk
from mimic.queue import Gauge
from mimic.settings import Settings
from mimic.web import metrics, routes, stream


def make_app(settings: Settings) -> Flask:
    """One for each of gunicorn's workers; the database is opened here, after the fork."""
    app = Flask("mimic")
    metrics.install(app)
    routes.install(app, settings, open_desk(settings), Gauge(settings.redis_url))
    stream.install(app)
    return app
