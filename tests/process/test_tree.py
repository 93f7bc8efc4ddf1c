"""Trees: signals reach the right ones, kill ends everything, and emptiness is really proved."""

from __future__ import annotations

# These calls return at once, and must not go through asyncio.
# ruff: noqa: ASYNC220, ASYNC222
import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from watchdog.core.events import Exited, Spawned, TreeEmpty
from watchdog.process import Mark, posix, proc, trees

World = Any

# Each prints "ready" once its tree stands, and ends after a minute if nobody has ended it.
# Python, so that it runs wherever the tests do.
READY = "os.write(1, b'ready\\n')"
DAEMON = """
import os, time
def escape():
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            return
        os._exit(0)
    os.wait()
    time.sleep(60)
"""
HOSTILE = {
    "ignores TERM": f"import os,signal,time\nsignal.signal(15, signal.SIG_IGN)\n{READY}\n"
    "time.sleep(60)",
    "children in its group": f"import os,time\nfor _ in range(5):\n if os.fork() == 0: break\n"
    f"else: {READY}\ntime.sleep(60)",
    "setsid and double fork": f"{DAEMON}escape()\n{READY}\ntime.sleep(60)",
    "closes all descriptors": f"{DAEMON}escape()\n{READY}\nos.closerange(0, 100)\ntime.sleep(60)",
    "sheds its environment": f"{DAEMON}escape()\n{READY}\nos.closerange(0, 100)\n"
    "os.execve('/bin/sleep', ['sleep', '60'], {'LIFE': os.environ['LIFE']})",
    "stops itself": f"import os,signal\n{READY}\nos.kill(os.getpid(), signal.SIGSTOP)",
    "stopped daemon": f"{DAEMON}escape()\n{READY}\nos.kill(os.getpid(), 19)",
    "keeps forking in its group": f"import os,time\n{READY}\n"
    "end = time.monotonic() + 60\nwhile time.monotonic() < end:\n"
    " pid = os.fork()\n if pid == 0: time.sleep(0.01); os._exit(0)\n"
    " if os.getppid() == 1: pass\n os.waitpid(-1, os.WNOHANG)",
    "flees by forking": f"{DAEMON}escape()\n{READY}\n"
    "end = time.monotonic() + 60\nwhile time.monotonic() < end:\n if os.fork(): os._exit(0)\n"
    " os.setsid(); time.sleep(0.002)",
    "flees as fast as it can": f"{DAEMON}escape()\n{READY}\n"
    "end = time.monotonic() + 60\nwhile time.monotonic() < end:\n if os.fork(): os._exit(0)\n"
    " os.setsid()",
    "breeds daemons": f"{DAEMON}for n in range(30):\n if os.fork() == 0:\n  escape()\n  break\n"
    f"else: {READY}\ntime.sleep(60)",
    "collects no zombies": f"import os,time\nfor _ in range(5):\n if os.fork() == 0: os._exit(0)\n"
    f"{READY}\nif os.fork() == 0: os.setsid()\ntime.sleep(60)",
    "leader's main thread ends": "import os,threading,time,ctypes\n"
    "threading.Thread(target=time.sleep, args=(60,)).start()\n"
    f"{READY}\nctypes.CDLL(None).pthread_exit(None)",
}


async def ready(world: World, code: str, **spec: Any) -> int:
    """Start it, wait until its tree stands, and return the leader."""
    read, write = os.pipe()
    try:
        world.python(code, stdout=write, **spec)
        loop, says = asyncio.get_running_loop(), asyncio.Event()
        loop.add_reader(read, says.set)
        await asyncio.wait_for(says.wait(), 20)
        loop.remove_reader(read)
    finally:
        os.close(read)
        os.close(write)
    return int(world.seen(Spawned, spec.get("program", "bot"))[-1].pid)


@pytest.mark.parametrize("habit", HOSTILE)
async def test_kill_ends_a_hostile_tree(world: World, habit: str) -> None:
    """After kill, TreeEmpty comes, and at that moment nothing of the tree is alive."""
    await ready(world, HOSTILE[habit])
    world.kill()
    await world.ended()
    assert world.alive() == []


