"""A cgroup of its own holds what sheds every other trace; where there is none, nothing is lost."""

from __future__ import annotations

# These calls return at once, and must not go through asyncio.
import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

if sys.platform != "linux":
    pytest.skip("cgroups are Linux's", allow_module_level=True)

from tests.process.lives import Life, alive, children, collect, end_all, until
from tests.process.test_tree import HOSTILE, ready
from watchdog.core.events import Exited, SpawnFailed, TreeEmpty
from watchdog.process import cgroup, linux, proc
from watchdog.process.cgroup import Cgroup
from watchdog.process.contained import Cgroups, Contained

World = Any

# Its daemon has another session, number, environment and parent. None lives longer than a minute.
SHED = """
import os, resource, signal, time
signal.alarm(60)
def escape():
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            signal.alarm(60)
            resource.setrlimit(10, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
            return True
        os._exit(0)
    os.wait()
    return False
def shed(*command):
    os.execve(command[0], command, {'LIFE': os.environ['LIFE']})
def sleep():
    while True: time.sleep(1000)
"""
# It says so only when it is another program, of which nothing tells whose it is.
SLEEP = 'echo ready; : > "$LIFE/ready"; exec sleep 60'
FLEE = (
    "import os,signal\nos.write(1, b'ready\\n')\nopen(os.environ['LIFE'] + '/ready', 'w').close()\n"
    "for n in range(20000):\n if os.fork(): os._exit(0)\n os.setsid()\n"
    "signal.alarm(60); signal.pause()"
)
HABITS = {
    "sheds everything": f"{SHED}if escape(): shed('/bin/sh', '-c', {SLEEP!r})\nsleep()",
    "sheds everything and flees": f"{SHED}if escape(): "
    f"shed({sys.executable!r}, '-S', '-c', {FLEE!r})\nsleep()",
    "sheds everything, many times": f"{SHED}for n in range(20):\n"
    f" if escape(): shed('/bin/sh', '-c', {SLEEP!r})\nsleep()",
}


@pytest.fixture
def home() -> str:
    place = cgroup.home()
    if why := cgroup.trouble(place):
        pytest.skip(why)
    assert place is not None
    return place


def left_in(home: str, state: Path) -> list[str]:
    """The cgroups of this state directory that there are."""
    mine = f"watchdog.{state.stat().st_dev:x}-{state.stat().st_ino:x}."
    return [path.name.removeprefix(mine) for path in Path(home).glob(f"{mine}*")]


@pytest.fixture
def tidied(home: str, tmp_path: Path) -> Iterator[None]:
    """Afterwards no cgroup is left; and none could be if anything lived."""
    yield
    until(lambda: Cgroups(tmp_path, allowed=True) and not left_in(home, tmp_path))


@pytest.fixture
def contained(tidied: None, world: World, tmp_path: Path) -> World:
    world.adapter(Contained(tmp_path, allowed=True))
    return world


@pytest.mark.parametrize("habit", [*HABITS, *HOSTILE])
async def test_kill_ends_what_sheds_everything(contained: World, habit: str) -> None:
    """After kill nothing lives, whatever it shed: and TreeEmpty comes only then."""
    await ready(contained, {**HABITS, **HOSTILE}[habit])
    contained.kill()
    await contained.ended()
    assert contained.alive() == []


@pytest.mark.parametrize("habit", ["sheds everything", "sheds everything, many times"])
async def test_what_shed_everything_holds_back_the_proof(contained: World, habit: str) -> None:
    """When only the leader dies, TreeEmpty waits for the strays, and comes without a kill."""
    leader = await ready(contained, HABITS[habit])
    os.kill(leader, signal.SIGKILL)
    await contained.event(Exited)
    strays = await contained.until(lambda: contained.processes.strays("bot"))
    assert set(strays) <= set(contained.alive())
    assert not contained.seen(TreeEmpty)
    for stray in contained.alive():
        os.kill(stray, signal.SIGKILL)
    await contained.ended()


