"""Starting a process: what it gets, and what is said when it cannot be started."""

from __future__ import annotations

import errno
import os
import pwd
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from watchdog.core.events import Exited, Spawned, SpawnFailed, TreeEmpty
from watchdog.process import MARKER, SpawnSpec, blame, limits, posix, proc
from watchdog.process.users import Account, environment_of

World = Any


async def failure(world: World) -> tuple[int | None, str]:
    failed = await world.event(SpawnFailed)
    assert not world.seen(Spawned)
    return failed.exit.code, failed.exit.detail


async def output(world: World, code: str, **spec: Any) -> str:
    """What a Python process prints before it exits by itself."""
    read, write = os.pipe()
    try:
        world.python(code, stdout=write, **spec)
        await world.ended()
        return os.read(read, 65536).decode()
    finally:
        os.close(read)
        os.close(write)


async def test_exit_status_is_reported_then_the_empty_tree(world: World) -> None:
    """A process that exits by itself yields Spawned, Exited with its status, TreeEmpty."""
    world.spawn("sh", "-c", "exit 3")
    exited = await world.ended()
    assert (exited.exit.code, exited.exit.signal) == (3, None)
    assert [type(e) for _, e in world.posted] == [Spawned, Exited, TreeEmpty]
    assert [e.incarnation for _, e in world.posted] == [1, 1, 1]


async def test_death_by_signal_is_named(world: World) -> None:
    """A process killed by a signal yields the signal's number and name."""
    world.spawn("sleep", "1000")
    os.kill(world.seen(Spawned)[0].pid, signal.SIGKILL)
    exited = await world.ended()
    assert (exited.exit.code, exited.exit.signal) == (None, 9)
    assert exited.exit.detail == "killed by SIGKILL (9)"


async def test_missing_command_is_127_and_names_the_path(world: World) -> None:
    """A command that is nowhere in PATH is 127, and the PATH that was searched is shown."""
    world.spawn("no-such-command", env={"PATH": "/bin:/usr/bin"})
    code, detail = await failure(world)
    assert code == 127
    assert detail == "cannot run 'no-such-command': no such file in PATH (/bin:/usr/bin)"


async def test_missing_file_is_127(world: World) -> None:
    """A command given with a path that does not exist is 127."""
    world.spawn("/no/such/command")
    assert await failure(world) == (127, "cannot run '/no/such/command': no such file")


async def test_missing_interpreter_is_named(world: World, tmp_path: Path) -> None:
    """A script whose #! line names nothing is 127, and the interpreter is what is blamed."""
    script = tmp_path / "script"
    script.write_text("#!/no/such/python -u\n")
    script.chmod(0o755)
    world.spawn(str(script))
    code, detail = await failure(world)
    assert code == 127
    assert "'/no/such/python', which does not exist" in detail


async def test_file_that_is_not_executable_is_126(world: World, tmp_path: Path) -> None:
    """A file without the executable bit is 126 and the remedy is said."""
    script = tmp_path / "script"
    script.write_text("#!/bin/sh\n")
    world.spawn(str(script))
    code, detail = await failure(world)
    assert code == 126
    assert "is not executable; chmod +x it" in detail


async def test_file_of_no_executable_format_is_126(world: World, tmp_path: Path) -> None:
    """A file that the kernel cannot load is 126, with a guess at the missing #! line."""
    script = tmp_path / "script"
    script.write_text("echo hello\n")
    script.chmod(0o755)
    world.spawn(str(script))
    code, detail = await failure(world)
    assert code == 126
    assert "#!" in detail


async def test_directory_in_place_of_a_command_is_126(world: World, tmp_path: Path) -> None:
    """A directory cannot be run."""
    world.spawn(str(tmp_path))
    code, detail = await failure(world)
    assert code == 126
    assert "is a directory" in detail


async def test_missing_directory_is_blamed_not_the_command(world: World) -> None:
    """When the working directory is missing, the error names the directory."""
    world.spawn("sleep", "1", directory="/no/such/place")
    code, detail = await failure(world)
    assert code == 126
    assert "its directory '/no/such/place' does not exist" in detail


async def test_unknown_user_and_group_are_named(world: World) -> None:
    """A user or group that does not exist is a clear error, with no process."""
    world.spawn("sleep", "1", user="no-such-user")
    assert (await failure(world))[1].startswith("cannot run 'sleep': there is no user 'no-such")
    world.spawn("sleep", "1", group="no-such-group", incarnation=2)
    assert "there is no group 'no-such-group'" in world.seen(SpawnFailed)[-1].exit.detail


@pytest.mark.parametrize("command", [(), ("",)])
async def test_empty_command_is_127(world: World, command: tuple[str, ...]) -> None:
    """Nothing to run is 127."""
    world.spawn(*command)
    assert (await failure(world))[0] == 127


async def test_null_byte_in_the_command_is_a_failure_not_a_crash(world: World) -> None:
    """What the kernel could never be told is refused in words."""
    world.spawn("sleep", "1\0")
    assert (await failure(world))[0] == 126


