"""When a watchdog gives way."""

from __future__ import annotations

from watchdog.cli import takeover
from watchdog.daemon import handover
from watchdog.daemon.orphan import objection


def test_only_an_orphan_gives_way() -> None:
    """Who has the parent of its start refuses and names it; an orphan does not object."""
    assert "(pid 100)" in objection(100, 100, is_leaving=False)
    assert objection(100, 1, is_leaving=False) == ""
    assert objection(100, 50, is_leaving=False) == ""  # an orphan of a session's subreaper


def test_who_is_leaving_anyway_does_not_give_way() -> None:
    """Its programs are being stopped: they are not for anybody to adopt."""
    assert "shutting down" in objection(100, 1, is_leaving=True)


def test_an_upgrade_does_not_ask_itself_to_give_way() -> None:
    """The command line knows by the daemon's own variables that it is executed in its place."""
    assert set(takeover.IN_PLACE) == {handover.HANDOVER, handover.REHEARSAL}