async def test_without_a_cgroup_such_a_stray_escapes(world: World) -> None:
    """What the others miss: this is why there are cgroups at all."""
    await ready(world, HABITS["sheds everything"])
    world.kill()
    await world.ended()
    assert len(world.alive()) == 1


async def test_a_process_is_born_inside(contained: World, home: str, tmp_path: Path) -> None:
    """The very first instruction runs in the cgroup, and the watchdog itself is not in it."""
    leader = await ready(contained, HOSTILE["stops itself"])
    (name,) = left_in(home, tmp_path)
    assert name == "bot"
    place = Cgroup(contained.processes._system.place_of("bot"))
    assert place.members() == [leader]
    assert place.holds(leader)
    assert not place.holds(os.getpid())
    assert cgroup.home() == home
    assert not Cgroup(place.path[:-1]).holds(leader)  # "bo" is another program


async def test_an_empty_cgroup_is_removed(contained: World, home: str, tmp_path: Path) -> None:
    """A second after the end, and not before a restart could use it again."""
    contained.spawn("sleep", "60")
    contained.kill()
    await contained.ended()
    assert left_in(home, tmp_path) == ["bot"]
    await contained.until(lambda: not left_in(home, tmp_path))


async def test_leaving_removes_what_is_empty(contained: World, home: str, tmp_path: Path) -> None:
    """When the watchdog ends, only the cgroup of what lives on stays."""
    contained.spawn("sleep", "60")
    contained.spawn("sleep", "60", program="web")
    contained.kill()
    await contained.ended()
    contained.processes.close()
    assert left_in(home, tmp_path) == ["web"]


async def test_one_tree_is_killed_and_no_other(contained: World) -> None:
    """Each program has a cgroup of its own."""
    await ready(contained, HABITS["sheds everything"])
    await ready(contained, HABITS["sheds everything"], program="web")
    contained.kill()
    await contained.ended()
    assert len(contained.alive()) == 2
    assert not contained.seen(Exited, "web")
    contained.kill("web")
    await contained.ended("web")
    assert contained.alive() == []


async def test_a_cgroup_below_the_programs_is_its_own(contained: World, as_root: None) -> None:
    """What a program puts into a cgroup below its own is ended and removed with it."""
    place = contained.processes._system.place_of("bot")
    code = (
        f"{SHED}inner = {place!r} + '/inner'\nos.mkdir(inner)\n"
        "open(inner + '/cgroup.type', 'w').write('threaded')\n"
        "if escape():\n open(inner + '/cgroup.threads', 'w').write('0')\n"
        f" shed('/bin/sh', '-c', {SLEEP!r})\nsleep()"
    )
    await ready(contained, code)
    contained.kill()
    await contained.ended()
    assert contained.alive() == []


async def test_remains_that_nobody_knows_are_ended_before_the_spawn(
    contained: World, tmp_path: Path
) -> None:
    """With every record lost, the cgroup alone tells; the new process has it for itself."""
    await ready(contained, HABITS["sheds everything"])
    before = set(contained.alive())
    contained.processes.close()
    contained.adapter(Contained(tmp_path, allowed=True))
    contained.spawn("sleep", "60", incarnation=2)
    assert not contained.seen(SpawnFailed)
    assert not before & set(contained.alive())


async def test_without_leave_a_program_starts_all_the_same(
    world: World, home: str, tmp_path: Path
) -> None:
    """With `cgroup = "off"` none is made; the marks find what they can."""
    world.adapter(Contained(tmp_path, allowed=False))
    await ready(world, HOSTILE["setsid and double fork"])
    assert left_in(home, tmp_path) == []
    assert world.processes._system.place_of("bot") == ""
    world.kill()
    await world.ended()
    assert world.alive() == []


async def test_a_cgroup_of_another_user_is_left_alone(
    contained: World, as_root: None, home: str, tmp_path: Path
) -> None:
    """By the same name, but not ours: nothing is put there, nothing in it is touched."""
    place = Path(contained.processes._system.place_of("bot"))
    place.mkdir()
    os.chown(place, 65534, -1)
    try:
        contained.spawn("sleep", "60")
        assert not Cgroup(str(place)).is_populated()
        assert contained.processes.pid("bot")
    finally:
        place.rmdir()


