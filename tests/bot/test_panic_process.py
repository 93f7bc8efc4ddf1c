"""The panic command of the real bot: what it does, how often, and what it lets nobody see."""

from __future__ import annotations

import http.server
import json
import os
import pty
import re
import select
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pyotp
import pytest

USER, STRANGER = 42, 4343
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
STEP = 30
TOTP = pyotp.TOTP(SECRET)

ACTION = """
import os, sys, time
with open("runs", "a") as runs:
    print(os.getpid(), os.environ["PANIC_USER"], os.environ["PANIC_RUN"], file=runs)
print("closed 3 positions of ann@mail.example.com")
sys.exit({code}) if not {seconds} else time.sleep({seconds})
"""


@pytest.fixture
def panic(bench: Any) -> Iterator[Panic]:
    """A bench whose bot has a panic command; no code was ever in its log."""
    panic = Panic(bench)
    yield panic
    for line in panic.runs():
        with suppress(ProcessLookupError):
            os.killpg(int(line.split()[0]), signal.SIGKILL)
    for bot in bench.bots:
        bot.process.kill()
        bot.process.wait()
        for secret in (SECRET, *panic.codes):
            assert secret not in bot.log


class Panic:
    """Sends codes, and knows how often the action ran."""

    def __init__(self, bench: Any) -> None:
        self.bench = bench
        self.codes: set[str] = set()
        self.variables = {
            "PANIC_OTP_SECRET": SECRET,
            "PANIC_AUTHORIZED_USERS": str(USER),
            "LOG_LEVEL": "DEBUG",
        }

    def start(self, *, code: int = 0, seconds: float = 0, **variables: str) -> Any:
        """Start the bot; its action notes each run, and ends so."""
        script = self.bench.directory / "close.py"
        script.write_text(ACTION.format(code=code, seconds=seconds))
        action = {"PANIC_ACTION": f"{sys.executable} {script}"}
        return self.bench.start_well(**self.variables, **(action | variables))

    def code(self, off: int = 0) -> str:
        """The code of the present step, or of one so many steps from it."""
        code = TOTP.generate_otp(int(time.time() // STEP) + off)
        self.codes.add(code)
        return code

    def send(self, code: str, user: int = USER) -> int:
        return int(self.bench.sandbox.send(f"/panic_close_all {code}", self.bench.id, user))

    def answers(self, update: int, count: int = 1, user: int = USER) -> str:
        """What was answered, once it is `count` messages."""
        found = self.bench.sandbox.wait_for_replies(update, self.bench.id, user, count, timeout=30)
        assert len(found) >= count, found
        return "\n".join(message["text"] for message in found)

    def ask(self, code: str, count: int = 1, user: int = USER) -> str:
        return self.answers(self.send(code, user), count, user)

    def runs(self) -> list[str]:
        file = self.bench.directory / "runs"
        return file.read_text().splitlines() if file.exists() else []

    def is_settled(self) -> bool:
        """Whether the bot knows that every run was told."""
        with sqlite3.connect(self.bench.directory / "bot.sqlite3") as database:
            [count] = database.execute("SELECT count(*) FROM panic_runs WHERE told = 0").fetchone()
        return bool(count == 0)

    def shown(self) -> list[str]:
        """What users can still read of their own messages."""
        messages = self.bench.sandbox.messages(self.bench.id, USER)
        return [message["text"] for message in messages if not message["from_bot"]]


def test_a_right_code_runs_the_action_once(panic: Panic) -> None:
    """It is run, its outcome is told without personal data, and the message is gone."""
    bot = panic.start()
    code = panic.code(1)
    told = panic.ask(code, 2)
    assert "Code accepted. Now: run" in told
    assert "Done: exit code 0\nclosed 3 positions of [e-mail]" in told
    assert [line.split()[1] for line in panic.runs()] == [str(USER)]
    assert panic.shown() == []
    assert "this code, or a later one, was used already" in panic.ask(code)
    assert "used already" in panic.ask(panic.code(0))
    assert panic.shown() == []
    assert len(panic.runs()) == 1
    figures = bot.health()[1]["capabilities"]["panic"]
    assert figures | {"on": True, "runs": 1, "refused": 2, "failed": 0, "running": 0} == figures
    assert "panic (one-time codes, OTP): on" in panic.bench.ask("/status")[0]
    assert bot.terminate() == 0
    assert "/panic_close_all ***" in bot.log


def test_whoever_looks_after_it_all_is_told_of_a_run(panic: Panic) -> None:
    """TG_CHAT_ID hears who ran it and what came of it, in a chat that is not where it was run."""
    owner = USER + 1
    panic.bench.sandbox.add_user(owner, "Olga")
    panic.start(TG_CHAT_ID=str(owner))
    panic.ask(panic.code(1), 2)
    up, run = panic.bench.sandbox.wait_for_replies(0, panic.bench.id, owner, count=2, timeout=30)
    assert up["text"].endswith(" is up.")
    assert f"by the user {USER}" in run["text"]
    assert "closed 3 positions of [e-mail]" in run["text"]


def test_a_code_is_not_good_again_after_a_kill(panic: Panic) -> None:
    """Which codes were used is known to the next bot, too."""
    first = panic.start()
    code = panic.code(1)
    panic.ask(code, 2)
    panic.bench.wait_until(panic.is_settled, "the outcome to be marked as told")
    first.process.kill()
    first.wait_exit()
    panic.start()
    assert "used already" in panic.ask(code)
    assert len(panic.runs()) == 1


def test_guessing_is_locked_out_over_restarts(panic: Panic) -> None:
    """After three wrong codes the right one is refused, by the next bot as well."""
    first = panic.start()
    wrong = [code for code in ("100001", "200002", "300003", "400004") if not near(code)][:3]
    panic.codes.update(wrong)
    assert ["code is wrong" in panic.ask(code) for code in wrong] == [True] * 3
    assert "too many attempts" in panic.ask(panic.code())
    first.process.kill()
    first.wait_exit()
    panic.start()
    told = panic.ask(panic.code())
    assert "too many attempts. No code is looked at for" in told
    assert "min" in told
    assert panic.runs() == []


def test_a_burst_of_guesses_gets_no_more_looks(panic: Panic) -> None:
    """Of twelve guesses at the same moment three are looked at, whichever those are."""
    bot = panic.start()
    wrong = [code for code in map(str, range(600000, 600020)) if not near(code)][:12]
    panic.codes.update(wrong)
    updates = [panic.send(code) for code in wrong]
    told = panic.answers(updates[0], 12)
    assert told.count("the code is wrong") == 3
    assert told.count("too many attempts") == 9
    assert bot.health()[1]["capabilities"]["panic"]["refused"] == 12


def test_a_code_sent_twice_at_once_runs_once(panic: Panic) -> None:
    """Two messages with the same right code are handled side by side: one of them is too late."""
    panic.start()
    first, second = panic.send(code := panic.code(1)), panic.send(code)
    told = panic.answers(min(first, second), 3)
    assert told.count("used already") == 1
    assert told.count("Done: exit code 0") == 1
    assert len(panic.runs()) == 1


def near(code: str) -> bool:
    now = int(time.time() // STEP)
    return any(TOTP.generate_otp(now + off) == code for off in range(-3, 9))


@pytest.mark.parametrize("off", [-1, 1])
def test_clocks_may_differ_by_a_step(panic: Panic, off: int) -> None:
    """The code of the step before and of the one after are good, too."""
    panic.start()
    while time.time() % STEP > STEP - 6:  # or it would be two steps by the time it arrives
        time.sleep(0.2)
    assert "Done" in panic.ask(panic.code(off), 2)


@pytest.mark.parametrize("off", [-3, 3])
def test_clocks_may_not_differ_by_more(panic: Panic, off: int) -> None:
    """Codes of further away are wrong ones."""
    panic.start()
    assert "code is wrong" in panic.ask(panic.code(off))
    assert panic.runs() == []


def test_only_new_messages_of_listed_users_count(panic: Panic) -> None:
    """Strangers, old, forwarded and edited messages are refused; no attempt is used up by them."""
    panic.bench.sandbox.add_user(STRANGER)
    panic.start()
    assert f"your user id {STRANGER} is not in" in panic.ask(panic.code(), user=STRANGER)
    now = int(time.time())
    sender = {"type": "user", "date": now, "sender_user": user()}
    assert "took" in panic_by(panic, date=now - 3600)
    assert "forwarded" in panic_by(panic, date=now, forward_origin=sender)
    assert "forwarded or edited" in panic_by(panic, "edited_message", date=now, edit_date=now)
    assert panic.runs() == []
    assert "Done" in panic.ask(panic.code(1), 2)


def panic_by(panic: Panic, kind: str = "message", **fields: Any) -> str:
    """The answer to a raw message with a right code in it."""
    text = f"/panic_close_all {panic.code()}"
    message = {
        "message_id": 90_000,
        "chat": {"id": USER, "type": "private", "first_name": "Ann"},
        "from": user(),
        "text": text,
        "entities": [{"type": "bot_command", "offset": 0, "length": 16}],
        **fields,
    }
    before = len(panic.bench.sandbox.messages(panic.bench.id, USER))
    panic.bench.sandbox.inject({kind: message}, bot=panic.bench.id)

    def answered() -> str | None:
        found = panic.bench.sandbox.messages(panic.bench.id, USER)[before:]
        return str(found[0]["text"]) if found else None

    return str(panic.bench.wait_until(answered, "an answer"))


def user() -> dict[str, Any]:
    return {"id": USER, "is_bot": False, "first_name": "Ann"}


def test_what_is_no_code_is_said(panic: Panic) -> None:
    """Digits of other scripts, and spaces between digits, are no code; they never reach the log."""
    panic.start()
    code = panic.code()
    arabic = code.translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩"))
    panic.codes |= {arabic, f"{code[:3]} {code[3:]}"}
    assert "six digits from 0 to 9" in panic.ask(arabic)
    assert "six digits from 0 to 9" in panic.ask(f"{code[:3]} {code[3:]}")
    assert "six digits from 0 to 9" in panic.ask(f"'{code}' \"{code}\"")
    assert panic.runs() == []


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM])
def test_what_was_cut_off_is_not_run_again_and_said(panic: Panic, end: int) -> None:
    """The bot ends amid the action: the next one tells that the outcome is unknown, once."""
    first = panic.start(seconds=20, STOP_SECONDS="1")
    update = panic.send(panic.code(1))
    panic.bench.wait_until(panic.runs, "the action to begin")
    first.process.send_signal(end)
    assert first.wait_exit() == (0 if end == signal.SIGTERM else -end)
    if end == signal.SIGTERM:  # nobody is left to mind its time limit
        pid = panic.runs()[0].split()[0]
        panic.bench.wait_until(lambda: not Path("/proc", pid).exists(), "the action to be ended")
    second = panic.start(seconds=20)
    told = panic.bench.wait_until(
        lambda: [line for line in panic.answers(update).splitlines() if "UNKNOWN" in line], "news"
    )
    assert "It is not run again" in told[0]
    panic.bench.wait_until(panic.is_settled, "the news to be marked as told")
    assert second.terminate() == 0
    panic.start()
    panic.bench.ask("hello")
    assert panic.answers(update).count("UNKNOWN") == 1
    assert len(panic.runs()) == 1


def test_an_action_that_fails_or_takes_too_long_is_told(panic: Panic) -> None:
    """The exit code, and that a late one was ended."""
    bot = panic.start(code=3)
    assert "FAILED: exit code 3" in panic.ask(panic.code(-1), 2)
    bot.terminate()
    panic.start(seconds=60, PANIC_TIMEOUT_SECONDS="0.5")
    assert "did not end within 0.5 s" in panic.ask(panic.code(1), 2)
    pid = int(panic.runs()[-1].split()[0])
    panic.bench.wait_until(lambda: not Path(f"/proc/{pid}").exists(), "the action to be ended")


@contextmanager
def receiver(status: int) -> Iterator[tuple[str, list[Any]]]:
    """A server that takes POSTs: its URL, and what came."""
    seen: list[Any] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            seen.append((self.path, self.headers["Idempotency-Key"], body))
            self.send_response(status)
            self.send_header("Location", "/elsewhere")
            self.end_headers()
            self.wfile.write(b"thank you")

        def log_message(self, *args: Any) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", seen
        server.shutdown()


@pytest.mark.parametrize(
    ("status", "said"), [(200, "Done: HTTP 200\nthank you"), (307, "FAILED: HTTP 307")]
)
def test_a_url_is_posted_to_once(panic: Panic, status: int, said: str) -> None:
    """With a number that makes it unique; the answer is told, a redirect is not followed."""
    with receiver(status) as (url, seen):
        bot = panic.start(PANIC_ACTION=f"{url}/close?key=hunter2")
        assert said in panic.ask(panic.code(1), 2)
        [(path, key, body)] = seen
    assert path == "/close?key=hunter2"
    assert body == {"action": "panic_close_all", "run": key, "user_id": USER, "chat_id": USER}
    assert "hunter2" not in bot.log


@pytest.mark.parametrize("kind", ["def", "async def"])
def test_a_function_is_called(panic: Panic, kind: str) -> None:
    """Plain or async, from the working directory; what it returns is told."""
    text = f"{kind} close(run):\n    return f'closed for {{run.user}}'\n"
    (panic.bench.directory / "brake.py").write_text(text)
    panic.start(PANIC_ACTION="brake:close")
    assert f"Done: closed for {USER}" in panic.ask(panic.code(1), 2)


def test_an_outcome_is_delivered_when_telegram_comes_back(panic: Panic) -> None:
    """The action does not wait for Telegram, and its outcome is sent until it arrives."""
    panic.start()
    panic.bench.sandbox.fault(
        "answer", method="sendMessage", bot=panic.bench.id, status=500, count=3
    )
    assert "Done: exit code 0" in panic.ask(panic.code(1))


def test_a_message_that_cannot_be_deleted_is_mentioned(panic: Panic) -> None:
    """The user is asked to do it."""
    panic.start()
    panic.bench.sandbox.fault(
        "answer", method="deleteMessage", bot=panic.bench.id, status=400, count=1
    )
    assert "delete it yourself" in panic.ask(panic.code(1), 3)


def test_without_a_database_nothing_is_done(panic: Panic) -> None:
    """A code that cannot be marked as used is not used."""
    panic.start()
    with sqlite3.connect(panic.bench.directory / "bot.sqlite3") as database:
        database.execute("DROP TABLE panic_steps")
    assert "my database fails" in panic.ask(panic.code(1))
    assert panic.runs() == []


def test_help_names_what_is_off_and_what_switches_it_on(bench: Any) -> None:
    """An absent capability is explained by /help, by its command, at the start, in /health."""
    bot = bench.start_well(PANIC_OTP_SECRET=SECRET)
    told = "set PANIC_AUTHORIZED_USERS, PANIC_ACTION"
    assert f"panic (/panic_close_all): off, {told}" in bench.ask("/help")[0]
    assert told in bench.ask("/panic_close_all 123456")[0]
    assert f"panic: off, {told}" in bot.log
    figures = bot.health()[1]["capabilities"]["panic"]
    assert figures == {"on": False, "state": "off", "reason": told, "missing": told}


def test_otp_setup_shows_a_secret_on_a_terminal(tmp_path: Path) -> None:
    """A QR code, the line for .env, and whether a code of the app is right."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "bot", "otp-setup"], stdin=theirs, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    text = read_until(ours, "just Enter")
    secret = re.search(r"PANIC_OTP_SECRET=([A-Z2-7]{32})\b", text)
    assert secret and "█" in text
    os.write(ours, pyotp.TOTP(secret[1]).now().encode() + b"\n")
    assert "Right." in read_until(ours, "agree")
    assert process.wait(30) == 0
    os.close(ours)


def read_until(terminal: int, wanted: str) -> str:
    text, end = b"", time.monotonic() + 30
    while wanted.encode() not in text and time.monotonic() < end:
        if select.select([terminal], [], [], 0.5)[0]:
            text += os.read(terminal, 65536)
    return text.decode("utf-8", "replace")


def test_otp_setup_writes_no_secret_to_a_file() -> None:
    """Without a terminal it refuses, with 78."""
    done = subprocess.run(
        [sys.executable, "-m", "bot", "otp-setup"], capture_output=True, text=True, timeout=30
    )
    assert done.returncode == 78
    assert done.stdout == ""
    assert "run it in a terminal" in done.stderr
