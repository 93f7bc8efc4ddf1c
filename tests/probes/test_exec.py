"""The exec probe with real commands, most of them ill-behaved."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path

import pytest

from watchdog.config.model import ProbeTarget
from watchdog.core.model import Role
from watchdog.probes.attempt import Surroundings

from .conftest import World, children, until


def sh(script: str) -> ProbeTarget:
    return ProbeTarget("exec", command=("/bin/sh", "-c", script))


def alive(pid: int) -> bool:
    """Whether the process runs; a zombie does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in "ZX"


def pid_in(path: Path) -> int:
    text = path.read_text() if path.exists() else ""
    return int(text) if text.endswith("\n") else 0


ENDS = {
    "well": ("true", True, ""),
    "well, with words": ("echo first; echo all fine; echo", True, "all fine"),
    "a code": ("exit 3", False, "exit 3"),
    "a code, with words": ("echo out; echo 'no route' >&2; exit 1", False, "exit 1: no route"),
    "a signal": ("kill -SEGV $$", False, "killed by SIGSEGV"),
    "a real-time signal": ("kill -40 $$", False, "killed by signal 40"),
    "a closed output": ("exec >&- 2>&-; sleep 0.2; exit 4", False, "exit 4"),
    "bytes": (r"printf '\377\000\033[31mred\n'", True, "\ufffd [31mred"),
}


@pytest.mark.parametrize("name", ENDS)
async def test_the_exit_code_is_the_verdict_and_the_last_line_the_reason(world: World, name: str):
    """0 is well; anything else is told together with what the command said last."""
    script, ok, reason = ENDS[name]
    result = await world.probe(sh(script), timeout=30)
    assert (result.ok, result.reason) == (ok, reason)


async def test_a_command_that_cannot_run_is_a_failure_with_a_reason(world: World, tmp_path: Path):
    """Missing, not executable, in a missing directory, or no command at all."""
    plain = tmp_path / "plain"
    plain.write_text("x")
    missing = await world.probe(ProbeTarget("exec", command=("/no/such", "x")))
    assert missing.reason == "cannot run /no/such: No such file or directory (/no/such)"
    refused = await world.probe(ProbeTarget("exec", command=(str(plain),)))
    assert refused.reason.startswith(f"cannot run {plain}"[:100])
    nowhere = Surroundings(directory=str(tmp_path / "gone"))
    assert "gone" in (await world.probe(sh("true"), 10, nowhere)).reason
    for command in ((), ("a\0b",)):
        result = await world.probe(ProbeTarget("exec", command=command))
        assert not result.ok and result.reason.startswith("cannot run")


async def test_it_runs_in_the_programs_surroundings(world: World, tmp_path: Path):
    """The environment and the directory are the program's, and nothing else's."""
    around = Surroundings(environment={"COLOUR": "red"}, directory=str(tmp_path))
    result = await world.probe(sh('echo "$COLOUR-$HOME-$(pwd)"'), 10, around)
    assert result.reason == f"red--{tmp_path}"


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become somebody else")
async def test_it_runs_as_the_programs_user(world: World):
    """A command that the program's user could have replaced does not run as root."""
    around = Surroundings(user=65534, group=65534, groups=(), directory="/")
    result = await world.probe(sh('echo "$(id -u) $(id -G)"'), 10, around)
    assert result.reason == "65534 65534"


async def test_one_that_ignores_term_and_forks_is_killed_whole_at_the_deadline(
    world: World, tmp_path: Path
):
    """SIGKILL to the group; the last words are kept."""
    script = (
        "trap '' TERM INT HUP; echo still trying;"
        f"sleep 600 & echo $! > {tmp_path}/child; echo $$ > {tmp_path}/leader; wait"
    )
    result = await world.probe(sh(script), timeout=1.5)
    assert not result.ok
    assert result.reason == "/bin/sh did not end within 1.5s: still trying"
    leader, child = pid_in(tmp_path / "leader"), pid_in(tmp_path / "child")
    assert leader and child
    await until(lambda: not alive(leader) and not alive(child))
    await until(lambda: not children())


async def test_what_it_leaves_behind_in_its_group_ends_with_it(world: World, tmp_path: Path):
    """A child in the background that holds the output open delays nothing and does not stay."""
    script = f"sleep 600 & echo $! > {tmp_path}/child; echo fine"
    result = await world.probe(sh(script), timeout=60)
    assert (result.ok, result.reason) == (True, "fine") and result.latency < 20
    await until(lambda: not alive(pid_in(tmp_path / "child")))


async def test_a_flood_is_bounded_and_costs_little(world: World):
    """1 KiB is kept; the rest is read slowly, so that the watchdog has time for the others."""
    used = time.process_time()
    result = await world.probe(sh("exec yes"), timeout=1.0)
    used = time.process_time() - used
    assert (result.ok, result.reason) == (False, "/bin/sh did not end within 1s: y")
    assert used < 0.15  # read without a pause, it takes a quarter of the second or more


async def test_much_output_does_not_stop_a_command_from_ending(world: World):
    """What nobody keeps is still read."""
    result = await world.probe(sh("head -c 300000 /dev/zero; exit 5"), timeout=30)
    assert result.reason.startswith("exit 5")


async def test_the_first_kilobyte_of_output_is_what_counts(world: World):
    """What comes after it is read and forgotten."""
    result = await world.probe(sh("printf 'begun\\n%01500d\\nlast\\n' 0; exit 1"), timeout=30)
    assert result.reason.startswith("exit 1: 000")


async def test_a_command_without_newlines_has_a_bounded_reason(world: World):
    """The reason is never longer than a line of status."""
    result = await world.probe(sh("head -c 5000 /dev/zero | tr '\\0' x; exit 1"), timeout=30)
    assert result.reason.startswith("exit 1: xxx") and len(result.reason) == 200


async def test_an_exit_status_that_somebody_else_took_is_no_success(world: World):
    """Popen would report 0 for a child that was reaped behind its back."""
    world.probes.configure("bot", {Role.LIVENESS: sh("exit 0")})
    world.probes.probe("bot", 1, Role.LIVENESS, 10)
    deadline = time.monotonic() + 10
    while not children():
        await asyncio.sleep(0)
        assert time.monotonic() < deadline
    # It blocks the loop, which so cannot be the first to see the end.
    os.waitpid(children()[0], 0)  # noqa: ASYNC222
    await until(lambda: world.results)
    assert not world.results[0].ok
    assert world.results[0].reason == "its exit status is not known"


async def test_many_at_once_leave_nothing_behind(world: World):
    """Thirty commands, half of them killed: every one is answered and reaped."""
    world.probes.configure("a", {Role.LIVENESS: sh("exit 0")})
    world.probes.configure("b", {Role.LIVENESS: sh("sleep 600")})
    for _ in range(15):
        world.probes.probe("a", 1, Role.LIVENESS, 30)
        world.probes.probe("b", 1, Role.LIVENESS, 0.5)
    await until(lambda: len(world.events) == 30)
    assert sum(result.ok for result in world.results) == 15
    await until(lambda: not children())
