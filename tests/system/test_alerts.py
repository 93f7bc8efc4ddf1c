"""Alerts of a real watchdog, to a real receiver."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.alerts.receiver import Receiver, receiving
from tests.system.harness import Watchdog, World, unused_key, wait_until

ALERTS = """
[alerts]
urls = ["${ALERT_URL}"]
after = "300ms"
group = "100ms"
"""
BOT = """
[programs.bot]
command = ["sh", "-c", "test ! -e broken && exec sleep 1000; echo no database >&2; exit 4"]
start_seconds = 0.1
restart = { initial = "0s", maximum = "200ms", limit = 1000 }
"""
SECRETS = ("PassPhrase77", "SecretPath99")


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


def begin(world: World, receiver: Receiver, programs: str, alerts: str = ALERTS) -> Watchdog:
    world.environment["ALERT_URL"] = receiver.url
    return world.up(alerts + programs)


def wait_for(receiver: Receiver, text: str) -> None:
    wait_until(lambda: text in receiver.text, f"{text!r} among {receiver.messages}")


def break_bot(world: World, watchdog: Watchdog) -> None:
    (world.place / "broken").touch()
    os.kill(watchdog.wait_state("bot", "RUNNING")["pid"], signal.SIGKILL)


def mend_bot(world: World) -> None:
    (world.place / "broken").unlink()


def test_a_crash_loop_is_one_alert(world: World, receiver: Receiver) -> None:
    """Not one for each crash; it says why, and where there is more."""
    begin(
        world,
        receiver,
        """
[programs.bot]
command = ["sh", "-c", "echo no database >&2; exit 3"]
restart = { initial = "0s", maximum = "200ms", limit = 5, within = "10m" }
""",
        ALERTS.replace("100ms", "1500ms"),
    )
    wait_for(receiver, "crash loop")
    assert receiver.count(lambda line: "crash loop" in line) == 1
    text = receiver.text
    assert "5 restarts within 600 s; exit status 3: no database." in text
    assert "More: watchdog why bot (incident bot-" in text
    assert "It is held, and tried again later." in text


def test_down_and_recovered_are_told_once_each(world: World, receiver: Receiver) -> None:
    """A program that fails for a while is down, then up again; a quick restart is no news."""
    watchdog = begin(world, receiver, BOT, ALERTS.replace("300ms", "2s"))
    os.kill(watchdog.wait_state("bot", "RUNNING")["pid"], signal.SIGKILL)
    watchdog.wait("bot", lambda p: p["restarts"] == 1 and p["state"] == "RUNNING", "a restart")
    break_bot(world, watchdog)
    wait_for(receiver, "bot is down since ")
    mend_bot(world)
    wait_for(receiver, "bot is up again")
    assert receiver.count(lambda line: "is down" in line) == 1
    assert receiver.count(lambda line: "up again" in line) == 1
    assert "no database" in receiver.text


def test_the_next_watchdog_sends_what_one_that_was_killed_could_not(
    world: World, receiver: Receiver
) -> None:
    """Also that the watchdog was gone, what it adopted, and that what was down is up again."""
    on = 'on = ["down", "recovered", "adopted", "watchdog"]\n'
    other = '[programs.other]\ncommand = ["sleep", "1000"]\nstart_seconds = 0.1\n'
    receiver.down()
    watchdog = begin(world, receiver, other + BOT, ALERTS + on)
    watchdog.wait_state("other", "RUNNING")
    break_bot(world, watchdog)
    wait_until(lambda: list(watchdog.state.glob("alerts/outbox/*.json")), "an alert in the outbox")
    watchdog.process.kill()
    watchdog.process.wait()
    for pid in world.marked():  # the sender, too
        if "watchdog.alerts" in text_of(Path(f"/proc/{pid}/cmdline")):
            os.kill(pid, signal.SIGKILL)
    mend_bot(world)
    receiver.up()
    world.up(ALERTS + on + other + BOT)
    for text in ("bot is down", "The watchdog had ended unexpectedly", "other ran on"):
        wait_for(receiver, text)
    wait_for(receiver, "bot is up again")
    assert receiver.count(lambda line: "bot is down" in line) == 1
    assert "1 program that had run on was adopted" in receiver.text
    assert receiver.text.index("bot is down") < receiver.text.index("bot is up again")


def test_an_ordered_end_is_no_alert(world: World, receiver: Receiver) -> None:
    """Neither is what an operator stops."""
    watchdog = begin(world, receiver, BOT)
    watchdog.wait_state("bot", "RUNNING")
    watchdog.call("stop", "bot")
    assert watchdog.leave() == 0
    again = world.up(ALERTS + BOT)
    break_bot(world, again)
    wait_for(receiver, "bot is down")
    assert "watchdog had ended" not in receiver.text and receiver.text.count("bot is") == 2


def test_a_receiver_that_never_answers_holds_nothing_up(world: World, receiver: Receiver) -> None:
    """The watchdog answers as fast as ever, and restarts as fast as ever."""
    receiver.silent.set()
    watchdog = begin(world, receiver, BOT)
    break_bot(world, watchdog)
    wait_until(lambda: receiver.asked, "a message to be under way")
    mend_bot(world)
    took = []
    for _ in range(10):
        pid = watchdog.wait_state("bot", "RUNNING")["pid"]
        began = time.monotonic()
        os.kill(pid, signal.SIGKILL)
        watchdog.status()
        took.append(time.monotonic() - began)
        watchdog.wait("bot", lambda p, old=pid: p["pid"] not in (old, None), "a restart")
    assert sorted(took)[len(took) // 2] < 0.2
    assert watchdog.leave() == 0


def test_no_secret_is_anywhere_but_in_the_environment(world: World, receiver: Receiver) -> None:
    """Neither in a file, nor in the words of a process, also where nobody can be reached."""
    receiver.down()
    watchdog = begin(world, receiver, BOT)
    break_bot(world, watchdog)
    log = watchdog.state / "alerts" / "sender.log"
    wait_until(lambda: "json://127.0.0.1" in text_of(log), "an attempt that failed")
    said = world.call("alert", "--test", "-c", watchdog.config)
    assert said.returncode == 1 and "FAILED" in said.stdout
    words = [text_of(Path(f"/proc/{pid}/cmdline")) for pid in world.marked()]
    assert any("watchdog.alerts" in text for text in words)
    kept = [text_of(path) for path in world.place.rglob("*") if path.is_file()]
    assert not any(secret in text for text in [*words, *kept, said.stdout] for secret in SECRETS)


def text_of(path: Path) -> str:
    """What is in a file; nothing if it has just gone, as the files of what restarts do."""
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""


def test_a_rival_elsewhere_is_a_conflict(world: World, receiver: Receiver) -> None:
    """What the bot's health page says of somebody else is told once, with its words."""
    with page(b'{"reason": "Someone else is polling this token.", "trouble": "rival"}') as port:
        watchdog = begin(
            world,
            receiver,
            f"""
[programs.bot]
command = "sleep 1000"
liveness = {{ http = "http://127.0.0.1:{port}/", period = "100ms" }}
""",
        )
        wait_for(receiver, "bot: somebody else does its work, since ")
        assert "Someone else is polling this token." in receiver.text
        watchdog.call("stop", "bot")
        wait_for(receiver, "bot was stopped; somebody else had been doing its work")
    assert receiver.count(lambda line: "does its work" in line) == 1


