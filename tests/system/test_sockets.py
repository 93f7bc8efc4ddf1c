"""`sockets`: the watchdog listens, the programs come and go, and no connection is refused."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.system.hammer import ASK, Hammer, ask, connect
from tests.system.harness import Watchdog, World, unused_key, wait_until

SERVER = """
import os, socket, sys, signal, time
assert os.environ["LISTEN_PID"] == str(os.getpid()), "not for us"
listener = socket.socket(fileno=3)
leaving = []
signal.signal(signal.SIGTERM, lambda *_: leaving.append(1))
listener.settimeout(0.05)
while not leaving:
    try:
        client, _ = listener.accept()
    except TimeoutError:
        continue
    with client:
        client.settimeout(5)
        client.recv(65536)
        client.sendall(b"HTTP/1.0 200 OK\\r\\n\\r\\n%d" % os.getpid())
"""


@pytest.fixture
def port() -> int:
    """One that nobody has, as far as can be known."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        found: int = server.getsockname()[1]
    return found


def program(world: World, name: str, *lines: str, server: str = SERVER) -> str:
    """A table for a small server."""
    (world.place / "server.py").write_text(server)
    return "\n".join([f"[programs.{name}]", 'command = "python server.py"', *lines, ""])


def restart(watchdog: Watchdog, name: str, times: int) -> None:
    """So many restarts, each of which must succeed."""
    for _ in range(times):
        told = watchdog.call("restart", name)
        assert told.returncode == 0, told.stdout


def listeners_of(pid: int) -> list[str]:
    """The links of a process's descriptors that are sockets."""
    links = [str(link.readlink()) for link in Path(f"/proc/{pid}/fd").iterdir()]
    return [link for link in links if link.startswith("socket:")]


def test_no_connection_is_refused_by_a_restart(world: World, port: int) -> None:
    """Over restarts of the program, a crash among them, every single client gets its answer."""
    watchdog = world.up(program(world, "web", f'sockets = ["127.0.0.1:{port}"]'))
    watchdog.wait_state("web", "RUNNING")
    with Hammer(("127.0.0.1", port)).pounding() as hammer:
        restart(watchdog, "web", 4)
        before = watchdog.program("web")["incarnation"]
        wait_until(lambda: hammer.answers > 100, "answers")
        os.kill(watchdog.program("web")["pid"], signal.SIGSTOP)  # nobody is in its hands then
        os.kill(watchdog.program("web")["pid"], signal.SIGKILL)
        watchdog.wait("web", lambda p: p["incarnation"] > before and p["pid"], "a new process")
    # The crash may have taken the one connection with it that was accepted and not answered yet.
    assert len(hammer.failures) <= 1, hammer.failures[:5]
    assert not [one for one in hammer.failures if "Refused" in one]


def test_without_the_key_the_hammer_sees_refusals(world: World, port: int) -> None:
    """The same server that listens by itself refuses connections while it is restarted."""
    own = SERVER.replace(
        'assert os.environ["LISTEN_PID"]', 'assert "3" or os.environ["X"]'
    ).replace("socket.socket(fileno=3)", f'socket.create_server(("127.0.0.1", {port}))')
    watchdog = world.up(program(world, "web", server=own))
    wait_until(lambda: not ask(("127.0.0.1", port)), "the server")
    with Hammer(("127.0.0.1", port)).pounding() as hammer:
        restart(watchdog, "web", 2)
    assert [one for one in hammer.failures if "Refused" in one]


def test_a_unix_socket_has_its_mode_and_goes_with_the_program(world: World) -> None:
    """Its file is there over restarts, and is removed when the program is stopped."""
    path = world.place / "web.sock"
    path.touch()
    path.unlink()
    table = '{ listen = "unix:web.sock", mode = "606" }'
    watchdog = world.up(program(world, "web", f"sockets = [{table}]"))
    watchdog.wait_state("web", "RUNNING")
    assert path.stat().st_mode & 0o777 == 0o606
    with Hammer(path).pounding() as hammer:
        restart(watchdog, "web", 2)
    assert (hammer.failures, hammer.answers > 0) == ([], True)
    watchdog.call("stop", "web")
    wait_until(lambda: not path.exists(), "the file to be gone")


