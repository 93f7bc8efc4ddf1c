"""Which path is answered by what.

`Routes` is built once for each listener, its door: over TCP a request must get past it first.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from urllib.parse import parse_qs, unquote

from watchdog.control import names
from watchdog.control.access import Door
from watchdog.control.backend import Stream
from watchdog.control.gate import Gate
from watchdog.control.http import Reply, Request, plain
from watchdog.control.rpc import Api, answer
from watchdog.wire.xmlrpc import Malformed, read_call

Report = Callable[[str, Exception], None]

_HEAD_BYTES = 1024  # of a log that is followed, as supervisor shows before what is new
_MOST_LINES = 10_000


class Routes:
    """The paths of one listener."""

    def __init__(self, api: Api, report: Report, door: Door) -> None:
        self._api = api
        self._report = report
        self._gate = Gate(door)

    async def respond(self, request: Request) -> Reply:
        """The reply to a request."""
        path = request.target.partition("?")[0]
        if path == "/healthz":
            return _allow(request, "GET") or self._tell_health()
        return self._gate.stop(request) or await self._route(path, request)

    def _tell_health(self) -> Reply:
        """For load balancers: whether this watchdog is here to stay. Not how its programs are."""
        state = self._api.backend.watchdog().state
        return plain(200, "ok") if state == "RUNNING" else plain(503, "shutting down")

    async def _route(self, path: str, request: Request) -> Reply:
        if path in ("/RPC2", "/RPC2/"):
            return _allow(request, "POST") or await self._call(request)
        if path == "/metrics":
            return _allow(request, "GET") or await self._expose(request)
        if path == "/mainlogtail":
            log = self._api.backend.main_log_path()
            return _allow(request, "GET") or self._follow(log, request)
        if path.startswith("/logtail/"):
            return _allow(request, "GET") or self._follow_program(path, request)
        return plain(404)

    async def _expose(self, request: Request) -> Reply:
        from watchdog.control import exposition, metrics  # only where somebody measures

        form = exposition.choose_form(request.headers.get("accept", ""))
        page = await metrics.render(await self._api.backend.measure(), form)
        return Reply(200, page, type=form)

    async def _call(self, request: Request) -> Reply:
        try:
            call = read_call(request.body)
        except Malformed as error:
            return plain(400, f"No XML-RPC call: {error}")
        return Reply(200, await answer(self._api, call, self._report), type="text/xml")

    def _follow_program(self, path: str, request: Request) -> Reply:
        name, _, stream = unquote(path).removeprefix("/logtail/").partition("/")
        found = names.match(self._api.backend.programs(), name)
        if len(found) != 1:
            return plain(404, f"There is no program {_printable(name)}")
        if stream not in ("", "stdout", "stderr"):
            return plain(404)
        channel: Stream = "stderr" if stream == "stderr" else "stdout"
        return self._follow(self._api.backend.log_path(found[0].name, channel), request)

    def _follow(self, path: str | None, request: Request) -> Reply:
        if path is None or not Path(path).is_file():  # it may also be sent to a pipe
            return plain(404, "There is no log to read")
        # nginx would collect the stream into blocks otherwise
        headers = (("X-Accel-Buffering", "no"),)
        return Reply(200, headers=headers, stream=self._stream(Path(path), request))

    def _stream(self, path: Path, request: Request) -> AsyncIterator[bytes]:
        asked = parse_qs(request.target.partition("?")[2]).get("lines", [""])[0]
        if asked.isdecimal():
            return self._api.logs.follow(path, min(int(asked[:9]), _MOST_LINES))
        return self._api.logs.follow(path, self._lines_at_end(path))

    def _lines_at_end(self, path: Path) -> int:
        """How many lines the last bytes hold. Whole lines: supervisor begins amid one."""
        return max(1, self._api.logs.tail_log(path, 0, _HEAD_BYTES)[0].count("\n"))


def _printable(name: str) -> str:
    """A name that somebody sent, so that it can neither end a line nor steer a terminal."""
    return "".join(char if char.isprintable() else "?" for char in name[:100])


def _allow(request: Request, method: str) -> Reply | None:
    """Nothing if the method is right, else the reply that says which is."""
    if request.method == method or (method == "GET" and request.method == "HEAD"):
        return None
    return Reply(405, f"Only {method} is allowed here\n".encode(), headers=(("Allow", method),))
