"""Hooks with real processes: their order, their end, and their fate without a watchdog."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

from tests.system.harness import Watchdog, World, is_alive, unused_key, wait_until
from tests.system.test_upgrade import upgrade

PROGRAM = """
[programs.a]
command = ["sh", "-c", "echo program; exec sleep 1000"]
start_seconds = 0
restart = { initial = "100ms", jitter = 0 }
"""


def say(word: str, then: str = "") -> str:
    """A command in TOML that writes a line and then does something."""
    return f"""["sh", "-c", "echo {word}{"; " if then else ""}{then}"]"""


def pid_in(path: Path) -> int:
    """The number that a hook has written."""
    text = wait_until(lambda: path.exists() and path.read_text().strip(), f"a pid in {path}")
    return int(text)


def hooks_told(watchdog: Watchdog, hook: str) -> list[dict[str, object]]:
    """The lines of the journal about a hook."""
    return [one for one in watchdog.journal() if one["event"] == "hook" and one["hook"] == hook]


def test_the_four_hooks_run_in_order_and_print_into_the_log(world: World) -> None:
    """Each at its time, with the event in its environment, its lines marked and redacted."""
    watchdog = world.up(
        PROGRAM
        + f"""
environment = {{ API_TOKEN = "a-made-up-secret" }}
[programs.a.hooks]
pre_start = {say("$$API_TOKEN", "echo $$WATCHDOG_EVENT $$WATCHDOG_INCARNATION_NUMBER")}
post_start = {say("up", "echo pid $$WATCHDOG_PID")}
pre_stop = {say("bye", "kill -0 $$WATCHDOG_PID && echo alive $$WATCHDOG_CAUSE")}
post_exit = {say("gone", "echo by $$WATCHDOG_EXIT_SIGNAL: $$WATCHDOG_REASON")}
"""
    )
    pid = watchdog.wait_state("a", "RUNNING")["pid"]
    watchdog.wait_log("a", f"[post_start] pid {pid}")
    assert watchdog.call("stop", "a").returncode == 0
    assert watchdog.log("a").splitlines() == [
        "[pre_start] [redacted]",
        "[pre_start] pre_start 1",
        "program",
        "[post_start] up",
        f"[post_start] pid {pid}",
        "[pre_stop] bye",
        "[pre_stop] alive operator",
        "[post_exit] gone",
        "[post_exit] by 15: stopped by the operator",
    ]
    told = [(one["hook"], one["passed"]) for one in watchdog.journal() if one["event"] == "hook"]
    assert told == [(hook, True) for hook in ("pre_start", "post_start", "pre_stop", "post_exit")]


def test_a_failed_pre_start_keeps_the_program_down(world: World) -> None:
    """The reason is the hook's exit and last words; a fatal code is final; there is an incident."""
    watchdog = world.up(PROGRAM + f"[programs.a.hooks]\npre_start = {say('no table', 'exit 78')}\n")
    status = watchdog.wait_state("a", "FATAL")
    assert "pre_start hook: exit status 78: no table" in status["reason"]
    assert "program" not in watchdog.log("a").splitlines()
    wait_until(lambda: watchdog.program("a")["last_incident"], "an incident")
    assert "held up by its pre_start hook" in watchdog.call("why", "a").stdout


def test_a_hook_that_hangs_is_killed_with_all_that_it_started(world: World) -> None:
    """At its timeout, also what has left its session; and the start is tried again after it."""
    stray = world.place / "stray"
    watchdog = world.up(
        PROGRAM
        + f"""
[programs.a.hooks.pre_start]
command = ["sh", "-c", "setsid sh -c 'echo $$$$ > {stray}; exec sleep 999' & wait"]
timeout = "1s"
"""
    )
    assert is_alive(pid := pid_in(stray))
    watchdog.wait_text("pre_start hook: no end within 1 s")
    assert not is_alive(pid)