@pytest.mark.parametrize("habit", [h for h in HOSTILE if "daemon" in h or "fork" in h])
async def test_leftovers_hold_back_the_proof_until_killed(world: World, habit: str) -> None:
    """When only the leader dies, TreeEmpty waits for the rest, and kill ends the rest."""
    leader = await ready(world, HOSTILE[habit])
    os.kill(leader, signal.SIGKILL)
    await world.event(Exited)
    if "keeps forking" not in habit:  # its children end by themselves
        await asyncio.sleep(0.05)
        assert not world.seen(TreeEmpty)
        await world.until(world.alive)  # one look may miss what changes its pid all the time
    world.kill()
    await world.ended()
    assert world.alive() == []


async def test_leftovers_that_go_by_themselves_are_noticed(world: World) -> None:
    """Without kill, TreeEmpty comes when the last stray has ended, with no polling."""
    leader = await ready(world, f"{DAEMON}escape()\n{READY}\ntime.sleep(60)")
    os.kill(leader, signal.SIGKILL)
    await world.event(Exited)
    strays = await world.until(lambda: world.processes.strays("bot"))
    assert world.processes._poll is None
    assert not world.seen(TreeEmpty)
    for stray in strays:
        os.kill(stray, signal.SIGKILL)
    await world.ended()


async def test_leader_that_exits_and_leaves_a_daemon(world: World) -> None:
    """The classic daemon: its parent's exit 0 is reported, the tree is not called empty."""
    code = f"import os,time\nif os.fork(): os._exit(0)\nos.setsid()\n{READY}\ntime.sleep(60)"
    await ready(world, code)
    exited = await world.event(Exited)
    assert exited.exit.code == 0
    strays = await world.until(lambda: world.processes.strays("bot"))
    assert not world.seen(TreeEmpty)
    assert proc.lives(strays[0])
    world.kill()
    await world.ended()


async def test_kill_spares_other_programs(world: World) -> None:
    """Killing one tree leaves another's leader and daemon alone."""
    await ready(world, HOSTILE["setsid and double fork"])
    other = await ready(world, HOSTILE["setsid and double fork"], program="web")
    before = len(world.alive())
    world.kill()
    await world.ended()
    assert not world.seen(Exited, "web")
    assert len(world.alive()) == before // 2
    os.kill(other, signal.SIGKILL)
    await world.event(Exited, "web")
    assert world.alive()
    world.kill("web")
    await world.event(TreeEmpty, "web")
    assert world.alive() == []


async def test_orphan_found_while_its_leader_lives_is_known_later(world: World) -> None:
    """A daemon re-parented to us during its leader's life still holds back the proof."""
    code = (
        "import os,time\nif os.fork() == 0:\n os.setsid()\n if os.fork(): os._exit(0)\n"
        f" {READY}\n time.sleep(60)\nos.wait()\ntime.sleep(60)"
    )
    leader = await ready(world, code)
    assert len(world.alive()) == 2
    os.kill(leader, signal.SIGKILL)
    await world.event(Exited)
    await world.until(lambda: world.processes.strays("bot"))
    assert not world.seen(TreeEmpty)
    world.kill()
    await world.ended()


async def test_orphans_zombies_are_collected(world: World) -> None:
    """As subreaper we inherit dead orphans, and leave none of them as zombies."""
    code = (
        "import os,time\nfor _ in range(20):\n if os.fork() == 0:\n  if os.fork(): os._exit(0)\n"
        f"  os._exit(0)\n os.wait()\n{READY}\ntime.sleep(60)"
    )
    known = set(proc.own_children())  # servers that other tests use
    leader = await ready(world, code)
    await world.until(lambda: set(proc.own_children()) <= {leader, *known})


async def test_other_adapters_children_are_left_to_them(world: World) -> None:
    """A child that another part of the watchdog started keeps its status for a while."""
    world.spawn("sleep", "60")
    helper = subprocess.Popen(["sh", "-c", "exit 7"], start_new_session=True)
    await world.until(lambda: trees.is_dead_child(helper.pid))
    world.kill()
    await world.ended()
    assert helper.wait() == 7


async def test_unclaimed_zombie_is_collected_in_the_end(world: World) -> None:
    """What nobody asks for within a second is collected, so that PID 1 keeps no zombies."""
    world.spawn("sleep", "60")
    stranger = subprocess.Popen(["true"])
    await world.until(lambda: not Path(f"/proc/{stranger.pid}").exists())
    stranger.returncode = 0
    assert not world.seen(Exited)


