"""What is served over HTTP.

GET  /                  what this is
GET  /health            is this process well; for the watchdog
GET  /positions         what is open
GET  /orders            what the exchange has filled
POST /signals           {"id", "symbol", "quantity"}: have the worker buy
GET  /signals/ID        how far that is
POST /resume            trade again after a panic
"""

from __future__ import annotations

import os
from decimal import Decimal, InvalidOperation
from typing import Any

import redis
from flask import Flask, Response, jsonify, request

from mimic.engine.desk import Desk
from mimic.engine.market import BASE
from mimic.queue import Gauge, enqueue_trade, find_status
from mimic.settings import Settings


class BadSignal(ValueError):
    """The document is none; the text says what is allowed."""


def install(app: Flask, settings: Settings, desk: Desk, gauge: Gauge) -> None:
    """Add the routes."""
    _install_looks(app, desk, gauge)
    _install_signals(app, settings)

    @app.post("/resume")
    def resume() -> Response:
        desk.book.resume()
        return jsonify(trading=True)


def _install_looks(app: Flask, desk: Desk, gauge: Gauge) -> None:
    @app.get("/")
    def index() -> Response:
        return jsonify(name="mimic", symbols=list(BASE), worker=os.getpid())

    @app.get("/health")
    def health() -> Response:
        # Always 200 if we can answer at all: restarting the web server brings no Redis back. What
        # is amiss elsewhere is a note, which `watchdog status` shows.
        document: dict[str, Any] = {"status": "running", "pid": os.getpid()}
        if note := gauge.complaint():
            document["reason"] = note
        return jsonify(document)

    @app.get("/positions")
    def positions() -> Response:
        found = [
            {"id": one.id, "symbol": one.symbol, "quantity": str(one.quantity)}
            for one in desk.book.list_open()
        ]
        return jsonify(positions=found, halted_by=desk.book.halted_by())

    @app.get("/orders")
    def orders() -> Response:
        found = [
            {"id": one.id, "side": one.side, "symbol": one.symbol, "quantity": str(one.quantity)}
            for one in desk.exchange.list_orders()
        ]
        return jsonify(orders=found)


def _install_signals(app: Flask, settings: Settings) -> None:
    @app.post("/signals")
    def signal() -> tuple[Response, int]:
        try:
            job, symbol, quantity = read_signal(request.get_json(silent=True))
        except BadSignal as error:
            return jsonify(error=str(error)), 400
        fresh = enqueue_trade(settings.redis_url, job, symbol, quantity)
        return jsonify(job=job, fresh=fresh), 202

    @app.get("/signals/<job>")
    def look(job: str) -> Response:
        return jsonify(job=job, status=find_status(settings.redis_url, job))

    @app.errorhandler(redis.RedisError)
    @app.errorhandler(OSError)
    def unavailable(error: Exception) -> tuple[Response, int]:
        return jsonify(error=f"the queue cannot be used: {error}"), 503


def read_signal(document: Any) -> tuple[str, str, Decimal]:
    """(id, symbol, quantity); raises BadSignal."""
    if not isinstance(document, dict):
        raise BadSignal("a JSON object with id, symbol and quantity is needed")
    job, symbol = document.get("id"), document.get("symbol")
    if not isinstance(job, str) or not 0 < len(job) <= 60:
        raise BadSignal("id: a text of 1 to 60 characters is needed, the same for a repetition")
    if symbol not in list(BASE):  # which compares, and so takes anything
        raise BadSignal(f"symbol: found {symbol!r}; allowed: {', '.join(BASE)}")
    try:
        quantity = Decimal(str(document.get("quantity")))
    except InvalidOperation:
        quantity = Decimal(0)
    if not (quantity.is_finite() and 0 < quantity <= 1000):
        raise BadSignal("quantity: a number above 0 and up to 1000 is needed")
    return job, str(symbol), quantity