def test_what_a_hook_leaves_behind_is_ended(world: World) -> None:
    """A hook is over with its main process: it cannot leave a daemon, nor wait for one."""
    stray = world.place / "stray"
    hook = say("begun", f"setsid sleep 999 & echo $$! > {stray}")
    table = f'[programs.a.hooks.pre_start]\ncommand = {hook}\ntimeout = "1h"\n'
    watchdog = world.up(PROGRAM + table)
    watchdog.wait_state("a", "RUNNING")
    assert not is_alive(pid_in(stray))


def test_a_hook_has_no_descriptor_of_the_watchdog(world: World) -> None:
    """The lock's, above all: only the program holds it."""
    singleton = f'singleton = "{unused_key()}"\n'
    look = "python -c 'import os; print(sorted(map(int, os.listdir(\"/proc/self/fd\"))))'"
    hook = f"[programs.a.hooks]\npre_start = {json.dumps(look)}\n"
    watchdog = world.up(PROGRAM + singleton + hook)
    watchdog.wait_state("a", "RUNNING")
    # The fourth is that of the look itself.
    assert watchdog.log("a").splitlines()[0] == "[pre_start] [0, 1, 2, 3]"


def test_pre_stop_cannot_put_off_the_end(world: World) -> None:
    """A stop waits for its timeout, a hurried one not at all."""
    watchdog = world.up(
        PROGRAM + '[programs.a.hooks]\npre_stop = { command = "sleep 999", timeout = "500ms" }\n'
    )
    watchdog.wait_state("a", "RUNNING")
    assert watchdog.call("stop", "a").returncode == 0
    assert hooks_told(watchdog, "pre_stop")[0]["reason"] == "pre_stop hook: no end within 0.5 s"
    watchdog.leave()
    watchdog = world.up(
        PROGRAM + '[programs.a.hooks]\npre_stop = { command = "sleep 999", timeout = "1h" }\n'
    )
    watchdog.wait_state("a", "RUNNING")
    watchdog.signal(signal.SIGTERM)
    watchdog.wait("a", lambda p: "pre_stop hook is running" in p["reason"], "pre_stop to run")
    watchdog.signal(signal.SIGTERM)
    assert watchdog.wait_exit() == 0


def migrating(world: World) -> tuple[str, Path, Path]:
    """A program whose pre_start notes its pid in a file, and waits until another is there."""
    pids, go = world.place / "pids", world.place / "go"
    hook = f"echo $$$$ >> {pids}; while ! [ -e {go} ]; do sleep 0.05; done"
    text = (
        PROGRAM
        + f"""
[programs.a.hooks.pre_start]
command = ["sh", "-c", "{hook}"]
timeout = "1h"
"""
    )
    return text, pids, go


def begun(pids: Path, count: int) -> list[int]:
    """The pids of the hooks that have begun, once there are so many."""
    lines = wait_until(
        lambda: pids.exists() and len(found := pids.read_text().split()) >= count and found,
        f"{count} hooks",
    )
    return [int(line) for line in lines]


def test_a_hook_dies_with_the_watchdog_and_is_begun_again_by_the_next(world: World) -> None:
    """SIGKILL to the watchdog in the middle of a migration: it never runs twice at once."""
    text, pids, go = migrating(world)
    first = world.up(text)
    (old,) = begun(pids, 1)
    first.signal(signal.SIGKILL)
    first.wait_exit()
    wait_until(lambda: not is_alive(old), "the hook to be gone")
    second = world.up(text)
    assert len(begun(pids, 2)) == 2
    go.touch()
    second.wait_state("a", "RUNNING")


def guardian_of(watchdog: Watchdog) -> int:
    """The process that ends what must not outlive the watchdog."""
    wanted = f"guardian of {watchdog.process.pid}".encode()

    def find() -> int | None:
        for pid in watchdog.world.marked():
            if (Path("/proc") / str(pid) / "cmdline").read_bytes().startswith(wanted):
                return pid
        return None

    return int(wait_until(find, "a guardian"))