# --- when the watchdog is killed ----------------------------------------------------------------


@pytest.fixture
def life(tidied: None, tmp_path: Path) -> Iterator[str]:
    linux.become_subreaper()
    known = children()
    yield str(tmp_path)
    end_all(str(tmp_path))
    collect(known)


@pytest.fixture
def begin(life: str) -> Iterator[Callable[[], Life]]:
    begun: list[Life] = []

    def start() -> Life:
        begun.append(Life(contained=life))
        return begun[-1]

    yield start
    for watchdog in begun:
        watchdog.end()


def start(watchdog: Life, life: str, habit: str) -> dict[str, Any]:
    birth: dict[str, Any] = watchdog.ask("spawn", life, HABITS[habit])
    until((Path(life) / "ready").exists)
    return birth


@pytest.mark.parametrize("habit", HABITS)
def test_adopted_tree_ends_whole(begin: Callable[[], Life], life: str, habit: str) -> None:
    """Watchdog killed, process adopted: what shed everything before is ended with it."""
    first = begin()
    birth = start(first, life, habit)
    first.end()
    second = begin()
    assert second.ask("adopt", birth) is True
    second.ask("kill", "bot", 1)
    second.event("TreeEmpty")
    assert alive(life) == []


@pytest.mark.parametrize("habit", HABITS)
def test_stray_of_a_dead_leader_ends_before_the_spawn(
    begin: Callable[[], Life], life: str, habit: str
) -> None:
    """Watchdog and leader killed, and the stray shed everything: the next watchdog ends it."""
    first = begin()
    birth = start(first, life, habit)
    first.end()
    os.kill(birth["pid"], signal.SIGKILL)
    until(lambda: not proc.lives(birth["pid"]))
    until(lambda: alive(life))
    second = begin()
    assert second.ask("adopt", birth) is False
    assert second.ask("bury_strays", "bot", 1, birth["nonce"]) is True
    second.event("TreeEmpty")
    assert alive(life) == []
    again = second.ask("spawn", life, "import time\ntime.sleep(60)")
    assert alive(life) == [again["pid"]]


def test_stray_is_found_from_another_cgroup(
    begin: Callable[[], Life], life: str, home: str, as_root: None
) -> None:
    """The next watchdog may be started elsewhere: the note in the state directory leads it."""
    elsewhere = Path(home) / f"test-elsewhere.{os.getpid()}"
    elsewhere.mkdir()
    try:
        first = begin()
        birth = start(first, life, "sheds everything")
        first.end()
        os.kill(birth["pid"], signal.SIGKILL)
        second = begin()
        (elsewhere / "cgroup.procs").write_text(str(second.pid))
        assert second.ask("bury_strays", "bot", 1, birth["nonce"]) is True
        second.event("TreeEmpty")
        assert alive(life) == []
        again = second.ask("spawn", life, "import time\ntime.sleep(60)")
        assert f"{elsewhere.name}/watchdog." in proc.read(f"/proc/{again['pid']}/cgroup").decode()
        second.ask("kill", "bot", 1)
        second.event("Exited")
        second.end()
        Cgroup(str(elsewhere)).kill()
    finally:
        until(lambda: Cgroup(str(elsewhere)).remove())


def test_the_guardian_ends_what_shed_everything(begin: Callable[[], Life], life: str) -> None:
    """With `on_watchdog_death = "kill"` nothing of the cgroup outlives the watchdog."""
    watchdog = begin()
    start(watchdog, life, "sheds everything, many times")
    watchdog.ask("guard")
    watchdog.end()
    until(lambda: not alive(life))


def test_reexecuted_watchdog_knows_the_cgroup(begin: Callable[[], Life], life: str) -> None:
    """After an exec of itself it still holds what shed everything."""
    watchdog = begin()
    birth = start(watchdog, life, "sheds everything")
    watchdog.tell("execute")
    assert watchdog.answer() == "up"
    assert watchdog.ask("adopt", birth) is True
    watchdog.ask("kill", "bot", 1)
    watchdog.event("TreeEmpty")
    assert alive(life) == []