async def test_living_helper_is_no_part_of_any_tree(world: World) -> None:
    """A living child of the watchdog itself neither delays TreeEmpty nor is killed."""
    helper = subprocess.Popen(["sleep", "60"], start_new_session=True)
    try:
        world.spawn("sleep", "60")
        world.kill()
        await world.ended()
        assert helper.poll() is None
    finally:
        helper.kill()
        helper.wait()


SAYS = (
    "import os,signal,sys,time\nsignal.signal(signal.SIGUSR1, lambda *_: os._exit(5))\n"
    f"if os.fork() == 0: pass\nelse: {READY}\ntime.sleep(60)"
)


async def test_signal_to_the_main_process_alone(world: World) -> None:
    """Without `group`, only the leader gets it."""
    await ready(world, SAYS)
    await world.until(lambda: len(world.alive()) == 2)
    world.processes.signal("bot", 1, "USR1", False)
    assert (await world.event(Exited)).exit.code == 5
    assert len(await world.until(lambda: world.processes.strays("bot"))) == 1
    world.kill()
    await world.ended()


async def test_signal_to_the_group_reaches_all_also_after_the_leader(world: World) -> None:
    """With `group`, everyone gets it; and still when the leader is dead already."""
    leader = await ready(world, SAYS)
    os.kill(leader, signal.SIGKILL)
    await world.event(Exited)
    world.processes.signal("bot", 1, "KILL", True)
    await world.ended()
    assert world.alive() == []


async def test_signals_to_another_incarnation_do_nothing(world: World) -> None:
    """A late signal or kill for an incarnation that is gone hits nobody."""
    world.spawn("sleep", "60", incarnation=2)
    world.processes.signal("bot", 1, "KILL", True)
    world.processes.kill("bot", 1)
    world.processes.signal("web", 2, "KILL", False)
    world.processes.signal("bot", 2, "CONT", False)
    await asyncio.sleep(0.05)
    assert not world.seen(Exited)
    with pytest.raises(ValueError, match="there is no signal"):
        world.processes.signal("bot", 2, "NONSENSE", False)


async def test_stopped_process_is_alive(world: World) -> None:
    """SIGSTOP is no death; kill ends the stopped process."""
    world.spawn("sleep", "60")
    world.processes.signal("bot", 1, "STOP", False)
    pid = world.seen(Spawned)[0].pid
    await world.until(lambda: proc.stat(pid)[0] == b"T")
    assert not world.seen(Exited)
    world.kill()
    assert (await world.ended()).exit.signal == 9


async def test_many_programs_die_at_once(world: World) -> None:
    """A hundred deaths in one instant yield a hundred ends, each once and in order."""
    names = [f"p{n}" for n in range(100)]
    for name in names:
        world.spawn("sleep", "60", program=name)
    for name in names:
        os.kill(world.seen(Spawned, name)[0].pid, signal.SIGKILL)
    for name in names:
        await world.event(TreeEmpty, name)
        assert len(world.seen(Exited, name)) == len(world.seen(TreeEmpty, name)) == 1


async def test_status_taken_by_others_is_survived(world: World) -> None:
    """If something else collected our child, its end is reported as not known."""
    world.spawn("sleep", "60")
    pid = world.seen(Spawned)[0].pid
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    exited = await world.ended()
    assert (exited.exit.code, exited.exit.signal) == (None, None)
    assert "not known" in exited.exit.detail


async def test_watchdog_is_idle_while_nothing_happens(world: World) -> None:
    """With processes and strays alive, the loop has no timer at all."""
    leader = await ready(world, HOSTILE["setsid and double fork"])
    world.spawn("sleep", "60", program="web")
    os.kill(leader, signal.SIGKILL)
    await world.event(Exited)
    await world.until(lambda: world.processes.strays("bot"))
    ours = [world.processes._poll, world.processes._collecting, world.processes._tidying]
    await world.until(lambda: world.processes._tidying is None)
    assert [t for t in ours if t and not t.cancelled() and t.when() > time.monotonic()] == []


