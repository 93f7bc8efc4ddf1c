"""Configurations that cannot be used, at the start and at a reload; and those that can."""

from __future__ import annotations

import signal

import pytest

from tests.system.harness import Watchdog, World, is_alive, wait_until

GOOD = '[programs.a]\ncommand = "sleep 600"\n'

BAD = {
    "unknown key": ('[programs.a]\ncomand = "x"\n', ["w.toml:2", "unknown key", '"command"']),
    "duplicate key": ('[programs.a]\ncommand = "x"\ncommand = "y"\n', ["w.toml:3", "given twice"]),
    "duplicate table": (GOOD + GOOD, ["w.toml:3", "given twice"]),
    "wrong type": (
        '[programs.a]\ncommand = "x"\nautostart = "yes"\n',
        ["w.toml:3", "programs.a.autostart", 'found "yes"', "allowed: true or false"],
    ),
    "missing variable": (
        '[programs.a]\ncommand = "x ${NOT_SET_ANYWHERE}"\n',
        ["w.toml:2", "NOT_SET_ANYWHERE is not set", "${NAME:-default}"],
    ),
    "cycle": (
        '[programs.a]\ncommand = "x"\ndepends_on = ["b"]\n'
        '[programs.b]\ncommand = "x"\ndepends_on = ["a"]\n',
        ["depends_on", "a -> b -> a"],
    ),
    "nobody to depend on": (
        '[programs.a]\ncommand = "x"\ndepends_on = ["wbe"]\n',
        ["w.toml:3", "depends_on", 'no program "wbe"'],
    ),
    "not TOML": ("[programs.a\n", ["w.toml:1", "not valid TOML"]),
    "nothing": ("", ["there is no program"]),
}


@pytest.mark.parametrize("fault", BAD)
def test_a_bad_configuration_starts_nothing_and_says_why(world: World, fault: str) -> None:
    """A bad file is exit 78 with file, line, key, what was found and what is allowed."""
    text, words = BAD[fault]
    (world.place / "w.toml").write_text(text)
    for command in (["run"], ["check"]):
        done = world.call(*command, "-c", "w.toml")
        assert done.returncode == 78
        for word in words:
            assert word in done.stdout
        assert "Traceback" not in done.stdout
    assert not (world.place / "home").exists()


@pytest.mark.parametrize("fault", ["unknown key", "missing variable", "cycle", "not TOML"])
def test_a_configuration_that_became_bad_is_not_applied(world: World, fault: str) -> None:
    """A reload of a bad file is refused with its mistakes, both ways; all runs on."""
    watchdog = world.up(GOOD)
    pid = watchdog.wait("a", lambda p: p["pid"], "a pid")["pid"]
    text, words = BAD[fault]
    (world.place / "w.toml").write_text(text)
    told = watchdog.call("reload")
    assert told.returncode == 1
    for word in words:
        assert word in told.stdout
    watchdog.signal(signal.SIGHUP)
    said = watchdog.wait_text("reload refused")
    for word in words:
        assert word in said
    assert watchdog.program("a")["pid"] == pid
    world.write(GOOD + '[programs.b]\ncommand = "sleep 600"\n')
    assert watchdog.call("reload").returncode == 0
    watchdog.wait("b", lambda p: p["pid"], "b to be started")
    assert watchdog.program("a")["pid"] == pid


def test_sighup_applies_what_changed_and_nothing_else(world: World) -> None:
    """Added, removed, changed and retuned programs are each met in the way that they need."""
    program = '[programs.{}]\ncommand = "sleep {}"\n'
    text = "".join(program.format(name, 600) for name in ("same", "changed", "gone", "tuned"))
    watchdog = world.up(text)
    before = {
        name: watchdog.wait(name, lambda p: p["pid"], "a pid")["pid"]
        for name in ("same", "changed", "gone", "tuned")
    }
    world.write(
        program.format("same", 600)
        + program.format("changed", 601)
        + program.format("tuned", 600)
        + "memory = '900MB'\n"
        + program.format("new", 600)
    )
    watchdog.signal(signal.SIGHUP)
    watchdog.wait("new", lambda p: p["pid"], "the new one to run")
    watchdog.wait("changed", lambda p: p["pid"] not in (None, before["changed"]), "a replacement")
    wait_until(lambda: names(watchdog) == {"same", "changed", "tuned", "new"}, "gone to be gone")
    assert watchdog.program("same")["pid"] == before["same"]
    assert watchdog.program("tuned")["pid"] == before["tuned"]
    wait_until(lambda: not is_alive(before["gone"]), "its process to be gone")
    assert "reloaded: added new; replaced changed; removed gone" in watchdog.text
    assert watchdog.leave() == 0


def names(watchdog: Watchdog) -> set[str]:
    """The names of all programs."""
    return {program["name"] for program in watchdog.status()["programs"]}


def test_only_the_named_programs_start(world: World) -> None:
    """`run NAME` starts that program and what it depends on; the others can be started later."""
    watchdog = world.up(
        '[programs.web]\ncommand = "sleep 600"\nstart_seconds = 0.1\n'
        '[programs.bot]\ncommand = "sleep 600"\ndepends_on = ["web"]\nstart_seconds = 0.1\n'
        '[programs.other]\ncommand = "sleep 600"\nstart_seconds = 0.1\n',
        "bot",
    )
    watchdog.wait_state("bot", "RUNNING")
    assert watchdog.program("web")["state"] == "RUNNING"
    assert watchdog.program("other")["state"] == "STOPPED"
    assert watchdog.call("status").returncode == 3
    assert watchdog.call("start", "other").returncode == 0
    assert watchdog.call("status").returncode == 0
    assert watchdog.call("status", "nobody").returncode == 4
