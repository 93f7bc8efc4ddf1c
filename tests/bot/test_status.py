"""The lines of /status, and the call that fetches the watchdog's part."""

from __future__ import annotations

import socket
import threading
from pathlib import Path
from typing import Any

import pytest

from bot.status import describe, watchdog_view
from bot.supervisor import Unanswered, ask_watchdog

WATCHDOG = {"pid": 7, "version": "0.1.0", "state": "RUNNING", "uptime_seconds": 266400.0}
PROGRAM = {
    "name": "bot",
    "state": "RUNNING",
    "health": "unhealthy",
    "reason": "http probe failed 2 times",
    "incarnation": 4,
    "uptime_seconds": 61.9,
    "restarts": 3,
}
INCIDENT = {"at": 1_700_000_000.0, "cause": "hang", "reason": "http probe failed 3 times"}


def lines(*programs: dict[str, Any], incidents: list[dict[str, Any]]) -> list[str]:
    return describe({"watchdog": WATCHDOG, "programs": list(programs)}, incidents, "bot")


def test_all_that_a_person_asks_for_is_there() -> None:
    """State, health, incarnation, uptime, why, and the newest incident."""
    assert lines(PROGRAM, incidents=[INCIDENT, {"at": 0, "cause": "crash", "reason": ""}]) == [
        "watchdog: RUNNING, pid 7, up 3 d 2 h",
        "program bot: RUNNING, unhealthy, incarnation 4, up 1 min 1 s, restarts: 3",
        "http probe failed 2 times",
        "last incident: 2023-11-14 22:13:20 UTC, hang: http probe failed 3 times",
    ]


def test_what_is_not_there_is_said() -> None:
    """No incident, no uptime, or a program that was taken out of the configuration."""
    stopped = PROGRAM | {"uptime_seconds": None, "reason": ""}
    assert "up no time" in lines(stopped, incidents=[])[1]
    assert lines(stopped, incidents=[])[2] == "last incident: none is kept"
    assert lines(incidents=[])[1] == "it knows no program bot any more"


def answer_once(path: Path, answer: bytes) -> None:
    """A server at a unix socket that takes one connection and says this."""
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()
        threading.Thread(target=_serve, args=(server.dup(), answer), daemon=True).start()


def _serve(server: socket.socket, answer: bytes) -> None:
    with server, server.accept()[0] as connection:
        request = b""
        while b"</methodCall>" not in request:
            request += connection.recv(65536)
        connection.sendall(answer)


NONSENSE = (
    b"<?xml version='1.0'?><methodResponse><params><param><value><int>1</int></value></param>"
    b"</params></methodResponse>"
)
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: %d\r\n\r\n"


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"SSH-2.0-nothing\r\n",
        b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n",
        HEAD % 5 + b"<a<b>",
        HEAD % len(NONSENSE) + NONSENSE,
    ],
)
async def test_whatever_answers_there_status_goes_on(tmp_path: Path, answer: bytes) -> None:
    """A socket where somebody else listens, or something of another kind, costs one line."""
    path = tmp_path / "s"
    answer_once(path, answer)
    environ = {"SUPERVISOR_SERVER_URL": f"unix://{path}", "WATCHDOG_PROGRAM": "bot"}
    [line] = await watchdog_view(environ, listed=True)
    assert "there is no answer" in line


def test_other_addresses_are_not_asked() -> None:
    """Only a socket of this machine is: the answer goes to a chat."""
    with pytest.raises(Unanswered, match="unix://"):
        ask_watchdog("http://127.0.0.1:9001", "bot")
