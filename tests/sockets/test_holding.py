"""Held sockets: for whom they are open, when they are closed, and why one cannot be had."""

from __future__ import annotations

import asyncio
import errno
import os
import pwd
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from watchdog.config.model import Address, SocketConfig
from watchdog.daemon.doors import fetch
from watchdog.sockets import LINGER, CannotListen, Sockets
from watchdog.sockets.opening import NOBODY, explain, open_socket

ANYONE = NOBODY


class Told(list[tuple[str, str]]):
    """What was told of which program."""

    def __call__(self, program: str, text: str) -> None:
        self.append((program, text))


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
async def sockets(told: Told) -> AsyncIterator[Sockets]:
    held = Sockets(fetch, told)
    yield held
    held.close()


@pytest.fixture
def tcp() -> SocketConfig:
    """An address that nobody has, as far as can be known."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return SocketConfig(Address(*server.getsockname()))


@pytest.fixture
def unix(tmp_path: Path) -> SocketConfig:
    return SocketConfig(tmp_path / "s")


def can_connect(wanted: SocketConfig) -> bool:
    """Whether a connection is taken up, be it by the queue."""
    is_file = isinstance(wanted.place, Path)
    with socket.socket(socket.AF_UNIX if is_file else socket.AF_INET) as client:
        place = wanted.place
        name = str(place) if isinstance(place, Path) else (place.host, place.port)
        return client.connect_ex(name) == 0


async def until_closed(wanted: SocketConfig) -> None:
    async with asyncio.timeout(20):
        while can_connect(wanted):  # noqa: ASYNC110 - the kernel sets no event
            await asyncio.sleep(0.01)


async def test_it_is_the_same_for_the_next_start(sockets: Sockets, tcp: SocketConfig) -> None:
    """Each start gets the very socket of the one before, blocking as it was at first."""
    (first,) = sockets.open("web", [tcp], ANYONE)
    os.set_blocking(first, False)
    assert sockets.open("web", [tcp], ANYONE) == [first]
    assert os.get_blocking(first)
    assert not os.get_inheritable(first)


async def test_it_is_closed_when_the_last_user_rests(
    sockets: Sockets, tcp: SocketConfig, told: Told
) -> None:
    """Of several that share it, each may rest; whoever comes back in time keeps it."""
    one, two = (sockets.open(name, [tcp], ANYONE) for name in ("web:0", "web:1"))
    assert one == two
    os.set_blocking(one[0], False)
    sockets.open("web:1", [tcp], ANYONE)
    assert not os.get_blocking(one[0])  # the other one uses it
    sockets.rest("web:0")
    sockets.rest("web:1")
    sockets.wake("web:1")
    await asyncio.sleep(LINGER + 0.5)
    assert sockets.keys("web:1") == [tcp.key]
    assert (sockets.keys("web:0"), can_connect(tcp)) == ([], True)
    sockets.rest("web:1")
    await until_closed(tcp)
    assert told[-1] == ("web:1", f"no longer listening on {tcp.key}")


async def test_what_leaves_the_list_is_closed(
    sockets: Sockets, tcp: SocketConfig, unix: SocketConfig
) -> None:
    """A start with another list keeps what is in both."""
    before = sockets.open("web", [tcp, unix], ANYONE)
    assert sockets.open("web", [unix], ANYONE) == before[1:]
    assert (can_connect(tcp), can_connect(unix)) == (False, True)


async def test_a_removed_file_is_made_anew(sockets: Sockets, unix: SocketConfig) -> None:
    """At the next start; the old socket, which nobody can reach any more, is let go."""
    sockets.open("web", [unix], ANYONE)
    assert isinstance(unix.place, Path)
    unix.place.unlink()
    sockets.open("web", [unix], ANYONE)
    assert can_connect(unix)


async def test_a_file_of_somebody_else_is_left(sockets: Sockets, unix: SocketConfig) -> None:
    """What was put in the place of our socket's file is not removed with it."""
    sockets.open("web", [unix], ANYONE)
    assert isinstance(unix.place, Path)
    unix.place.unlink()
    unix.place.write_text("theirs")
    sockets.rest("web")
    sockets.close()
    assert unix.place.read_text() == "theirs"


async def test_closing_leaves_the_files_of_what_lives_on(sockets: Sockets, tmp_path: Path) -> None:
    """A watchdog that gives way leaves the sockets to those who have them."""
    up, down = (SocketConfig(tmp_path / name) for name in "ab")
    sockets.open("up", [up], ANYONE)
    sockets.open("down", [down], ANYONE)
    sockets.rest("down")
    sockets.close()
    assert [(tmp_path / name).exists() for name in "ab"] == [True, False]


async def test_an_upgrade_hands_all_of_it_over(
    sockets: Sockets, tcp: SocketConfig, unix: SocketConfig, told: Told
) -> None:
    """The next version has the same descriptors, users and files; who rests is let go."""
    before = sockets.open("web", [tcp, unix], ANYONE)
    sockets.open("api", [unix], ANYONE)
    given = sockets.inheritance()
    after = Sockets(fetch, told)
    after.inherit(given, ["web"])
    assert after.open("web", [tcp, unix], ANYONE) == before
    await asyncio.sleep(LINGER + 0.5)
    assert (after.keys("web"), after.keys("api")) == ([tcp.key, unix.key], [])
    after.rest("web")
    await until_closed(unix)
    assert not Path(str(unix.place)).exists()
    for one in sockets._held.values():
        one.listener.detach()  # closed by the other one
    sockets._held.clear()