@pytest.mark.parametrize("number", [errno.EAGAIN, errno.ENOMEM, errno.EMFILE, errno.ENFILE])
def test_lack_of_room_is_worth_another_try(number: int) -> None:
    """Shortage on the machine has no exit code: the core may try again."""
    exit = blame.explain(SpawnSpec(("x",)), OSError(number, os.strerror(number)))
    assert exit.code is None
    assert os.strerror(number) in exit.detail


async def test_exhausted_descriptors_fail_cleanly_and_pass(world: World) -> None:
    """With no free descriptor a spawn fails in words, and works again when there are some."""
    world.spawn("true")
    await world.ended()
    held: list[int] = []
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, hard))
    try:
        with pytest.raises(OSError, match="Too many open files"):
            while True:
                held.append(os.dup(1))
        for spare in range(4):
            world.spawn("sleep", "1000", incarnation=2 + spare)
            exit = world.seen(SpawnFailed)[-1].exit
            assert exit.code is None
            assert "no free descriptor" in exit.detail
            assert len(world.seen(SpawnFailed)) == spare + 1
            if spare < 2:  # subprocess needs three, we one more
                os.close(held.pop())
            else:
                break
    finally:
        for descriptor in held:
            os.close(descriptor)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert not world.alive()
    world.spawn("true", incarnation=9)
    await world.until(lambda: TreeEmpty(9) in world.seen(TreeEmpty))


async def test_process_that_cannot_be_watched_is_ended(world: World) -> None:
    """If the pidfd cannot be had after the fork, nothing is left running."""
    world.spawn("true")
    await world.ended()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = os.dup(0)
    os.close(needed)
    made: list[int] = []

    class Blind:
        """The real system, whose descriptors run out after the fork."""

        def __getattr__(self, name: str) -> Any:
            from watchdog.process import system

            return getattr(system, name)

        def launch(self, *arguments: Any) -> int:
            made.append(posix.launch(*arguments))
            resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))
            return made[-1]

    world.processes.close()
    world.adapter(Blind())
    try:
        world.spawn("sleep", "1000", incarnation=2)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert (await world.event(SpawnFailed)).exit.code is None
    assert made
    assert not Path(f"/proc/{made[0]}").exists()


async def test_environment_is_the_given_one_and_the_marker(world: World) -> None:
    """Nothing of the watchdog's own environment leaks into a process."""
    os.environ["WATCHDOG_TEST_LEAK"] = "1"
    try:
        text = await output(world, "import os; print(sorted(os.environ))")
    finally:
        del os.environ["WATCHDOG_TEST_LEAK"]
    assert set(eval(text)) - {"LC_CTYPE"} == {"PATH", "LIFE", MARKER}


async def test_marker_names_program_and_incarnation(world: World) -> None:
    """The marker in the environment is program:incarnation:nonce."""
    text = await output(world, f"import os; print(os.environ['{MARKER}'])")
    assert text.startswith("bot:1:")
    assert len(text.strip().split(":")[2]) == 16


async def test_session_directory_umask_and_descriptors(world: World, tmp_path: Path) -> None:
    """It leads its own session and group, in its directory, with its umask and passed fds."""
    read, write = os.pipe()
    code = (
        "import os,sys; m=os.umask(0); os.write(%d, b'hello');"
        "print(os.getsid(0)==os.getpgrp()==os.getpid(), os.getcwd(), oct(m), os.read(0,9))"
    )
    text = await output(
        world, code % write, directory=str(tmp_path), umask=0o027, pass_fds=(write,)
    )
    assert text == f"True {tmp_path} 0o27 b''\n"
    assert os.read(read, 99) == b"hello"
    os.close(read)
    os.close(write)


async def test_limits_hold_from_the_first_instruction(world: World) -> None:
    """Soft and hard limits are those of the spec, and the watchdog keeps its own."""
    before = {n: resource.getrlimit(n) for n in range(16)}
    code = (
        "import resource as r; print([r.getrlimit(n) for n in"
        " (r.RLIMIT_NOFILE, r.RLIMIT_CORE, r.RLIMIT_CPU, r.RLIMIT_STACK)])"
    )
    given = {
        "NOFILE": (200, 300),
        "RLIMIT_CORE": (0, 0),
        "CPU": (50, 60),
        "STACK": (4 << 20, 8 << 20),
    }
    # The hard limits and CPU arrive by prlimit, in the first instants; hence the pause.
    text = await output(world, "import time; time.sleep(0.2);" + code, limits=given)
    assert eval(text) == [(200, 300), (0, 0), (50, 60), (4 << 20, 8 << 20)]
    assert {n: resource.getrlimit(n) for n in range(16)} == before


