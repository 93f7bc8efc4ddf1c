"""`python -m bot check` as a person or a script runs it."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

import pytest

from bot.check.asking import Answer
from bot.check.online import judge_clock
from bot.exits import ExitCode
from bot.settings import read_settings
from tests.bot.check.conftest import Checker, FixedServer

SECRET = "AAExampleExampleExampleExampleExamp"


def test_a_token_is_enough(bench: Any, check: Checker) -> None:
    """0, where each setting comes from, the banner of the guide, and nothing is started or made."""
    before = set(bench.directory.iterdir())
    done = check(RATE_LIMIT_PER_MINUTE="", HEALTH_PORT="1")
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{bench.id}:***  (the environment)" in done.stdout
    for line in (
        "Config:",
        "  - Rate limit: 10 msg/min",
        "  - Max message length: 4000 chars",
        "  - Session TTL: 24 hours",
        "  - PII filtering: True",
        "  - User whitelist: None (all users)",
        "  - PID: none, nothing is started",
        "  - Health endpoint: http://127.0.0.1:1/health",
    ):
        assert f"\n{line}\n" in done.stdout
    assert f"nobody is seen to hold telegram:{bench.id}" in done.stdout
    assert "- panic: off, set PANIC_OTP_SECRET" in done.stdout
    assert done.stdout.splitlines()[-1].startswith("The settings are usable")
    assert SECRET not in done.stdout + done.stderr
    assert done.stderr == ""
    assert set(bench.directory.iterdir()) == before
    assert not bench.statistics().get("calls")


def test_every_mistake_is_told_in_one_go(bench: Any, check: Checker) -> None:
    """78; in the file with its line, with what is allowed, and no secret among them."""
    (bench.directory / ".env").write_text(
        f"TG_TOKEN={bench.id}:{SECRET}\nHEALTH_PORT_FILE=x\nPANIC_OTP_SECRET=JBSWY3DPEHPK3PXP\n"
    )
    done = check(POLL_TIMEOUT="never", ALLOWED_USERS="ann")
    assert done.returncode == 78
    mistakes = done.stdout.partition("\nMistakes:\n")[2]
    assert "POLL_TIMEOUT in the environment is 'never'" in mistakes
    assert "ALLOWED_USERS in the environment is 'ann'" in mistakes
    assert "PANIC_OTP_SECRET in .env, line 3 is ***" in mistakes
    assert mistakes.splitlines()[-1] == (
        "Not usable: 3 mistakes. A bot would end with exit code 78."
    )
    assert "JBSWY" not in done.stdout
    assert "====" not in done.stdout
    assert bench.start(POLL_TIMEOUT="never", ALLOWED_USERS="ann").wait_exit() == 78
    assert bench.bots[-1].log.count("\nbot: ") == 2


def test_doubts_are_told_and_are_no_mistakes(bench: Any, check: Checker) -> None:
    """By the check, and by the bot in its log."""
    variables = {"TG_TOKEN": f"7654321:{SECRET}", "ALOWED_USERS": "1"}
    done = check(**variables)
    assert done.returncode == 0
    assert "did you mean ALLOWED_USERS?" in done.stdout
    assert "TELEGRAM_BOT_TOKEN counts" in done.stdout
    assert done.stdout.splitlines()[-1] == "The settings are usable, with 2 doubts."
    bot = bench.start_well(**variables)
    assert "did you mean ALLOWED_USERS?" in bot.log
    assert "TELEGRAM_BOT_TOKEN counts" in bot.log


def test_a_running_bot_is_seen(bench: Any, check: Checker) -> None:
    """The check says who answers at the health address; a stranger there is a mistake."""
    bot = bench.start_well()
    port = bot.port_file.read_text().strip()
    done = check(HEALTH_PORT=port)
    assert done.returncode == 0
    assert f"ok      running: running, pid {bot.process.pid}, up " in done.stdout
    assert f"lock: telegram:{bench.id} is held by pid {bot.process.pid} (user " in done.stdout
    other = check(HEALTH_PORT=port, TELEGRAM_BOT_TOKEN=f"{bench.id + 500_000}:{SECRET}")
    assert other.returncode == 78
    assert f"NOT OK  running: the bot {bench.id} answers at" in other.stdout


def test_files_that_cannot_be_written_are_told(bench: Any, check: Checker, tmp_path: Path) -> None:
    """What a bot would find out at its start; nothing is made to find out."""
    (tmp_path / "plain").write_text("")
    done = check(BOT_DATABASE=str(tmp_path / "plain" / "x"), KB_PATH=str(tmp_path))
    assert done.returncode == 78
    assert f"{tmp_path}/plain is no directory; name another place in BOT_DATABASE" in done.stdout
    assert "it is no file; name another place in KB_PATH" in done.stdout


def test_online_all_is_well(bench: Any, check: Checker, fixed: FixedServer) -> None:
    """Each server that is set is asked once or twice, and nothing else is done there."""
    fixed.answers = {
        "/rate_limit": (200, {}),
        "/repos/ann/bot": (200, {"full_name": "ann/bot"}),
        "/v1/models": (200, {"data": [{"id": "small"}]}),
    }
    done = check(
        "--online",
        GITHUB_TOKEN="ghp_example0123456789",
        GITHUB_API_URL=fixed.url,
        GITHUB_REPOSITORY="ann/bot",
        AGENT_URL=f"{fixed.url}/v1",
        AGENT_MODEL="small",
        AGENT_KEY="sk-example-0123456789",
    )
    online = done.stdout.partition("\nOnline:\n")[2]
    assert done.returncode == 0, done.stdout
    assert online.count("  ok      ") == 5
    assert "webhook: none is set" in online
    assert "ann/bot is there" in online
    assert "has the model small" in online
    assert sorted(fixed.seen) == [
        ("/rate_limit", "Bearer ghp_example0123456789"),
        ("/repos/ann/bot", "Bearer ghp_example0123456789"),
        ("/v1/models", "Bearer sk-example-0123456789"),
    ]


def test_online_each_refusal_has_its_words(check: Checker, fixed: FixedServer) -> None:
    """A refused key, a repository that is not seen, and a database that is nowhere."""
    fixed.answers = {"/rate_limit": (200, {}), "/v1/models": (401, {"error": "no"})}
    done = check(
        "--online",
        "--json",
        GITHUB_TOKEN="ghp_example0123456789",
        GITHUB_API_URL=fixed.url,
        GITHUB_REPOSITORY="ann/bot",
        AGENT_URL=f"{fixed.url}/v1",
        AGENT_MODEL="small",
        AGENT_KEY="sk-example-0123456789",
        DATABASE_URL="postgresql://bot:hunter2@127.0.0.1:1/notes",
    )
    document = json.loads(done.stdout)
    found = {look["what"]: look for look in document["online"]}
    assert done.returncode == document["exit_code"] == 78
    assert found["agent default"]["said"].endswith("refuses the key (HTTP 401)")
    assert found["agent default"]["exit_code"] == 78
    assert found["GitHub"]["said"].startswith("there is no ann/bot on GitHub")
    assert found["notes"]["exit_code"] == 75
    assert found["notes"]["said"].endswith("database notes: Connection refused")
    assert found["token"]["ok"]
    assert "hunter2" not in done.stdout
    assert document["settings"]["AGENT_KEY"] == {"value": "***", "source": "the environment"}


@pytest.mark.parametrize(
    ("off", "said", "code"),
    [
        (29, "this machine and Telegram agree", ExitCode.CLEAN),
        (95, "this machine is 95 s ahead of Telegram; set its clock", ExitCode.CONFIG),
        (-95, "this machine is 95 s behind Telegram; set its clock", ExitCode.CONFIG),
    ],
)
def test_a_clock_that_makes_codes_wrong(off: float, said: str, code: ExitCode) -> None:
    """Where one-time codes are used, half a minute off is a mistake; else it is only said."""
    answer = Answer(200, {"date": "Sun, 22 Nov 2026 05:00:00 GMT"}, {})
    panic = {
        "PANIC_OTP_SECRET": "KRSXG5CTMVRXEZLUKRSXG5CTMVRXEZLU",
        "PANIC_AUTHORIZED_USERS": "42",
        "PANIC_ACTION": "https://example.com/hook",
    }
    for variables, expected in ((panic, code), ({}, ExitCode.CLEAN)):
        settings = read_settings({"TG_TOKEN": f"123456789:{SECRET}", **variables}, {})
        (look,) = judge_clock(answer, 1795323600 + off, settings)
        assert (look.said, look.code) == (said, expected)
    assert list(judge_clock(Answer(200, {}, {}), 0.0, settings)) == []


def test_online_a_refused_token_is_77(bench: Any, check: Checker) -> None:
    """As it would be for the bot."""
    fault = bench.sandbox.fault("answer", method="getMe", bot=bench.id, status=401, count=9)
    done = check("--online")
    bench.sandbox.clear_faults(fault)
    assert done.returncode == 77
    assert "NOT OK  token: " in done.stdout
    assert "@BotFather has the current one" in done.stdout


def test_online_a_webhook_is_in_the_way(bench: Any, check: Checker) -> None:
    """78, unless the bot was told to delete it; the check deletes nothing."""
    import urllib.request

    token = bench.environment["TELEGRAM_BOT_TOKEN"]
    url = f"{bench.sandbox.url}/bot{token}/setWebhook?url=https://example.org/hook"
    urllib.request.urlopen(url, timeout=10).close()
    done = check("--online")
    assert done.returncode == 78
    assert "NOT OK  webhook: example.org has it" in done.stdout
    assert check("--online", BOT_TAKE_OVER="true").returncode == 0
    assert bench.statistics()["webhook"]


def test_online_the_chat_for_notices_must_be_there(bench: Any, check: Checker) -> None:
    """78 for a chat that never wrote to the bot; one that is switched off is not asked for."""
    assert "notices: the chat 42 is there" in check("--online", TG_CHAT_ID="42").stdout
    done = check("--online", TG_CHAT_ID="4711")
    assert done.returncode == 78
    assert "NOT OK  notices: there is no chat 4711 for this bot" in done.stdout
    done = check("--online", TG_CHAT_ID="4711", TG_ENABLED="false")
    assert (done.returncode, "notices:" in done.stdout.partition("Online")[2]) == (0, False)


def test_online_nobody_there_is_75(bench: Any, check: Checker) -> None:
    """In the system's words, without the address that has the token in it."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # bound but not listening: connections are refused
        done = check("--online", TELEGRAM_API_URL=f"http://127.0.0.1:{closed.getsockname()[1]}")
    assert done.returncode == 75
    assert "NOT OK  Telegram: it cannot be reached (Connection refused)" in done.stdout
    assert SECRET not in done.stdout + done.stderr
