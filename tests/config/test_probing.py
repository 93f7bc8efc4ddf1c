"""Which probes a program gets, and what they inherit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from watchdog.config import Address, Config, ProbeTarget
from watchdog.core.model import ProbePolicy, Role

HTTP = ProbeTarget("http", url="http://h/health")


@pytest.fixture
def program(read: Callable[..., Config]) -> Callable[[str], Any]:
    """A function that gives the only program of a file with these lines."""
    return lambda lines: read(f'[programs.bot]\ncommand = "x"\n{lines}\n').programs[0]


def test_the_defaults_are_kubernetes(program: Callable[[str], Any]) -> None:
    """A probe with nothing but a target is made every 10 s, has 1 s, and fails after three."""
    bot = program('readiness.http = "http://h/health"')
    assert bot.policy.probes == {Role.READINESS: ProbePolicy(10, 1, 3, 1, 0, 0)}
    assert bot.probes == {Role.READINESS: HTTP}


def test_liveness_alone_implies_a_startup(program: Callable[[str], Any]) -> None:
    """It asks the same, with the same timeout, at most every second, for 60 s."""
    bot = program('liveness = { http = "http://h/health", period = "5s", timeout = "2s" }')
    assert bot.probes[Role.STARTUP] == HTTP
    assert bot.policy.probes[Role.STARTUP] == ProbePolicy(1, 2, 60)


def test_an_implied_startup_keeps_delay_and_grace(program: Callable[[str], Any]) -> None:
    """It begins no sooner than liveness would, and ends a process as gently."""
    bot = program('liveness = { tcp = "h:1", delay = 3, grace = 4 }')
    assert bot.policy.probes[Role.STARTUP] == ProbePolicy(1, 1, 60, 1, 3, 4)


@pytest.mark.parametrize(("period", "threshold"), [("300ms", 200), ("700ms", 86), ("2m", 60)])
def test_an_implied_startup_lasts_a_minute(
    program: Callable[[str], Any], period: str, threshold: int
) -> None:
    """Whatever the period, the allowance is 60 s, rounded up to whole probes."""
    bot = program(f'liveness = {{ tcp = "h:1", period = "{period}" }}')
    assert bot.policy.probes[Role.STARTUP].failure_threshold == threshold


def test_startup_inherits_target_and_timeout(program: Callable[[str], Any]) -> None:
    """Of liveness before readiness; a timeout of its own stays its own."""
    rest = 'liveness = { http = "http://h/health", timeout = 7 }\nreadiness.tcp = "h:1"\n'
    taken = program(rest + "startup = { period = 1 }")
    own = program(rest + "startup = { timeout = 3 }")
    assert taken.probes[Role.STARTUP] == own.probes[Role.STARTUP] == HTTP
    assert taken.policy.probes[Role.STARTUP].timeout == 7
    assert own.policy.probes[Role.STARTUP].timeout == 3


def test_startup_inherits_from_readiness_else(program: Callable[[str], Any]) -> None:
    """Without liveness, readiness gives the target."""
    bot = program('startup = {}\nreadiness = { tcp = "h:1", timeout = 4 }')
    assert bot.probes[Role.STARTUP] == ProbeTarget("tcp", address=Address("h", 1))
    assert bot.policy.probes[Role.STARTUP].timeout == 4


def test_readiness_inherits_the_target_only(program: Callable[[str], Any]) -> None:
    """Readiness asks what liveness asks, in its own time."""
    bot = program('readiness = {}\nliveness = { exec = "check it", timeout = 4 }')
    assert bot.probes[Role.READINESS] == ProbeTarget("exec", command=("check", "it"))
    assert bot.policy.probes[Role.READINESS].timeout == 1


def test_a_heartbeat_at_startup_is_a_time_limit(program: Callable[[str], Any]) -> None:
    """READY=1 must come within delay + period x threshold; nobody runs a probe for it."""
    bot = program('startup = { heartbeat = true, period = 2, delay = 1 }\nliveness.tcp = "h:1"')
    assert bot.policy.ready_within == 7
    assert set(bot.probes) == set(bot.policy.probes) == {Role.LIVENESS}
    assert bot.notifies


def test_only_who_beats_is_told_where_to(program: Callable[[str], Any]) -> None:
    """A heartbeat makes a program one that notifies; nothing else does."""
    assert program('heartbeat = "30s"').notifies
    assert not program('liveness.tcp = "h:1"').notifies


def test_false_is_no_target(program: Callable[[str], Any]) -> None:
    """A target switched off with false counts as left out."""
    bot = program('startup = { heartbeat = false }\nliveness = { tcp = "h:1", telegram = false }')
    assert bot.probes[Role.STARTUP].kind == "tcp"


def test_a_written_header_wins(program: Callable[[str], Any]) -> None:
    """Authorization that was written stays, whatever the URL holds."""
    bot = program('liveness = { http = "http://u:p@h", headers = { Authorization = "Mine" } }')
    assert bot.probes[Role.LIVENESS].headers == {"Authorization": "Mine"}


def test_credentials_leave_the_url(program: Callable[[str], Any]) -> None:
    """A password in a URL becomes a header, its escapes resolved."""
    bot = program('liveness = { http = "http://me:p%40ss@h:1/x?a=b@c", status = [204] }')
    target = bot.probes[Role.LIVENESS]
    assert target.url == "http://h:1/x?a=b@c"
    assert target.headers == {"Authorization": "Basic bWU6cEBzcw=="}
    assert target.status == (204,)


TOKEN = 'environment.TG_TOKEN = "7:example"\n'


@pytest.mark.parametrize("written", ["true", "{}", '{ period = "60s" }'])
def test_telegram_is_asked_beside_another_target_at_its_own_pace(
    program: Callable[[str], Any], written: str
) -> None:
    """Liveness stays as it is written; the look from outside has timing and grace of its own."""
    lines = f'http = "http://h/health", period = "5s", telegram = {written}'
    bot = program(f"{TOKEN}liveness = {{ {lines} }}")
    assert list(bot.probes) == [Role.STARTUP, Role.LIVENESS, Role.OUTSIDE]
    assert bot.probes[Role.OUTSIDE] == ProbeTarget("telegram")
    assert bot.policy.probes[Role.LIVENESS].period == 5
    assert bot.policy.probes[Role.OUTSIDE] == ProbePolicy(60, 15, 2, 1, 60, 5)


def test_telegram_alone_implies_no_startup_probe(program: Callable[[str], Any]) -> None:
    """It is the only probe then; a table sets its timing, and `false` is none."""
    asked = '{ telegram = { period = "2s", timeout = "1s", failure_threshold = 4, grace = 0 } }'
    bot = program(f"{TOKEN}liveness = {asked}")
    assert bot.policy.probes == {Role.OUTSIDE: ProbePolicy(2, 1, 4, 1, 2, 0)}
    bot = program('liveness = { tcp = "h:1", telegram = false }')
    assert Role.OUTSIDE not in bot.probes
