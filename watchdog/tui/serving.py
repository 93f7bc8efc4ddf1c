"""`watchdog web`: the view in a browser. Each page that is open is a `watchdog top` of its own.

Textual's own server (textual-serve) carries the terminal; the guard stands before it.
"""

from __future__ import annotations

import asyncio
import shlex
import signal
from collections.abc import Callable, Sequence
from typing import Any

from aiohttp import web
from textual_serve.server import Server, to_int

from watchdog.tui.guard import Guard
from watchdog.tui.page import HEADERS, page
from watchdog.wire.login import Credentials

MOST_VIEWS = 8  # open at once; each is a process of some 60 MB
LETTERS = 16  # pixels
LARGEST = 64

Announce = Callable[[str], None]


class WebView(Server):
    """Textual's server with a page of ours, and a bound on how many views are open."""

    def __init__(self, command: Sequence[str], guard: Guard) -> None:
        super().__init__(shlex.join(command), title="watchdog")
        self._guard = guard
        self._open = 0

    async def make(self) -> web.Application:
        """The application, guarded."""
        app: web.Application = await self._make_app()
        app.middlewares.append(self._guard.middleware())
        app.on_response_prepare.append(add_headers)
        return app

    async def on_startup(self, app: web.Application) -> None:
        """Nothing is printed but the address."""

    async def handle_index(self, request: web.Request) -> web.Response:
        """The page, whose websocket is at the very address that the browser has used."""
        size = min(max(to_int(request.query.get("fontsize", ""), LETTERS), 6), LARGEST)
        scheme = "wss" if is_secure(request) else "ws"
        text = page("watchdog", f"{scheme}://{request.host}/ws", size)
        response = web.Response(text=text, content_type="text/html")
        self._guard.welcome(request, response)
        return response

    async def handle_websocket(self, request: web.Request) -> Any:
        """A view, if there is room for one more."""
        if self._open >= MOST_VIEWS:
            return web.Response(status=503, text=f"{MOST_VIEWS} views are open already.\n")
        self._open += 1
        try:
            return await super().handle_websocket(request)
        finally:
            self._open -= 1


def is_secure(request: web.Request) -> bool:
    """Whether the browser speaks TLS, be it with a proxy before us."""
    return request.secure or request.headers.get("X-Forwarded-Proto", "").lower() == "https"


async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """What keeps other pages out."""
    response.headers.update(HEADERS)


def serve(
    command: Sequence[str], host: str, port: int, login: tuple[str, str], announce: Announce
) -> None:
    """Serve views made by this command until SIGINT or SIGTERM. OSError: the address is taken.

    `announce` is told the URL. Port 0 is any that is free.
    """
    asyncio.run(_serve(command, host, port, login, announce))


async def _serve(
    command: Sequence[str], host: str, port: int, login: tuple[str, str], announce: Announce
) -> None:
    view = WebView(command, Guard(Credentials(*login)))
    runner = web.AppRunner(await view.make(), access_log=None, shutdown_timeout=2.0)
    await runner.setup()
    over = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, over.set)
    try:
        await web.TCPSite(runner, host, port).start()
        announce(url_of(host, runner.addresses[0][1]))
        await over.wait()
    finally:
        await runner.cleanup()


def url_of(host: str, port: int) -> str:
    """What to type into a browser."""
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"
