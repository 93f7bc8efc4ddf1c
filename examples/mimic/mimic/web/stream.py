"""/ws: a WebSocket that sends all prices once a second, and at once when it is asked anything.

Each takes one of its worker's threads. When the worker is to end (a restart, a reload), it says
1001 "going away" instead of holding that up; a client then connects again, to the next worker.
"""

from __future__ import annotations

import contextlib
import json
import socket
import time
from collections.abc import Callable

from flask import Flask, current_app, request
from flask_sock import Sock
from simple_websocket import ConnectionClosed, Server

from mimic.engine.market import BASE, price
from mimic.web.metrics import SOCKETS

GOING_AWAY = 1001
PERIOD = 1.0  # seconds
FAREWELL = 1.0  # seconds for a client to answer the end
LEAVING = "MIMIC_LEAVING"
"""The key in the application's configuration of a function: is this worker to end?"""


def install(app: Flask) -> None:
    """Serve /ws."""
    app.config.setdefault(LEAVING, lambda: False)  # gunicorn.conf.py knows better
    app.config["SOCK_SERVER_OPTIONS"] = {"ping_interval": 25}
    app.before_request(give_own_socket)
    sock = Sock(app)

    @sock.route("/ws")  # type: ignore[untyped-decorator]
    def prices(connection: Server) -> None:
        with SOCKETS.track_inprogress():
            send_prices(connection, current_app.config[LEAVING])


def give_own_socket() -> None:
    """A WebSocket closes what it was given, and so does gunicorn: each gets its own descriptor.

    With one for both, gunicorn (27) takes one connection too many off its count, and a worker that
    is to end then leaves while it still has one: a request on it is cut off.
    """
    if request.url_rule is not None and request.url_rule.websocket:
        shared = request.environ.get("gunicorn.socket")
        if shared is not None:
            request.environ["gunicorn.socket"] = shared.dup()


def send_prices(connection: Server, leaving: Callable[[], bool]) -> None:
    """Until the client or the worker leaves."""
    try:
        while not leaving():
            now = time.time()
            connection.send(json.dumps({symbol: str(price(symbol, now)) for symbol in BASE}))
            connection.receive(timeout=PERIOD)
        dismiss(connection)
    except ConnectionClosed:
        return


def dismiss(connection: Server) -> None:
    """Close it from our side, and see to it that its thread ends, or the worker could not.

    The library's thread waits for the client's answer, which may never come.
    """
    connection.close(GOING_AWAY, "this worker ends; connect again")
    connection.thread.join(FAREWELL)
    with contextlib.suppress(OSError):
        connection.sock.shutdown(socket.SHUT_RDWR)
    connection.thread.join(FAREWELL)
