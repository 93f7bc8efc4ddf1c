"""What `watchdog.*` tells of the past, from a journal on the disk."""

from __future__ import annotations

import json
from typing import Any

from tests.control.fake import FakeDaemon
from watchdog.client import Client
from watchdog.control.watchdog_history import add_up


def write_journal(daemon: FakeDaemon, *lines: dict[str, Any], torn: str = "") -> None:
    """Lines as the daemon writes them, and one that is being written."""
    text = "".join(json.dumps(line) + "\n" for line in lines)
    (daemon.backend.directory / "journal.jsonl").write_text(text + torn)


def handover(program: str = "bot", **fields: Any) -> dict[str, Any]:
    """A line of a hand-over."""
    known = {"gap_seconds": 0.5, "double_seconds": 0.0, "how": "spawned", "bound": "exact"}
    return {"at": "t", "event": "handover", "program": program, **known, **fields}


def test_reasons_are_the_last_changes_of_one_program(daemon: FakeDaemon) -> None:
    """The newest ones, oldest first, and no other program's; half a line is passed over."""
    lines = [
        {"at": f"t{n}", "event": "program", "program": name, "state": "BACKOFF", "reason": f"r{n}"}
        for n, name in enumerate(["bot", "web", "bot", "bot"])
    ]
    write_journal(daemon, *lines, torn='{"program": "bot", "reas')
    client = Client(str(daemon.path))
    told = client.call("watchdog.reasons", "bot", 2)
    assert [line["reason"] for line in told] == ["r2", "r3"]
    assert client.call("watchdog.reasons", "bot", 0) == []
    client.close()


def test_health_tells_of_one_or_all(daemon: FakeDaemon) -> None:
    """Every program without a name, one with it."""
    client = Client(str(daemon.path))
    assert [one["name"] for one in client.call("watchdog.health")] == ["bot", "web", "late"]
    assert client.call("watchdog.health", "late")[0]["reason"] == "waits for the lock"
    client.close()


def test_the_ledger_adds_up_what_the_journal_has(daemon: FakeDaemon) -> None:
    """Seconds are summed by program; one without a journal has no hand-over."""
    write_journal(daemon, handover(), handover(gap_seconds=0.25, how="adopted"), handover("web"))
    client = Client(str(daemon.path))
    bot, web, late = client.call("watchdog.ledger")
    assert (bot["name"], bot["handovers"], bot["adopted"]) == ("bot", 2, 1)
    assert (bot["gap_seconds"], bot["double_seconds"]) == (0.75, 0.0)
    assert (web["handovers"], late["handovers"]) == (1, 0)
    client.close()


def test_what_nobody_knows_is_not_called_zero() -> None:
    """A sum of which one part is unknown is left out, and a bound stays one."""
    told = add_up([handover(), handover(double_seconds=None, bound="at most")])
    assert "double_seconds" not in told
    assert (told["gap_seconds"], told["bound"]) == (1.0, "at most")
