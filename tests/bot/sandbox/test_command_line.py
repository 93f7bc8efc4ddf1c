"""`python -m bot.sandbox` as a process."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bot.sandbox import SandboxClient

TOKEN = "123456789:AAExampleExampleExampleExampleExamp"
Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start() -> Iterator[Start]:
    """Start a sandbox process; whatever was started is gone at the end."""
    running: list[subprocess.Popen[str]] = []

    def start_one(*arguments: str) -> subprocess.Popen[str]:
        pipe = subprocess.PIPE
        command = [sys.executable, "-u", "-m", "bot.sandbox", *arguments]
        running.append(subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True))
        return running[-1]

    yield start_one
    for process in running:
        with process:
            process.kill()


def read_port(path: Path) -> int:
    """The port in the file, as soon as the file is there."""
    deadline = time.monotonic() + 30
    while not path.exists():
        assert time.monotonic() < deadline, "the port file never came"
        time.sleep(0.01)
    return int(path.read_text())


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_at_once_with_exit_0(
    start: Start, tmp_path: Path, number: signal.Signals
) -> None:
    """Even while a poll waits, SIGTERM and SIGINT end it promptly, without a trace."""
    process = start("--port", "0", "--port-file", str(tmp_path / "port"), "--quiet")
    port = read_port(tmp_path / "port")
    with socket.create_connection(("127.0.0.1", port)) as poll:
        poll.sendall(f"GET /bot{TOKEN}/getUpdates?timeout=50 HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        assert SandboxClient(f"http://127.0.0.1:{port}").wait_for_polling(timeout=20)
        sent = time.monotonic()
        process.send_signal(number)
        assert process.wait(20) == 0
    assert time.monotonic() - sent < 5
    assert process.communicate()[1] == ""


def test_it_says_where_it_is_and_logs_no_token(start: Start, tmp_path: Path) -> None:
    """The first lines hold the URL and how to point a bot at it; the log shows the bot's id."""
    process = start("--port", "0", "--port-file", str(tmp_path / "port"))
    port = read_port(tmp_path / "port")
    with socket.create_connection(("127.0.0.1", port)) as call:
        call.sendall(f"GET /bot{TOKEN}/getMe HTTP/1.0\r\n\r\n".encode())
        assert call.recv(65536).startswith(b"HTTP/1.1 200")
    process.terminate()
    output, log = process.communicate(timeout=20)
    assert f"TELEGRAM_API_URL=http://127.0.0.1:{port}" in output
    assert "bot 123456789 getMe: 200" in log
    assert TOKEN not in log


def test_a_taken_port_is_one_line_and_exit_69(start: Start) -> None:
    """The line names the port and what to do."""
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]
        process = start("--port", str(port))
        output, error = process.communicate(timeout=20)
    assert (process.returncode, output) == (69, "")
    assert error == f"sandbox: 127.0.0.1:{port} is taken: give another --port (0 takes any)\n"


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        (["--port", "99999"], 2, "0 to 65535"),
        (["--token", "secret"], 2, "not a bot token"),
        (["--port", "0", "--port-file", "/nowhere/at/all"], 73, "/nowhere/at/all"),
    ],
)
def test_a_wrong_option_is_an_error_without_a_trace(
    start: Start, arguments: list[str], code: int, text: str
) -> None:
    """The error says what is wrong, and never repeats a token."""
    process = start(*arguments)
    _, error = process.communicate(timeout=20)
    assert process.returncode == code
    assert text in error and "Traceback" not in error and "secret" not in error


def test_the_port_file_appears_whole(start: Start, tmp_path: Path) -> None:
    """Nothing but the finished file is left in the directory."""
    start("--port", "0", "--port-file", str(tmp_path / "port"), "--quiet")
    read_port(tmp_path / "port")
    assert os.listdir(tmp_path) == ["port"]  # noqa: PTH208


def test_a_person_can_talk_to_a_bot_on_the_terminal(start: Start, tmp_path: Path) -> None:
    """What is typed reaches the bot, what the bot answers is shown, and Ctrl-D ends it."""
    process = start("--port", "0", "--port-file", str(tmp_path / "port"), "--chat")
    port = read_port(tmp_path / "port")
    assert process.stdin is not None and process.stdout is not None
    with socket.create_connection(("127.0.0.1", port), timeout=20) as bot:
        bot.sendall(f"GET /bot{TOKEN}/getUpdates?timeout=50 HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        assert SandboxClient(f"http://127.0.0.1:{port}").wait_for_polling(timeout=20)
        process.stdin.write("good morning\n")
        process.stdin.flush()
        received = bot.recv(65536)
        while b"good morning" not in received:
            received += bot.recv(65536)
        target = f"/bot{TOKEN}/sendMessage?chat_id=1001&text=and+to+you"
        bot.sendall(f"GET {target} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        while "bot 123456789> and to you" not in process.stdout.readline():
            pass
    process.stdin.close()
    assert process.wait(20) == 0
