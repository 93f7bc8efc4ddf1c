"""`holders` and `unlock` with a stand-in for whoever looks into locks."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from watchdog.cli.main import main
from watchdog.cli.ports import Keeper, Release, Supplies, Survey

STRAY = Keeper(7, "deploy", "python -m bot", "2026-11-21T14:02:11+00:00", ("socket",), "stray")


def free(survey: Survey, signal: str, grace: float, say: Callable[[str], None]) -> Release:
    raise AssertionError("nobody was to be ended")


def test_who_cannot_be_seen_cannot_be_ended(
    directory: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Another user's process is named as far as it is known, and nothing is tried."""
    hidden = Survey("k", (), "the socket is held by pid 1 (user root)")
    code = main(["unlock", "--key", "k", "--yes"], supplies=Supplies(lambda key: hidden, free))
    printed = capfd.readouterr()
    assert code == 1
    assert "user root" in printed.out
    assert "as root" in printed.err


def test_the_form_of_the_list_is_stable(directory: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """For people a line each, for scripts every field."""
    supplies = Supplies(lambda key: Survey(key, (STRAY,), socket=5))
    assert main(["holders", "--key", "k"], supplies=supplies) == 0
    line = capfd.readouterr().out.splitlines()[-1]
    assert line.split()[:2] == ["7", "deploy"]
    assert line.endswith("stray  socket only  python -m bot")
    assert main(["holders", "--key", "k", "--json"], supplies=supplies) == 0
    (told,) = json.loads(capfd.readouterr().out)
    assert told["keepers"] == [STRAY._asdict() | {"keeps": ["socket"]}]
    assert set(told) == {"key", "keepers", "hidden", "program", "watchdog_pid", "socket"}


def test_without_the_daemons_side_it_is_said(
    directory: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """The command line alone cannot look into locks."""
    for words in (["holders"], ["unlock", "bot"], ["doctor"]):
        assert main(words) == 1
        assert "not installed" in capfd.readouterr().err