def test_nobody_else_has_them(world: World, port: int) -> None:
    """Each of two programs has its own sockets and none of the other's; a third has none."""
    path = world.place / "b.sock"
    text = (
        program(world, "a", f'sockets = ["127.0.0.1:{port}"]')
        + program(world, "b", 'sockets = ["unix:b.sock"]')
        + '[programs.c]\ncommand = "sleep 1000"\n'
    )
    watchdog = world.up(text)
    pids = {name: watchdog.wait_state(name, "RUNNING")["pid"] for name in "abc"}
    assert [ask(("127.0.0.1", port)), ask(path)] == ["", ""]
    assert [len(listeners_of(pids[name])) for name in "abc"] == [1, 1, 0]
    assert not set(listeners_of(pids["a"])) & set(listeners_of(pids["b"]))


def test_a_stopped_program_refuses(world: World, port: int) -> None:
    """Nobody waits for a program that an operator has stopped; started again, it serves again."""
    watchdog = world.up(program(world, "web", f'sockets = ["127.0.0.1:{port}"]'))
    watchdog.wait_state("web", "RUNNING")
    watchdog.call("stop", "web")
    wait_until(lambda: "Refused" in ask(("127.0.0.1", port)), "a refusal")
    watchdog.call("start", "web")
    assert ask(("127.0.0.1", port)) == ""


def test_a_taken_address_is_the_reason(world: World, port: int) -> None:
    """Who has it is said; it is tried again, and had as soon as it is free."""
    with socket.create_server(("127.0.0.1", port)):
        watchdog = world.up(program(world, "web", f'sockets = ["127.0.0.1:{port}"]'))
        seen = watchdog.wait_state("web", "BACKOFF")
        assert seen["reason"].startswith(f"cannot listen on 127.0.0.1:{port}: it is taken by pid ")
        assert f"pid {os.getpid()} " in seen["reason"]
    watchdog.wait_state("web", "RUNNING")
    assert "Traceback" not in watchdog.text
    assert ask(("127.0.0.1", port)) == ""


def test_a_reload_keeps_what_stays(world: World, port: int, tmp_path: Path) -> None:
    """Of changed sockets the old are closed, the new opened, and those that stay refuse nobody."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        other = server.getsockname()[1]
    watchdog = world.up(program(world, "web", f'sockets = ["127.0.0.1:{port}"]'))
    watchdog.wait_state("web", "RUNNING")
    with Hammer(("127.0.0.1", port)).pounding() as hammer:
        both = f'sockets = ["127.0.0.1:{port}", "127.0.0.1:{other}"]'
        world.write(program(world, "web", both))
        assert watchdog.call("reload").returncode == 0
        watchdog.wait("web", lambda p: p["state"] == "RUNNING" and p["incarnation"] == 2, "reload")
    assert (hammer.failures, hammer.answers > 0) == ([], True)
    socket.create_connection(("127.0.0.1", other)).close()
    world.write(program(world, "web", f'sockets = ["127.0.0.1:{other}"]'))
    assert watchdog.call("reload").returncode == 0
    wait_until(lambda: ask(("127.0.0.1", other)) == "", "the new socket")
    wait_until(lambda: "Refused" in ask(("127.0.0.1", port)), "the old one to be closed")


def test_an_upgrade_keeps_them(world: World, port: int) -> None:
    """The watchdog is executed anew under load, then restarts the program, and nobody notices."""
    watchdog = world.up(program(world, "web", f'sockets = ["127.0.0.1:{port}"]'))
    watchdog.wait_state("web", "RUNNING")
    with Hammer(("127.0.0.1", port)).pounding() as hammer:
        assert watchdog.call("upgrade").returncode == 0
        watchdog.wait_text("upgraded from")
        restart(watchdog, "web", 2)
    assert (hammer.failures, hammer.answers > 0) == ([], True)
    assert watchdog.text.count("listening on") == 1


def test_the_next_watchdog_gets_them_back(world: World, port: int) -> None:
    """After a SIGKILL of the watchdog the next one shares them, and restarts without refusals."""
    text = program(world, "web", f'sockets = ["127.0.0.1:{port}", "unix:web.sock"]')
    first = world.up(text)
    pid = first.wait_state("web", "RUNNING")["pid"]
    with Hammer(("127.0.0.1", port)).pounding() as hammer:
        first.process.kill()
        first.process.wait()
        second = world.up(text)
        assert second.wait_state("web", "RUNNING")["pid"] == pid
        restart(second, "web", 2)
    assert (hammer.failures, hammer.answers > 0) == ([], True)
    assert "listening on" not in second.text
    assert second.leave() == 0
    assert not (world.place / "web.sock").exists()


FASTCGI = """
import os, socket, sys
listener = socket.socket(fileno=0)
assert "LISTEN_FDS" not in os.environ
while True:
    client, _ = listener.accept()
    with client:
        client.recv(65536)
        client.sendall(b"HTTP/1.0 200 OK\\r\\n\\r\\n%d" % os.getpid())
