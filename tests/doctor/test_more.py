"""The clock, who is above, optional packages, and the bots' tokens."""

from __future__ import annotations

import pytest

from watchdog.doctor.above import judge_first, judge_package, judge_stacks
from watchdog.doctor.bots import judge_bot
from watchdog.doctor.clock import examine_clock, judge_clock
from watchdog.probes.telegram import Seen


def test_a_clock_that_nobody_keeps_is_a_warning() -> None:
    """It is no fault, and it says what to do; this machine's own is told one way or the other."""
    assert judge_clock(True).level == "ok"
    told = judge_clock(False)
    assert (told.level, bool(told.advice)) == ("warning", True)
    assert examine_clock().level in ("ok", "warning")


def test_who_is_above_is_told() -> None:
    """With what follows from it."""
    assert "service systemd" in judge_first("systemd", container=False).advice
    assert "collects" in judge_first("bash", container=True).advice
    assert judge_first("supervisord", container=True).advice == ""


def test_what_is_missing_says_how_to_have_it() -> None:
    """Optional packages, and the right to look into a program that hangs."""
    assert judge_package("apprise", True, "alerts", "x").level == "ok"
    assert "[alerts]" in judge_package("apprise", False, "alerts", "no alerts").advice
    assert judge_stacks(True, True).level == "ok"
    assert "evidence.signal" in judge_stacks(True, False).advice
    assert "[incidents]" in judge_stacks(False, True).advice


@pytest.mark.parametrize(
    ("seen", "level", "said"),
    [
        (Seen(pending=(0,)), "ok", "is good"),
        (Seen("Unauthorized", 401), "wrong", "refuses"),
        (Seen("it did not answer in time"), "warning", "cannot be asked"),
        (Seen(webhook="example.org"), "wrong", "webhook"),
        (Seen(pending=(3, 3, 3, 3)), "warning", "nobody fetches"),
    ],
)
def test_what_telegram_says_of_a_token(seen: Seen, level: str, said: str) -> None:
    """A refused token and a webhook are wrong; what may pass is a warning."""
    finding = judge_bot("bot", seen)
    assert (finding.level, said in finding.text) == (level, True)
    assert (finding.advice == "") == (level == "ok")
