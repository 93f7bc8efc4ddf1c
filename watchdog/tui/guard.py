"""What stands before everything that a browser may ask for: user, password, origin.

The page, its scripts and the terminal behind the websocket: nothing is served before. A browser
that has given the password gets a cookie, for not every browser sends a password to a websocket.
"""

from __future__ import annotations

import asyncio
import hmac
import secrets

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from watchdog.wire.login import Credentials, comes_from_elsewhere

COOKIE = "watchdog_view"
PENALTY = 0.5  # seconds for each wrong password, one after another: two guesses a second


class Guard:
    """Lets in who knows the password."""

    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials
        self._token = secrets.token_urlsafe(32)  # of this server, and of no other
        self._waiting = asyncio.Lock()

    def middleware(self) -> Middleware:
        """As aiohttp takes it."""

        @web.middleware
        async def stand(request: web.Request, handler: Handler) -> web.StreamResponse:
            return await self.stand(request, handler)

        return stand

    async def stand(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """The handler's answer, or a refusal."""
        if comes_from_elsewhere({name.lower(): value for name, value in request.headers.items()}):
            return web.Response(status=403, text="This page may not be used by another one.\n")
        if not await self._knows(request):
            return web.Response(
                status=401,
                text="User and password are needed.\n",
                headers={"WWW-Authenticate": 'Basic realm="watchdog", charset="UTF-8"'},
            )
        return await handler(request)

    def welcome(self, request: web.Request, response: web.StreamResponse) -> None:
        """Give whoever loads the page the cookie for the rest of it."""
        response.set_cookie(
            COOKIE, self._token, httponly=True, samesite="Strict", secure=request.secure
        )

    async def _knows(self, request: web.Request) -> bool:
        cookie = request.cookies.get(COOKIE, "")
        if hmac.compare_digest(cookie.encode(), self._token.encode()):
            return True
        given = request.headers.get("Authorization", "")
        if self._credentials.match(given):
            return True
        if given:
            async with self._waiting:
                await asyncio.sleep(PENALTY)
        return False