HOLDER = """
import socket, sys, time
family = socket.AF_UNIX if sys.argv[1] == "unix" else socket.AF_INET
listener = socket.socket(family)
listener.bind(sys.argv[2] if sys.argv[1] == "unix" else ("127.0.0.1", int(sys.argv[2])))
listener.listen()
others = [socket.create_server(("127.0.0.1", 0)), socket.socket(socket.AF_INET, socket.SOCK_DGRAM)]
others += [*socket.socketpair(), socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)]
print("ready", flush=True)
time.sleep(1000)
"""


@contextmanager
def holder(wanted: SocketConfig) -> Iterator[int]:
    """A process that listens there, as one that an earlier watchdog has left."""
    place = wanted.place
    words = ["unix", str(place)] if isinstance(place, Path) else ["tcp", str(place.port)]
    command = [sys.executable, "-c", HOLDER, *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == b"ready\n"
            yield process.pid
        finally:
            process.kill()


async def test_they_are_fetched_from_an_adopted_process(
    sockets: Sockets, tcp: SocketConfig, unix: SocketConfig, told: Told
) -> None:
    """By address, whatever their numbers are there; the process may end, the sockets stay."""
    with holder(tcp) as one, holder(unix) as two:
        sockets.recover("web", [tcp, unix], lambda: [one, two])
    assert can_connect(tcp)
    assert can_connect(unix)
    assert told == []
    sockets.rest("web")
    await until_closed(tcp)
    assert not Path(str(unix.place)).exists()


async def test_what_may_not_be_fetched_is_opened_after_the_end(
    tcp: SocketConfig, told: Told
) -> None:
    """It is said, the process serves on, and once it is dead the address is ours."""

    def forbid(pid: int, number: int) -> int:
        raise PermissionError(0, "the system does not allow it: yama")

    sockets = Sockets(forbid, told)
    with holder(tcp) as pid:
        sockets.recover("web", [tcp], lambda: [pid])
        ((program, text),) = told
        assert program == "web"
        assert text.startswith(f"{tcp.key} cannot be shared with its processes (the system does")
        with pytest.raises(CannotListen, match=rf"it is taken by pid {pid} \("):
            sockets.open("web", [tcp], ANYONE)
    sockets.open("web", [tcp], ANYONE)
    assert can_connect(tcp)
    sockets.close()


def test_what_nobody_serves_is_replaced(unix: SocketConfig) -> None:
    """A process that was killed left its file; one that is served, or no socket, stays."""
    open_socket(unix, ANYONE).close()
    with open_socket(unix, ANYONE):
        with pytest.raises(CannotListen, match=rf"it is taken by pid {os.getpid()} "):
            open_socket(unix, ANYONE)
        assert can_connect(unix)
    Path(str(unix.place)).unlink()
    Path(str(unix.place)).touch()
    with pytest.raises(CannotListen, match="there is a file that is no socket; move it away"):
        open_socket(unix, ANYONE)


@pytest.mark.parametrize(
    ("wanted", "reason"),
    [
        (SocketConfig(Address("203.0.113.1", 4000)), "this machine has no such address"),
        (SocketConfig(Path("/nowhere/at/all.sock")), "there is no directory /nowhere/at"),
    ],
)
def test_a_reason_is_in_words(wanted: SocketConfig, reason: str) -> None:
    """What was to be had, and why it cannot be."""
    with pytest.raises(CannotListen) as caught:
        open_socket(wanted, ANYONE)
    assert str(caught.value) == f"cannot listen on {wanted.key}: {reason}"


def test_an_unknown_owner_leaves_nothing_behind(tmp_path: Path) -> None:
    """The file is not there with another's right to it, not even for a moment."""
    wanted = SocketConfig(tmp_path / "s", owner="nobody-of-this-name")
    with pytest.raises(CannotListen, match="there is no nobody-of-this-name on this machine"):
        open_socket(wanted, ANYONE)
    assert not (tmp_path / "s").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
def test_the_file_is_the_programs_own(tmp_path: Path) -> None:
    """Without an owner it belongs to the account as which the program runs."""
    account = pwd.getpwnam("nobody")
    wanted = SocketConfig(tmp_path / "s", mode=0o620)
    with open_socket(wanted, (account.pw_uid, account.pw_gid)):
        found = (tmp_path / "s").stat()
    assert (found.st_uid, found.st_gid, found.st_mode & 0o777) == (
        account.pw_uid, account.pw_gid, 0o620,
    )  # fmt: skip


def test_a_low_port_is_roots() -> None:
    """Where the system keeps low ports for root, that is the reason."""
    refused = OSError(errno.EACCES, "Permission denied")
    text = explain(SocketConfig(Address("127.0.0.1", 80)), refused)
    assert text.startswith("cannot listen on 127.0.0.1:80: a port this low is root's")