async def test_limit_below_our_own_descriptors_is_still_given(world: World) -> None:
    """A NOFILE smaller than what the watchdog has open does not make the spawn fail."""
    held = [os.dup(0) for _ in range(40)]
    try:
        code = "import time,resource as r; time.sleep(0.2); print(r.getrlimit(r.RLIMIT_NOFILE))"
        assert await output(world, code, limits={"NOFILE": (20, 20)}) == "(20, 20)\n"
    finally:
        for descriptor in held:
            os.close(descriptor)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"NOFILES": (1, 1)}, "there is no limit 'NOFILES'"),
        ({"CORE": (9, 1)}, "the soft value 9 is above the hard value 1"),
    ],
)
async def test_impossible_limit_is_refused(world: World, given: Any, said: str) -> None:
    """An unknown or contradictory limit is a clear error, with no process."""
    world.spawn("true", limits=given)
    assert said in (await failure(world))[1]


def test_limit_above_our_own_is_refused_before_anything_runs() -> None:
    """What the watchdog may not give is a clear error, and nothing was started."""
    code = (
        "import resource as r; r.setrlimit(r.RLIMIT_CORE, (5, 5))\n"
        "from watchdog.process import limits\n"
        "try: limits.check({'CORE': (1, -1)})\nexcept ValueError as e: print(e)\n"
        "else: print('may', r.getrlimit(r.RLIMIT_CORE))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=Path(__file__).parents[2]
    )
    said = "limit CORE: unlimited is above this watchdog's own hard limit of 5;"
    assert done.stdout.startswith((said, "may (5, 5)")), done.stderr


def test_limits_that_would_hit_the_watchdog_wait_for_the_child() -> None:
    """CPU, memory and process limits are never set on the watchdog itself."""
    held_back = [n for n in ("CPU", "RLIMIT_AS", "DATA", "nproc") if limits.fits_around(n, 1)]
    assert held_back == []
    assert not limits.fits_around("NOFILE", 3)
    assert limits.fits_around("NOFILE", 100_000)
    assert limits.fits_around("NOFILE", -1)


async def test_user_is_switched_with_groups_and_home(world: World, as_root: None) -> None:
    """Under another user it has that user's ids, groups, HOME, USER and LOGNAME."""
    nobody = pwd.getpwnam("nobody")
    groups = sorted(os.getgrouplist("nobody", nobody.pw_gid))
    read, write = os.pipe()
    script = 'echo "$(id -u) $(id -g) $(id -G) $HOME $USER $LOGNAME"'
    world.spawn("/bin/sh", "-c", script, user="nobody", directory="/", stdout=write)
    await world.ended()
    text = os.read(read, 999).decode().split()
    os.close(read)
    os.close(write)
    assert text[:2] == [str(nobody.pw_uid), str(nobody.pw_gid)]
    assert sorted(map(int, text[2:-3])) == groups
    assert text[-3:] == [nobody.pw_dir, "nobody", "nobody"]


def test_home_that_was_configured_is_kept() -> None:
    """A HOME that only the program has stays; one inherited from the watchdog does not."""
    account = Account(1, 1, (), "ann", "/home/ann")
    ours = {"HOME": "/root", "USER": "root"}
    assert environment_of(account, {"HOME": "/srv", "USER": "root", "A": "b"}, ours) == {
        "HOME": "/srv",
        "USER": "ann",
        "LOGNAME": "ann",
        "A": "b",
    }


def test_ordinary_user_cannot_switch(as_root: None) -> None:
    """Without root the switch is refused with what to do about it."""
    code = (
        "from watchdog.process.users import *; from watchdog.process import SpawnSpec\n"
        "try: account_of(SpawnSpec(('x',), user='root'))\n"
        "except UserProblem as e: print(e)"
    )
    done = subprocess.run(
        ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", sys.executable, "-c", code],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    if "Permission" in done.stderr:
        pytest.skip("the interpreter is out of an ordinary user's reach")
    assert "cannot run as user 'root'" in done.stdout, done.stderr
    assert "only root may" in done.stdout


async def test_spawn_over_a_living_tree_is_a_bug(world: World) -> None:
    """A second spawn before the old tree is proved empty never happens."""
    world.spawn("sleep", "1000")
    with pytest.raises(RuntimeError, match="before the old tree was proved empty"):
        world.spawn("sleep", "1000", incarnation=2)


async def test_crash_is_reported_fast(world: World) -> None:
    """From SIGKILL to the proved empty tree it takes a fraction of a millisecond."""
    took: list[float] = []
    for n in range(1, 41):
        world.spawn("sleep", "1000", incarnation=n)
        pid = world.seen(Spawned)[-1].pid
        await world.until(lambda pid=pid: proc.command(pid).startswith("sleep"))
        started = time.perf_counter()
        os.kill(pid, signal.SIGKILL)
        while world.posted[-1][1] != TreeEmpty(n):
            world._news.clear()
            await world._news.wait()
        took.append(time.perf_counter() - started)
    # 0.3 ms on an idle machine, of which the kernel takes 0.2; ten times that on a busy one.
    assert min(took) < 0.003