@contextmanager
def page(body: bytes) -> Iterator[int]:
    """A health page that always says this; its port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()


def test_a_standby_that_takes_over_is_told(world: World, receiver: Receiver) -> None:
    """With the words for whom it had been standing by; an ordinary start is no news."""
    program = f'[programs.bot]\ncommand = "sleep 1000"\nsingleton = "{unused_key()}"\n'
    first = begin(world, receiver, program)
    first.wait_state("bot", "RUNNING")
    text = f'[watchdog]\nstate = "second"\n{ALERTS}{program}when_held = "wait"\n'
    second = world.start(text, name="second.toml")
    second.state = world.place / "second"
    second.wait_up()
    second.wait("bot", lambda p: p["state"] == "WAITING" and p["reason"], "a reason")
    first.leave()
    wait_for(receiver, "bot took over: it runs here now. It had been standing by: ")
    assert len(receiver.messages) == 1


def test_every_url_is_tried_and_judged(world: World, receiver: Receiver) -> None:
    """`alert --test` and `check` say for each what became of it, without its secrets."""
    world.environment["ALERT_URL"] = receiver.url
    (world.place / "more").write_text("# another\njson://127.0.0.1:9/SecretPath99\n")
    program = '[programs.bot]\ncommand = "true"\n'
    good = str(world.write(ALERTS + program))
    tried = world.call("alert", "--test", "-c", good)
    assert (tried.returncode, tried.stdout) == (0, "  json://127.0.0.1  taken\n")
    assert receiver.messages[0].title.endswith(": a test")
    half = str(world.write(ALERTS + 'urls_file = "more"\n' + program, "half.toml"))
    tried = world.call("alert", "--test", "-c", half)
    assert tried.returncode == 1
    assert [line.split()[1] for line in tried.stdout.splitlines()] == ["taken", "FAILED:"]
    wrong = world.write(f'[alerts]\nurls = ["jso://SecretPath99"]\n{program}', "wrong.toml")
    judged = world.call("check", "-c", str(wrong))
    assert judged.returncode == 78 and "jso://..." in judged.stdout
    assert not any(secret in tried.stdout + judged.stdout for secret in SECRETS)
    none = world.call("alert", "--test", "-c", str(world.write(program, "none.toml")))
    assert none.returncode == 78 and "no [alerts]" in none.stdout


def test_a_drill_is_told_by_its_result_alone(world: World, receiver: Receiver) -> None:
    """What is rehearsed is no failure, however soon failures are told."""
    watchdog = begin(world, receiver, BOT, ALERTS.replace("300ms", "0s"))
    watchdog.wait_state("bot", "RUNNING")
    watchdog.call("drill", "bot", "--only", "kill", "--yes")
    wait_for(receiver, "A drill of bot: ")
    assert receiver.count(lambda line: True) == 1