"""


def test_an_fcgi_program_of_supervisord(world: World) -> None:
    """Its processes accept at descriptor 0, all at the same socket, also while one is restarted."""
    path = world.place / "php.sock"
    (world.place / "php.py").write_text(FASTCGI)
    watchdog = world.up(
        f"[watchdog]\nstate = state\n[fcgi-program:php]\ncommand = python {world.place}/php.py\n"
        f"numprocs = 2\nprocess_name = %(process_num)d\nsocket = unix://{path}\nstopsignal = INT\n"
        "startsecs = 0\n",
        name="w.conf",
    )
    pids = [watchdog.wait_state(f"php:{n}", "RUNNING")["pid"] for n in range(2)]
    wait_until(lambda: not ask(path), "an answer")
    assert listeners_of(pids[0]) == listeners_of(pids[1])
    restart(watchdog, "php:0", 1)
    assert ask(path) == ""
    watchdog.call("stop", "php:*")
    wait_until(lambda: not path.exists(), "the file to be gone")


def test_instances_share_them(world: World, port: int) -> None:
    """Restarted one after the other, or scaled, they leave the socket to those that are up."""
    lines = (f'sockets = ["127.0.0.1:{port}"]', "instances = 2")
    watchdog = world.up(program(world, "web", *lines))
    names = ["web:web_00", "web:web_01"]
    pids = [watchdog.wait_state(name, "RUNNING")["pid"] for name in names]
    assert listeners_of(pids[0]) == listeners_of(pids[1])
    with Hammer(("127.0.0.1", port)).pounding() as hammer:
        for name in names:
            restart(watchdog, name, 1)
        watchdog.call("stop", names[0])
        seen = hammer.answers
        wait_until(lambda: hammer.answers > seen + 50, "answers of the other one")
    assert hammer.failures == []
    assert watchdog.text.count(f"listening on 127.0.0.1:{port}") == 1
    watchdog.call("stop", "web:*")
    wait_until(lambda: "Refused" in ask(("127.0.0.1", port)), "a refusal")


def test_supervisorctl_restarts_without_refusals(world: World, port: int) -> None:
    """It stops and starts: the socket stays open in between."""
    watchdog = world.up(program(world, "web", f'sockets = ["127.0.0.1:{port}"]'))
    watchdog.wait_state("web", "RUNNING")
    words = [sys.executable, "-m", "supervisor.supervisorctl", "-s", f"unix://{watchdog.socket}"]
    with Hammer(("127.0.0.1", port)).pounding() as hammer:
        told = subprocess.run(
            [*words, "restart", "web"], capture_output=True, text=True, check=False
        )
    assert "web: started" in told.stdout, told
    assert (hammer.failures, hammer.answers > 0) == ([], True)


def test_a_singleton_keeps_its_lock_beside_them(world: World, port: int) -> None:
    """The lock makes room for the sockets, and the next watchdog gets both back."""
    key = unused_key()
    text = program(world, "web", f'sockets = ["127.0.0.1:{port}"]', f'singleton = "{key}"')
    first = world.up(text)
    pid = first.wait_state("web", "RUNNING")["pid"]
    environment = dict(
        line.split("=", 1) for line in Path(f"/proc/{pid}/environ").read_text().split("\0") if line
    )
    lock = Path(f"/proc/{pid}/fd/{environment['WATCHDOG_LOCK_FD']}").readlink()
    assert str(lock).startswith(str(world.place / "locks"))
    first.process.kill()
    first.process.wait()
    second = world.up(text)
    assert second.wait_state("web", "RUNNING")["pid"] == pid
    with Hammer(("127.0.0.1", port)).pounding() as hammer:
        restart(second, "web", 1)
    assert hammer.failures == []
    costs = [line for line in second.journal() if line["event"] in ("restart", "handover")][-2:]
    assert [line["event"] for line in costs] == ["handover", "restart"]
    assert costs[0]["double_seconds"] == 0.0
    assert (costs[1]["planned"], costs[1]["held"]) == (True, True)


def test_an_upgrade_keeps_the_queue_of_a_program_that_is_down(world: World, port: int) -> None:
    """Who connects while it is in BACKOFF is answered by the process of the next version."""
    repaired = world.place / "repaired"
    broken = f'import os, sys\nif not os.path.exists("{repaired}"): sys.exit(1)\n{SERVER}'
    lines = (f'sockets = ["127.0.0.1:{port}"]', 'restart.initial = "100s"')
    watchdog = world.up(program(world, "web", *lines, server=broken))
    watchdog.wait_state("web", "BACKOFF")
    with connect(("127.0.0.1", port)) as client:
        client.sendall(ASK)
        assert watchdog.call("upgrade").returncode == 0
        watchdog.wait_text("upgraded from")
        repaired.touch()
        assert watchdog.call("start", "web").returncode == 0
        assert b" 200 " in client.recv(65536)


ACTIVATE = """
import os, socket, sys
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
os.dup2(os.dup(listener.fileno()), 3)
os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
os.execv(sys.executable, [sys.executable, "-m", "watchdog", *sys.argv[2:]])
"""


def test_a_socket_of_systemd_is_passed_on(world: World, port: int) -> None:
    """What systemd listens at for the watchdog goes to the program with that address."""
    config = world.write(program(world, "web", f'sockets = ["127.0.0.1:{port}"]'))
    out = world.place / "out"
    words = [sys.executable, "-c", ACTIVATE, str(port), "run", "-c", str(config)]
    with out.open("wb") as file:
        process = subprocess.Popen(
            words, cwd=world.place, env=world.environment, stdout=file, stderr=subprocess.STDOUT
        )
    world.adopt(process)
    watchdog = Watchdog(world, process, out)
    watchdog.wait_up()
    watchdog.wait_state("web", "RUNNING")
    with Hammer(("127.0.0.1", port)).pounding() as hammer:
        restart(watchdog, "web", 1)
        assert watchdog.call("upgrade").returncode == 0
        watchdog.wait_text("upgraded from")
        # It stays open: systemd would go on listening anyway, and we could not have it again.
        watchdog.call("stop", "web")
        assert watchdog.call("start", "web").returncode == 0
    assert (hammer.failures, hammer.answers > 0) == ([], True)
    assert "listening on" not in watchdog.text


def test_who_listens_may_change(world: World, port: int) -> None:
    """A reload hands the address from the program to the watchdog, and back."""
    own = SERVER.replace(
        'assert os.environ["LISTEN_PID"]', 'assert "3" or os.environ["X"]'
    ).replace("socket.socket(fileno=3)", f'socket.create_server(("127.0.0.1", {port}))')
    place = ("127.0.0.1", port)
    watchdog = world.up(program(world, "web", "start_seconds = 0", server=own))
    wait_until(lambda: not ask(place), "the server")
    (world.place / "server.py").write_text(SERVER)
    for server, line in ((SERVER, f'sockets = ["127.0.0.1:{port}"]'), (own, "")):
        before = watchdog.program("web")["incarnation"]
        world.write(program(world, "web", "start_seconds = 0", line, server=server))
        assert watchdog.call("reload").returncode == 0
        watchdog.wait("web", lambda p, n=before: p["incarnation"] == n + 1 and p["pid"], "a reload")
        wait_until(lambda: not ask(place), "an answer")
        assert len(listeners_of(watchdog.program("web")["pid"])) == 1
    assert watchdog.program("web")["restarts"] == 0