async def test_members_are_the_whole_tree(world: World) -> None:
    """For measuring, the tree is listed with its daemons."""
    await ready(world, HOSTILE["setsid and double fork"])
    await world.until(lambda: set(world.processes.members("bot")) == set(world.alive()))
    assert world.processes.memory("bot") > 2 << 20
    assert world.processes.members("web") == []
    assert world.processes.memory("web") == 0


class Scanning:
    """Linux, but the kernel refuses us the role of subreaper."""

    def __getattr__(self, name: str) -> Any:
        from watchdog.process import linux

        return getattr(linux, name)

    def family(self) -> trees.Family:
        return trees.Family(reaper=False)


@pytest.mark.parametrize("habit", ["setsid and double fork", "children in its group"])
async def test_without_the_role_of_subreaper_all_of_proc_is_searched(
    world: World, habit: str
) -> None:
    """The marks alone find what has escaped."""
    world.adapter(Scanning())
    leader = await ready(world, HOSTILE[habit])
    os.kill(leader, signal.SIGKILL)
    await world.event(Exited)
    await world.until(lambda: world.processes.strays("bot"))
    assert not world.seen(TreeEmpty)
    world.kill()
    await world.ended()
    assert world.alive() == []


class Restless(trees.Family):
    """A family in which something has always just moved."""

    calm = False

    def look(self) -> Any:
        sight = super().look()
        sight.settled &= self.calm
        return sight


class RestlessSystem(Scanning):
    """Linux with such a family."""

    def family(self) -> trees.Family:
        from watchdog.process import linux

        return Restless(reaper=linux.become_subreaper())


async def test_unsettled_look_proves_nothing(world: World) -> None:
    """As long as something moves while we look, the tree is not called empty."""
    world.adapter(RestlessSystem())
    world.spawn("true")
    await world.event(Exited)
    await asyncio.sleep(0.05)
    assert not world.seen(TreeEmpty)
    world.processes._family.calm = True
    await world.ended()


@pytest.mark.parametrize("habit", ["ignores TERM", "children in its group", "stops itself"])
async def test_any_unix_ends_a_process_group(world: World, habit: str) -> None:
    """Without pidfd and /proc, the process group is the tree."""
    world.adapter(posix)
    await ready(world, HOSTILE[habit])
    world.kill()
    assert (await world.ended()).exit.signal == 9
    assert world.alive() == []


async def test_any_unix_waits_for_a_group_that_outlives_its_leader(world: World) -> None:
    """Without pidfd, strays of the group hold back the proof until they have gone."""
    world.adapter(posix)
    leader = await ready(world, HOSTILE["children in its group"])
    os.kill(leader, signal.SIGTERM)
    await world.event(Exited)
    await asyncio.sleep(0.05)
    assert not world.seen(TreeEmpty)
    world.processes.signal("bot", 1, "TERM", True)
    await world.ended()


def test_marks_are_found_in_session_limit_and_environment() -> None:
    """Each of the three traces alone is enough to know whose process it is."""
    family = trees.Family(reaper=True)
    mark = Mark("bot", 1, 123456789)
    family.join(4_000_000, mark)
    sleeper = "import time; time.sleep(60)"
    by_limit = subprocess.Popen(
        [sys.executable, "-S", "-c", sleeper],
        preexec_fn=lambda: __import__("resource").setrlimit(10, (mark.nonce, -1)),
        env={},
    )
    by_text = subprocess.Popen(["sleep", "60"], env={"WATCHDOG_INCARNATION": mark.text})
    # In a session of its own: that of the tests may have begun outside this container, and so be 0.
    leader = subprocess.Popen(
        ["sh", "-c", "sleep 60 & echo $!; wait"],
        env={"WATCHDOG_INCARNATION": mark.text + "0", "PATH": os.environ["PATH"]},
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    assert leader.stdout is not None
    by_session = int(leader.stdout.readline())
    try:
        assert family.look().strays == {4_000_000: [by_limit.pid, by_text.pid]}
        everywhere = trees.Family(reaper=False)
        everywhere.join(leader.pid, Mark("own", 1, 6))
        assert everywhere.look().strays == {leader.pid: [by_session]}
    finally:
        os.kill(by_session, signal.SIGKILL)
        leader.stdout.close()
        for process in (by_limit, by_text, leader):
            process.kill()
            process.wait()
