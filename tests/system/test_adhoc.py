"""`watchdog run -- COMMAND`, and what may be in the way of any command at all."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from tests.system.harness import ROOT, World, unused_key, wait_until


@pytest.fixture(autouse=True)
def clean(world: World) -> Iterator[None]:
    """Root's ad-hoc runs keep their state in the system's directory: take ours out of there."""
    yield
    world.end()
    for place in Path("/var/lib/watchdog/run").glob(f"{world.mark[:24]}*"):
        shutil.rmtree(place, ignore_errors=True)


def test_one_command_needs_no_file(world: World) -> None:
    """The output is captured, `status` finds it from the same directory, SIGTERM ends it with 0."""
    watchdog = world.run("--name", world.mark, "--", "sh", "-c", "echo up; sleep 600")
    watchdog.wait_text("started as pid")
    told = wait_until(lambda: ok(world.call("status", "--name", world.mark)), "its status")
    assert world.mark in told.stdout
    assert world.call("logs", "--name", world.mark, world.mark).stdout == "up\n"
    assert world.call("status").returncode in (0, 3)
    assert watchdog.leave() == 0


def ok(done: subprocess.CompletedProcess[str]) -> subprocess.CompletedProcess[str] | None:
    """The call, if a watchdog answered it."""
    return done if done.returncode in (0, 3) else None


def test_a_fatal_end_travels_upward(world: World) -> None:
    """Without a file `then` is "exit": a command that must not be repeated ends the watchdog."""
    watchdog = world.run("--name", world.mark, "--", "sh", "-c", "exit 77")
    assert watchdog.wait_exit() == 77


def test_a_missing_command_is_127(world: World) -> None:
    """As a shell would have it, with the cause in words."""
    watchdog = world.run("--name", world.mark, "--", "no-such-command-anywhere")
    assert watchdog.wait_exit() == 127
    assert "no such file in PATH" in watchdog.text


def test_a_singleton_on_the_command_line_is_kept(world: World) -> None:
    """A second run with the same --singleton is refused with 69; another key is not."""
    key = unused_key()
    first = world.run("--name", f"{world.mark}-1", "--singleton", key, "--", "sleep", "600")
    first.wait_text("started as pid")
    second = world.run("--name", f"{world.mark}-2", "--singleton", key, "--", "sleep", "600")
    assert second.wait_exit() == 69
    assert "already running elsewhere" in second.text
    other = unused_key()
    third = world.run("--name", f"{world.mark}-3", "--singleton", other, "--", "sleep", "600")
    third.wait_text("started as pid")
    for watchdog in (first, third):
        assert watchdog.leave() == 0


class Page(BaseHTTPRequestHandler):
    """A health page whose status is that of its server."""

    def do_GET(self) -> None:
        self.send_response(self.server.status)  # type: ignore[attr-defined]
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def page() -> Iterator[HTTPServer]:
    server = HTTPServer(("127.0.0.1", 0), Page)
    server.status = 200  # type: ignore[attr-defined]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def test_http_on_the_command_line_is_a_liveness_probe(world: World, page: HTTPServer) -> None:
    """With --http a page that stops answering well has the command replaced."""
    url = f"http://127.0.0.1:{page.server_port}/health"
    watchdog = world.run(
        "--name", world.mark, "--http", url, "--liveness.period", "100ms", "--", "sleep", "600"
    )
    watchdog.wait_text("RUNNING")
    page.status = 500  # type: ignore[attr-defined]
    watchdog.wait_text("3 of 3 probes failed")
    page.status = 200  # type: ignore[attr-defined]
    watchdog.wait_text("(incarnation 2)")
    assert watchdog.leave() == 0


@pytest.mark.parametrize("command", [["run"], ["status"], ["--help"]])
def test_the_package_indexs_watchdog_is_named(world: World, command: list[str]) -> None:
    """With the other package called watchdog on the path, every command says so, and what to do."""
    other = world.place / "site"
    (other / "watchdog" / "observers").mkdir(parents=True)
    (other / "watchdog" / "__init__.py").write_text("")
    for order in (f"{ROOT}:{other}", f"{other}:{ROOT}"):
        done = subprocess.run(
            [sys.executable, "-m", "watchdog_supervisor", *command],
            cwd=world.place,
            env={**world.environment, "PYTHONPATH": order},
            capture_output=True,
            text=True,
            timeout=40,
        )
        assert done.returncode == 78
        assert "another package named `watchdog`" in done.stderr
        assert str(other / "watchdog") in done.stderr
        assert "pip uninstall watchdog" in done.stderr
        assert "Traceback" not in done.stderr


def test_every_command_has_help_with_an_example(world: World) -> None:
    """`watchdog COMMAND --help` exits with 0 and shows an example of its use."""
    overview = world.call("--help").stdout
    commands = [line.split()[0] for line in overview.splitlines() if line.startswith("  ")]
    for command in {word for word in commands if word.isalpha() and word != "watchdog"}:
        done = world.call(command, "--help")
        assert done.returncode == 0, command
        assert f"watchdog {command}" in done.stdout


def test_init_check_and_run_go_together(world: World) -> None:
    """What `init` writes is what `check` accepts, once the files that it names are there."""
    assert world.call("init").returncode == 0
    assert world.call("init").returncode == 1
    missing = world.call("check")
    assert missing.returncode == 78
    assert ".env: no such file" in missing.stdout
    token = "123456789:AAExampleExampleExampleExampleExamp"
    (world.place / ".env").write_text(f"TELEGRAM_BOT_TOKEN={token}\n")
    assert world.call("check").returncode == 0
