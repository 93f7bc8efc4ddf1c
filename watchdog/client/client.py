"""Calls to a running watchdog, as methods with plain values."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal, TypeVar

from watchdog.client.address import parse
from watchdog.client.errors import Refused, Unreachable
from watchdog.client.http import Connection
from watchdog.wire.faults import Fault, explain
from watchdog.wire.xmlrpc import Malformed, read_result, write_call

QUICK = 10.0  # seconds within which a watchdog whose loop turns has answered a question
UNAUTHORIZED = 401  # HTTP's status where user and password are missing or wrong
Stream = Literal["stdout", "stderr"]
Ask = Callable[[], "tuple[str, str] | None"]  # for user and password
T = TypeVar("T")


def nobody() -> None:
    """There is nobody to ask."""


class Client:
    """A watchdog at an address: a path, `unix:///path`, `http://host:port` or `https://host`.

    Every method raises `Unreachable` if nobody answers and `Refused` if the answer is no.
    """

    def __init__(self, address: str, ask: Ask = nobody) -> None:
        self.address = parse(address)
        self._ask = ask  # for user and password, once they are asked for
        self._connection: Connection | None = None

    def call(self, method: str, *params: Any, seconds: float | None = QUICK) -> Any:
        """The result of any method of the API; `seconds` is None for one that takes its time."""
        request = write_call(method, params)
        body = self._logged_in(lambda: self._connect().post("/RPC2", request, seconds))
        try:
            return read_result(body)
        except Fault as fault:
            raise Refused(fault.code, explain(fault)) from None
        except Malformed as error:
            raise Unreachable(str(self.address), f"it answers in no known way ({error})") from None

    def status(self) -> dict[str, Any]:
        """The watchdog and its programs, as `watchdog status --json` prints them."""
        result: dict[str, Any] = self.call("watchdog.status")
        return result

    def request(self, action: str, names: Sequence[str]) -> list[dict[str, str]]:
        """start, stop or restart; returns when it is done: name, outcome and text for each."""
        result: list[dict[str, str]] = self.call(f"watchdog.{action}", list(names), seconds=None)
        return result

    def restart_with_dependents(self, names: Sequence[str]) -> list[dict[str, str]]:
        """Restart these and who depends on them, in order; as `request`."""
        method = "watchdog.restartWithDependents"
        result: list[dict[str, str]] = self.call(method, list(names), seconds=None)
        return result

    def signal(self, signal: str, names: Sequence[str]) -> list[dict[str, str]]:
        """Send a signal: name, outcome and text for each."""
        result: list[dict[str, str]] = self.call("watchdog.signal", signal, list(names))
        return result

    def reload(self) -> dict[str, list[str]]:
        """Apply the changed configuration: added, changed, removed, retuned and notes."""
        result: dict[str, list[str]] = self.call("watchdog.reload", seconds=None)
        return result

    def restart_rolling(
        self, names: Sequence[str], unavailable: int, within: float
    ) -> list[dict[str, str]]:
        """Restart one after the other, the next when the last is ready; as `request`."""
        method, params = "watchdog.restartRolling", (list(names), unavailable, within)
        result: list[dict[str, str]] = self.call(method, *params, seconds=None)
        return result

    def reload_programs(self, names: Sequence[str]) -> list[dict[str, str]]:
        """Have programs read their own configurations again; as `request`."""
        method = "watchdog.reloadPrograms"
        result: list[dict[str, str]] = self.call(method, list(names), seconds=None)
        return result

    def scales(self) -> list[dict[str, Any]]:
        """Every program with instances: name, count, and what the file says."""
        result: list[dict[str, Any]] = self.call("watchdog.scales")
        return result

    def scale(self, wanted: dict[str, int | str], wait: bool = True) -> list[dict[str, str]]:
        """Have so many of each; name, action, outcome and text of each that came or went."""
        seconds = None if wait else QUICK
        result: list[dict[str, str]] = self.call("watchdog.scale", wanted, wait, seconds=seconds)
        return result

    def upgrade(self) -> dict[str, Any]:
        """Have it replaced by the installed version: what ran, once that has passed its trial."""
        result: dict[str, Any] = self.call("watchdog.upgrade", seconds=None)
        return result

    def upgrades(self) -> dict[str, Any]:
        """What runs: pid, version, python, count of upgrades, trouble of the latest attempt."""
        result: dict[str, Any] = self.call("watchdog.upgrades")
        return result

    def incidents(self, program: str = "") -> list[dict[str, Any]]:
        """What is kept of failures, newest first; of one program, or of all."""
        result: list[dict[str, Any]] = self.call("watchdog.incidents", program)
        return result

    def incident(self, id: str) -> dict[str, Any]:
        """One incident, with all its evidence and its story under "told"."""
        result: dict[str, Any] = self.call("watchdog.incident", id)
        return result

    def why(self, program: str) -> str:
        """What happened to a program last, and how it is now, in sentences."""
        return str(self.call("watchdog.why", program))

    def shut_down(self) -> None:
        """Have it stop everything and end; returns at once."""
        self.call("watchdog.shutdown")

    def give_way(self) -> None:
        """Have it end without its programs, for another one to adopt them, if it is left behind."""
        self.call("watchdog.giveWay")

    def wait_until_gone(self) -> None:
        """Return once the watchdog has ended."""
        self._connect().wait_until_closed()

    def last_lines(self, name: str, stream: Stream, count: int) -> str:
        """The end of a program's output."""
        return str(self.call("watchdog.lastLines", name, stream, count))

    def follow(self, name: str, stream: Stream, lines: int) -> Iterator[bytes]:
        """The last lines of a program's output, then what it goes on to write."""
        from urllib.parse import quote

        path = f"/logtail/{quote(name)}/{stream}?lines={lines}"
        return self._logged_in(lambda: self._connect().open_stream(path))

    def close(self) -> None:
        """Hang up."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def interrupt(self) -> None:
        """End a call or a stream that another thread waits for; it gets `Unreachable`."""
        if self._connection is not None:
            self._connection.interrupt()

    def _logged_in(self, do: Callable[[], T]) -> T:
        """Do it; if a password is asked for, with the one that `ask` gives."""
        try:
            return do()
        except Refused as refused:
            login = self._ask() if refused.code == UNAUTHORIZED else None
            if login is None:
                raise
        self.close()
        self._ask = nobody
        self.address = self.address._replace(user=login[0], password=login[1])
        try:
            return do()
        except Refused as refused:
            if refused.code == UNAUTHORIZED:
                raise Refused(UNAUTHORIZED, "the user or the password is wrong") from None
            raise

    def _connect(self) -> Connection:
        if self._connection is None:
            self._connection = Connection(self.address)
        return self._connection