def test_a_hook_that_outlived_even_the_guardian_is_ended_first(world: World) -> None:
    """The next watchdog finds it by the record, and begins no other before it is gone."""
    text, pids, go = migrating(world)
    first = world.up(text)
    (old,) = begun(pids, 1)
    first.signal(signal.SIGSTOP)  # or it would start another guardian
    os.kill(guardian_of(first), signal.SIGKILL)
    first.signal(signal.SIGKILL)
    first.wait_exit()
    assert is_alive(old)
    second = world.up(text)
    assert len(begun(pids, 2)) == 2
    assert not is_alive(old)
    assert "its pre_start hook was under way" in second.text
    go.touch()
    second.wait_state("a", "RUNNING")


def test_an_upgrade_carries_a_hook_over(world: World) -> None:
    """It goes on, what it prints is in the log, and the spawn follows when it has passed."""
    text, pids, go = migrating(world)
    watchdog = world.up(text.replace("done", "done; echo migrated"))
    begun(pids, 1)
    upgrade(watchdog)
    watchdog.wait_text("all programs go on")
    assert "pre_start hook is running" in watchdog.program("a")["reason"]
    go.touch()
    watchdog.wait_state("a", "RUNNING")
    assert len(begun(pids, 1)) == 1
    assert watchdog.log("a").splitlines()[0] == "[pre_start] migrated"


def test_an_upgrade_carries_a_post_exit_over(world: World) -> None:
    """What it was told stays true, and the next start waits for it."""
    go = world.place / "go"
    hook = f"while ! [ -e {go} ]; do sleep 0.05; done; echo after $$WATCHDOG_EXIT_SIGNAL"
    watchdog = world.up(PROGRAM + f"[programs.a.hooks]\npost_exit = {say('begun', hook)}\n")
    os.kill(watchdog.wait_state("a", "RUNNING")["pid"], signal.SIGKILL)
    watchdog.wait_log("a", "[post_exit] begun")
    upgrade(watchdog)
    watchdog.wait_text("all programs go on")
    go.touch()
    watchdog.wait("a", lambda p: p["incarnation"] == 2 and p["state"] == "RUNNING", "the next")
    assert "[post_exit] after 9" in watchdog.log("a")
    assert len(hooks_told(watchdog, "post_exit")) == 1


def test_a_reload_brings_hooks_without_a_restart(world: World) -> None:
    """The process would not notice, so it goes on; its stop has the new hook."""
    watchdog = world.up(PROGRAM)
    pid = watchdog.wait_state("a", "RUNNING")["pid"]
    world.write(PROGRAM + f"[programs.a.hooks]\npre_stop = {say('drained')}\n")
    assert "retuned a" in watchdog.call("reload").stdout + watchdog.text
    assert watchdog.program("a")["pid"] == pid
    watchdog.call("stop", "a")
    assert "[pre_stop] drained" in watchdog.log("a")


def test_a_post_exit_that_was_cut_off_is_run_again(world: World) -> None:
    """The end of each process is told at least once, and before anything starts."""
    go = world.place / "go"
    hook = f"while ! [ -e {go} ]; do sleep 0.05; done; echo told"
    text = PROGRAM + f"[programs.a.hooks]\npost_exit = {say('begun', hook)}\n"
    first = world.up(text)
    os.kill(first.wait_state("a", "RUNNING")["pid"], signal.SIGKILL)
    first.wait_log("a", "[post_exit] begun")
    first.signal(signal.SIGKILL)
    first.wait_exit()
    go.touch()
    second = world.up(text)
    second.wait_state("a", "RUNNING")
    lines = [line for line in second.log("a").splitlines() if line != "program"]
    assert lines == ["[post_exit] begun", "[post_exit] begun", "[post_exit] told"]
    assert second.log("a").splitlines()[-1] == "program"
