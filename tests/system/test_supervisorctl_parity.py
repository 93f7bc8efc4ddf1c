"""The same sessions with the real supervisorctl, against supervisord and against us.

What is printed, after masking pids and times, and the exit code must be the same, or stand in
`DIFFERENCES` with the reason.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.system.harness import World
from tests.system.supervisors import MORE, Asked, Daemon, Told, mask

SUPERVISORCTL = Path(sys.executable).with_name("supervisorctl")

SESSION = """
status
status bot
status workers:*
status nope
status nope:*
status all
version
version x
avail
avail x
pid
pid bot
pid web
pid nope
pid all
start
start bot
start nope
start nope:*
start web
start web bot nope
start missing
start plain
start once
start quick
status quick
status missing
start workers:*
start workers:w1
stop workers:w1
start w1
stop
stop web
stop web
stop nope
stop nope:*
stop workers:*
restart
restart bot
restart web nope
restart workers:*
signal
signal HUP
signal CONT bot
signal 18 bot
signal SIGCONT bot
signal NOPE bot
signal CONT nope
signal CONT nope:*
signal CONT quick
signal CONT workers:*
signal CONT all
tail
tail -x bot
tail bot nonsense
tail bot stdout x
tail nope
tail workers:w1
tail web
maintail x
maintail -x
maintail -1 -1
reread
reread x
update
add bot
add nope
remove bot
remove nope
clear
clear nope
clear bot
clear all
fg
fg nope
fg bot web
fg quick
open foo
nonsense
help
help status
help nonsense
shutdown x
reload x
start all
stop all
status
""".strip().splitlines()

SHELL = """
status
start web
pid bot
signal CONT web
stop web
status web
avail
reread
nonsense
help start
tail nope
clear bot
fg nope
add bot
remove bot
update
restart web
version x
quit
""".strip()

DIFFERENCES = {
    "version": "each names its own version",
}
REORDERED = {
    "start all": "supervisord tells those first that failed at once; ours is the order of starting",
    "stop all": "supervisord tells the order in which they happened to end",
}
"""Compared line by line, whatever the order of the lines."""


def line(words: str) -> Asked:
    """A command into which nothing is typed."""
    return (words, "")


@pytest.fixture
def daemons(world: World) -> list[Daemon]:
    """supervisord and ours, both up."""
    found = [Daemon(world, kind) for kind in ("ini", "toml")]
    for daemon in found:
        daemon.start()
    return found


def differing(session: list[Asked], daemons: list[Daemon]) -> dict[str, tuple[Told, Told]]:
    """What the two do not say alike, by command."""
    theirs, ours = (daemon.ask(session) for daemon in daemons)
    pairs = zip(session, theirs, ours, strict=True)
    return {
        asked[0]: (their, our)
        for asked, their, our in pairs
        if settle(asked[0], their) != settle(asked[0], our)
    }


def settle(words: str, told: Told) -> tuple[int, list[str]]:
    """What counts of an answer."""
    lines = told[1].splitlines()
    return told[0], sorted(lines) if words in REORDERED else lines


def test_every_command_prints_and_exits_alike(daemons: list[Daemon]) -> None:
    """One-shot, every command with right and wrong arguments does what it does with supervisord."""
    found = differing([line(words) for words in SESSION], daemons)
    print(f"{len(SESSION) - len(found)} of {len(SESSION)} identical")
    assert found.keys() == DIFFERENCES.keys(), found


def test_the_interactive_shell_is_alike(daemons: list[Daemon]) -> None:
    """The same lines typed into the shell give the same screen."""
    assert not differing([("", SHELL + "\n")], daemons)


def test_another_daemon_can_be_opened_alike(daemons: list[Daemon]) -> None:
    """open leads the shell to the daemon at a URL, whichever it began with."""
    typed = [f"open {daemon.url}\nstatus bot\nexit\n" for daemon in daemons]
    theirs, ours = (d.ask([("", text)])[0] for d, text in zip(daemons, typed, strict=True))
    assert theirs == ours


def test_the_daemons_own_log_is_shown_and_followed(daemons: list[Daemon]) -> None:
    """maintail works with both; what stands in the log is each daemon's own."""
    for daemon, word in zip(daemons, ("success: bot", "bot: RUNNING"), strict=True):
        code, shown = daemon.ask([line("maintail")])[0]
        assert code == 0
        assert word in shown
        command = [SUPERVISORCTL, "-s", daemon.url, "maintail", "-f"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as screen:
            assert screen.stdout is not None
            assert any(word in text for text in screen.stdout)
            screen.terminate()


def test_logs_are_read_and_cleared_alike(daemons: list[Daemon]) -> None:
    """tail shows the captured bytes, clear empties them, and what comes then is captured."""
    before = [line(words) for words in ("tail bot", "tail -3 bot", "tail bot stderr", "clear bot")]
    assert not differing([*before, line("tail bot")], daemons)
    for daemon in daemons:
        assert daemon.ask([("fg bot", "hello\n")])[0][0] == 0
        daemon.wait_log("bot.out", "heard hello")
    assert not differing([line("tail bot"), line("tail bot stderr")], daemons)


def test_a_changed_configuration_is_applied_alike(daemons: list[Daemon]) -> None:
    """reread, update, add and remove tell the same and end in the same state."""
    for daemon in daemons:
        daemon.ask([line("start web")])
        daemon.write(web="1001", tail=MORE[daemon.kind])
    steps = (
        "reread;avail;status new;update nope;remove web;update web;status;update;status;avail;"
        "remove new;stop new;remove new;remove new;add new;add new;status new"
    )
    assert not differing([line(words) for words in steps.split(";")], daemons)
    for daemon in daemons:
        daemon.write()
    assert not differing([line(words) for words in ("reread", "update", "status")], daemons)


def test_reload_starts_anew_with_what_the_file_says(daemons: list[Daemon]) -> None:
    """reload stops all and starts what the new file says; shutdown ends it."""
    for daemon in daemons:
        daemon.write(tail=MORE[daemon.kind])
    assert not differing([line("reload")], daemons)
    for daemon in daemons:
        daemon.wait("new", "RUNNING")
        daemon.wait("bot", "RUNNING")
    assert not differing([line("status"), line("shutdown")], daemons)


@pytest.mark.parametrize("words", ["tail -f bot", "tail -f bot stderr", "fg bot"])
def test_a_followed_log_is_shown_alike(words: str, daemons: list[Daemon]) -> None:
    """What is there, and what comes, is on the screen of whoever follows."""
    lines = {
        "tail -f bot": {"ready"},
        "tail -f bot stderr": {"oops"},
        "fg bot": {"ready", "oops", "heard it"},  # two streams, in any order
    }
    screens = [follow(daemon, words, lines[words]) for daemon in daemons]
    assert screens[0] == screens[1]


def follow(daemon: Daemon, words: str, until: set[str]) -> str:
    """What is on the screen once these lines have come."""
    command = [SUPERVISORCTL, "-s", daemon.url, *words.split()]
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command, stdin=pipe, stdout=pipe, cwd=daemon.place, text=True, bufsize=1
    ) as screen:
        assert screen.stdin is not None
        assert screen.stdout is not None
        if words.startswith("fg"):
            screen.stdin.write("it\n")
        shown = []
        try:
            for text in screen.stdout:
                shown.append(text)
                if until <= {one.strip() for one in shown}:
                    break
        finally:
            screen.kill()  # whatever went wrong: nobody waits for it for ever
    kept = shown if not words.startswith("fg") else sorted(set(shown))
    return mask("".join(kept), daemon.place)
