"""What is promised for a fault, when a drill is refused, and whether a promise was kept."""

from __future__ import annotations

from typing import Any

import pytest

from watchdog.drill.judge import judge
from watchdog.drill.model import SLACK, Promise, Rehearsal, Seen, result_of
from watchdog.drill.promise import promise_of
from watchdog.drill.safety import objection
from watchdog.drill.telling import tell, tell_plan

HTTP = {
    "role": "liveness",
    "kind": "http",
    "bound": 17.0,
    "period": 5.0,
    "timeout": 2.0,
    "failure_threshold": 3,
}
OUTSIDE = {**HTTP, "role": "outside", "kind": "telegram", "bound": 190.0}


def facts(**changed: Any) -> dict[str, Any]:
    """A healthy program with a liveness probe and every command."""
    plain: dict[str, Any] = {
        "name": "bot",
        "state": "RUNNING",
        "health": "healthy",
        "reason": "",
        "incarnation": 1,
        "restart": "always",
        "restarts": 0,
        "limit": 10,
        "within": 600.0,
        "delays": [0.0, 1.2, 2.4, 4.8],
        "looks": [HTTP],
        "heartbeat": None,
        "evidence": 1.0,
        "grace": 0.0,
        "up_within": 20.0,
        "notice": 3.0,
        "commands": ["block", "mute"],
        "busy": "",
    }
    return plain | changed


@pytest.mark.parametrize(
    ("fault", "changed", "detect", "recover"),
    [
        ("kill", {}, 0.0, 20.0),
        ("kill", {"delays": [2.4]}, 0.0, 22.4),
        ("stop", {}, 17.0, 38.0),
        ("stop", {"heartbeat": 4.0}, 4.0, 25.0),
        ("stop", {"grace": 5.0}, 17.0, 43.0),
        ("block", {}, 20.0, 41.0),
        ("mute", {}, 20.0, 41.0),
        ("mute", {"looks": [HTTP, OUTSIDE]}, 190.0, 211.0),
    ],
)
def test_a_promise_is_what_the_probes_and_the_restart_policy_say(
    fault: str, changed: dict[str, Any], detect: float, recover: float
) -> None:
    """Noticed within threshold x period + timeout, back after evidence, grace, delay and start."""
    promise = promise_of(fault, facts(**changed))
    assert isinstance(promise, Promise)
    assert promise[:2] == pytest.approx((detect, recover))


@pytest.mark.parametrize(
    ("fault", "changed", "reason"),
    [
        ("stop", {"looks": []}, "no liveness probe and no heartbeat"),
        ("stop", {"looks": [OUTSIDE]}, "only while updates wait"),
        ("mute", {"looks": [], "heartbeat": 3.0}, "no liveness probe asks"),
        ("block", {"commands": ["mute"]}, "programs.bot.drill.block is not set"),
    ],
)
def test_what_nothing_promises_to_notice_is_left_out(
    fault: str, changed: dict[str, Any], reason: str
) -> None:
    """Without a look, or without a command, there is a reason instead of a promise."""
    promise = promise_of(fault, facts(**changed))
    assert isinstance(promise, str)
    assert reason in promise


@pytest.mark.parametrize(
    ("changed", "faults", "reason"),
    [
        ({}, 4, ""),
        ({"health": "unknown"}, 1, ""),
        ({"restart": "never"}, 1, "would not come back"),
        ({"busy": "web"}, 1, "a drill of web is under way"),
        ({"health": "unhealthy", "reason": "503"}, 1, "RUNNING and unhealthy (503)"),
        ({"state": "WAITING", "reason": "locked by pid 7"}, 1, "WAITING (locked by pid 7)"),
        ({"restarts": 8}, 2, ""),
        ({"restarts": 8}, 3, "has 2 left"),
        ({"limit": 0}, 1, "has 0 left"),
    ],
)
def test_a_drill_that_would_do_harm_is_refused(
    changed: dict[str, Any], faults: int, reason: str
) -> None:
    """No policy to restart, not well, near the limit, another drill: each says why."""
    found = objection(facts(**changed), faults)
    assert reason in found if reason else not found


PROMISE = Promise(17.0, 38.0, "liveness (http)")


@pytest.mark.parametrize(
    ("seen", "reason"),
    [
        (Seen(17.0 + SLACK, 38.0 + SLACK, double=0.0), ""),
        (Seen(1.0, 2.0), ""),
        (Seen(18.1, 20.0), "noticed after 18.1 s, promised within 17 s"),
        (Seen(5.0, 39.1), "well again after 39.1 s"),
        (Seen(None, None), "nobody noticed it"),
        (Seen(5.0, None), "did not get well again"),
        (Seen(5.0, 6.0, double=0.4), "two ran at once for 0.4 s"),
    ],
)
def test_a_promise_is_kept_within_its_bound(seen: Seen, reason: str) -> None:
    """Late, never, or twice is broken; what a busy machine adds is not."""
    found = judge("stop", PROMISE, seen)
    assert (found.verdict == "broken") == bool(reason)
    assert reason in found.reason


def test_a_drill_is_as_good_as_its_worst_rehearsal() -> None:
    """One broken promise breaks it; with nothing rehearsed, nothing was kept."""
    kept, broken = judge("kill", PROMISE, Seen(0.0, 1.0)), judge("stop", PROMISE, Seen())
    skipped = Rehearsal("mute", "skipped", "no command")
    assert result_of([kept, broken, skipped]) == "broken"
    assert result_of([kept, skipped]) == "kept"
    assert result_of([skipped]) == "skipped"


def test_a_drill_is_told_with_every_reason() -> None:
    """The plan, the table and the notes name what was promised, seen and left out."""
    broken = judge("stop", Promise(4.0, 9.0, "liveness (tcp), 3 x 1 s + 1 s"), Seen())
    told = "\n".join(tell("bot", [broken, Rehearsal("mute", "skipped", "no command")]))
    assert "never" in told and "BROKEN" in told
    assert "the kernel accepts connections" in told
    assert "mute: left out: no command" in told
    assert told.endswith("bot: a promise was BROKEN (0 of 1 kept)")
    plan = "\n".join(tell_plan("bot", [("kill", PROMISE), ("mute", "no command")]))
    assert "is live, once" in plan and "left out: no command" in plan
