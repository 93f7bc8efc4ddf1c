"""`python -m bot notify`, and the function behind it: against the sandbox, and against trouble."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from bot.notices import NotifyError, notify, notify_async
from bot.texts import units

USER = 42


@pytest.fixture
def environ(bench: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """What a program of the same platform has in its environment."""
    monkeypatch.chdir(tmp_path)
    return {
        "TG_TOKEN": bench.environment["TELEGRAM_BOT_TOKEN"],
        "TG_CHAT_ID": str(USER),
        "TELEGRAM_API_URL": bench.sandbox.url,
    }


def told(bench: Any) -> list[str]:
    return [one["text"] for one in bench.sandbox.messages(bench.id) if one["from_bot"]]


def test_a_notice_arrives_while_the_bot_polls(bench: Any) -> None:
    """From a shell: exit 0, one message, and the running bot sees no conflict."""
    bench.start_well()
    done = bench.run("notify", "the", "import", "is done", TG_CHAT_ID=str(USER))
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
    assert told(bench) == ["the import is done"]
    assert bench.statistics()["conflicts"] == 0


def test_the_text_may_come_through_a_pipe(bench: Any) -> None:
    """`-` reads it, whatever bytes it is."""
    done = subprocess.run(
        [sys.executable, "-m", "bot", "notify", "--chat", str(USER), "-"],
        cwd=bench.directory,
        env=bench.environment,
        input=b"backup: 3 files \xff\n",
        timeout=60,
    )
    assert done.returncode == 0
    assert told(bench) == ["backup: 3 files \ufffd"]


def test_a_long_text_comes_in_order_and_whole(bench: Any, environ: dict[str, str]) -> None:
    """Parts of at most 4096 units, cut at line ends, through the 429s of Telegram."""
    bench.sandbox.fault(
        "answer", method="sendMessage", bot=bench.id, status=429, retry_after=1, count=1
    )
    lines = [f"{number} 🙂 line" for number in range(1500)]
    began = time.monotonic()
    assert notify("\n".join(lines), environ=environ) == len(told(bench)) > 2
    assert time.monotonic() - began >= 1
    assert "\n".join(told(bench)).splitlines() == lines
    assert all(units(part) <= 4096 for part in told(bench))


async def test_an_async_program_goes_on_meanwhile(bench: Any, environ: dict[str, str]) -> None:
    """`notify_async` waits on a thread."""
    ticks = 0
    fault = bench.sandbox.fault("slow", method="sendMessage", bot=bench.id, milliseconds=300)
    sending = asyncio.create_task(notify_async("hello", environ=environ))
    while not sending.done():
        await asyncio.sleep(0.01)
        ticks += 1
    bench.sandbox.clear_faults(fault)
    assert await sending == 1
    assert ticks > 10


def test_switched_off_nothing_is_sent(bench: Any, environ: dict[str, str]) -> None:
    """TG_ENABLED=false: 0, and no error, even without a chat."""
    assert notify("quiet", environ=environ | {"TG_ENABLED": "false", "TG_CHAT_ID": ""}) == 0
    done = bench.run("notify", "quiet", TG_ENABLED="false", TG_CHAT_ID=str(USER))
    assert (done.returncode, done.stdout) == (0, "TG_ENABLED is false: nothing was sent\n")
    assert bench.sandbox.describe()["bots"].count(bench.id) == 0


def test_patience_has_an_end(bench: Any, environ: dict[str, str]) -> None:
    """Telegram asks for an hour: refused at once, with its words; surely not sent."""
    bench.sandbox.fault(
        "answer", method="sendMessage", bot=bench.id, status=429, retry_after=3600, count=9
    )
    began = time.monotonic()
    with pytest.raises(NotifyError, match="retry after 3600") as caught:
        notify("hello", environ=environ, seconds=5)
    assert time.monotonic() - began < 5
    assert not caught.value.doubtful


@contextmanager
def listening(serve: Callable[[socket.socket], None]) -> Iterator[str]:
    """A server that treats each connection like this."""

    def work() -> None:
        while True:
            try:
                serve(server.accept()[0])
            except OSError:
                return

    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=work, daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        server.shutdown(socket.SHUT_RDWR)


def test_what_may_have_arrived_is_not_sent_again(environ: dict[str, str]) -> None:
    """The server takes it and hangs up: one try, and the error says that it is not known."""
    requests = []

    def swallow(client: socket.socket) -> None:
        requests.append(client.recv(65536))
        client.close()

    with (
        listening(swallow) as url,
        pytest.raises(NotifyError, match="not known whether") as caught,
    ):
        notify("once", environ=environ | {"TELEGRAM_API_URL": url})
    assert caught.value.doubtful
    assert len(requests) == 1
    assert "AAExample" not in str(caught.value)


def test_what_surely_did_not_arrive_is_tried_again(bench: Any, environ: dict[str, str]) -> None:
    """Nobody listens yet: it is tried until somebody does, and arrives once."""
    root = bench.sandbox.url.rpartition(":")[2]
    with socket.socket() as later:
        later.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        later.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{later.getsockname()[1]}"

        def forward() -> None:
            later.listen()
            client, _ = later.accept()
            with client, socket.create_connection(("127.0.0.1", int(root))) as server:
                server.sendall(client.recv(65536))
                client.sendall(server.recv(65536))

        opening = threading.Timer(0.7, forward)
        opening.start()
        assert notify("late", environ=environ | {"TELEGRAM_API_URL": url}) == 1
        opening.join()
    assert told(bench) == ["late"]


@pytest.mark.parametrize(
    ("variables", "code", "said"),
    [
        ({"TG_CHAT_ID": ""}, 78, "no chat: set TG_CHAT_ID"),
        ({"TG_CHAT_ID": "my chat"}, 78, "TG_CHAT_ID in the environment is 'my chat'"),
        ({"TG_CHAT_ID": "777777"}, 78, "chat not found"),
        ({"TELEGRAM_BOT_TOKEN": ""}, 78, "no bot token"),
        ({"TELEGRAM_API_URL": "http://127.0.0.1:1"}, 75, "127.0.0.1:1 cannot be reached"),
    ],
)
def test_a_failure_has_its_code_and_its_sentence(
    bench: Any, variables: dict[str, str], code: int, said: str
) -> None:
    """One line, and the code tells a script whether to try again."""
    done = bench.run("notify", "--seconds", "1", "hello", **({"TG_CHAT_ID": str(USER)} | variables))
    assert done.returncode == code
    assert said in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_refused_token_is_77(bench: Any) -> None:
    """As for the bot itself."""
    bench.sandbox.fault("answer", method="sendMessage", bot=bench.id, status=401, count=1)
    assert bench.run("notify", "hello", TG_CHAT_ID=str(USER)).returncode == 77


def test_the_import_is_light() -> None:
    """A web app that may send a notice one day pays for neither TLS nor the library."""
    code = (
        "import sys, bot.notices; "
        "print({'ssl', 'telegram', 'httpx', 'asyncio', 'http.client'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout == "set()\n"
