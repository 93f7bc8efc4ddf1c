"""What is told to whoever started the watchdog: when it is ready, and in which words."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from watchdog.core.model import Health, Need, Policy, ProbePolicy, Role, State
from watchdog.core.program import Check, Program
from watchdog.daemon import activation, journald, upward


def program(name: str, state: State, **fields: object) -> Program:
    """One program of a fleet."""
    policy = Policy(name, needs=frozenset(Need), probes={Role.READINESS: ProbePolicy()})
    return Program(policy, state=state, **fields)  # type: ignore[arg-type]


ALL = frozenset(Need)


@pytest.mark.parametrize(
    ("state", "fields", "coming"),
    [
        (State.STARTING, {}, True),
        (State.RUNNING, {}, False),
        (State.RUNNING, {"checks": {Role.READINESS: Check(0.0)}}, True),
        (State.RUNNING, {"checks": {Role.READINESS: Check(0.0, verdict=False)}}, False),
        (State.WAITING, {"granted": ALL - {Need.TREE}}, True),
        (State.WAITING, {"granted": ALL - {Need.LOCK}}, False),
        (State.WAITING, {"granted": ALL - {Need.DEPENDENCIES}}, False),
        (State.BACKOFF, {}, False),
        (State.FATAL, {}, False),
        (State.STOPPED, {}, False),
    ],
)
def test_ready_is_who_no_longer_comes_up(
    state: State, fields: dict[str, object], coming: bool
) -> None:
    """Who is up, has failed or is held by a lock does not keep the watchdog from being ready."""
    assert upward.are_settled([program("bot", state, **fields)]) is not coming


def test_the_status_is_a_sentence() -> None:
    """All is well in few words; otherwise it says who is not, and why."""
    up = program("web", State.RUNNING)
    down = program("bot", State.BACKOFF, reason="exit status 1")
    ill = program("job", State.RUNNING, health=Health.UNHEALTHY, reason="no answer")
    assert upward.describe([up], leaving=False) == "web is up"
    assert upward.describe([up, up], leaving=False) == "all 2 are up"
    assert (
        upward.describe([up, down, ill], leaving=False)
        == "1 of 3 are up; bot is BACKOFF (exit status 1); job is unhealthy (no answer)"
    )
    many = [program(f"p{i}", State.STOPPED) for i in range(5)]
    assert upward.describe(many, leaving=False).endswith("p2 is STOPPED; and 2 more")


@pytest.mark.parametrize(
    ("environ", "seconds"),
    [
        ({"WATCHDOG_USEC": "4000000", "WATCHDOG_PID": "7"}, 2.0),
        ({"WATCHDOG_USEC": "4000000"}, 2.0),
        ({"WATCHDOG_USEC": "4000000", "WATCHDOG_PID": "8"}, None),
        ({"WATCHDOG_USEC": "0", "WATCHDOG_PID": "7"}, None),
        ({"WATCHDOG_USEC": "soon", "WATCHDOG_PID": "7"}, None),
        ({}, None),
    ],
)
def test_signs_of_life_only_where_expected(environ: dict[str, str], seconds: float | None) -> None:
    """Half of the allowed time, if it is meant for this process; else no timer at all."""
    assert upward.interval_of(environ, 7) == seconds


def test_the_journal_is_known_by_its_inode(tmp_path: Path) -> None:
    """JOURNAL_STREAM is inherited also by what was redirected: only the stream it names counts."""
    with (tmp_path / "out").open("w") as stream:
        found = os.fstat(stream.fileno())
        named = {"JOURNAL_STREAM": f"{found.st_dev}:{found.st_ino}"}
        assert journald.leads_to_journal(stream, named)
        assert not journald.leads_to_journal(stream, {"JOURNAL_STREAM": "1:1"})
        assert not journald.leads_to_journal(stream, {})


def test_only_our_own_sockets_are_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of what was passed, the control socket is kept; a stranger's is closed, with a note."""
    listeners = [socket.socket(socket.AF_UNIX) for _ in range(2)]
    for name, listener in zip("ab", listeners, strict=True):
        listener.bind(str(tmp_path / name))
        listener.listen()
    first = [listener.detach() for listener in listeners]
    monkeypatch.setattr(activation, "FIRST", min(first))
    assert sorted(first) == list(range(min(first), min(first) + 2))
    environ = {"LISTEN_FDS": "2", "LISTEN_PID": str(os.getpid()), "LISTEN_FDNAMES": "a:b"}
    passed = activation.take(environ, tmp_path / "b")
    assert passed.unix in first
    assert (passed.tcp, passed.held) == (-1, {})
    assert len(passed.notes) == 1
    assert environ == {}
    os.close(passed.unix)


def test_what_was_passed_to_another_is_left_alone(tmp_path: Path) -> None:
    """LISTEN_PID of another process: nothing was meant for us."""
    environ = {"LISTEN_FDS": "2", "LISTEN_PID": "1"}
    assert activation.take(environ, tmp_path) == activation.Passed()
