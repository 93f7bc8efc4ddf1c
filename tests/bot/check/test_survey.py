"""What is told of settings beside their values: doubts, misspelt names, secrets that are open."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bot.banner import banner
from bot.check.command import preview
from bot.check.here import look_at_files
from bot.env_file import EnvFile, parse_env, read_env_file
from bot.settings import known_variables
from bot.survey import Survey, find_meant, take_survey

TOKEN = "123456789:AAExampleExampleExampleExampleExamp"
OTHER = "123456788:AAExampleExampleExampleExampleExamp"
NAMES = [name for variable in known_variables() for name in variable.names]


def survey(text: str = "", **environ: str) -> Survey:
    return take_survey(environ, parse_env(text, ".env"))


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("TELEGRAM_BOT_TOKN", "TELEGRAM_BOT_TOKEN"),
        ("telegram_bot_token", "TELEGRAM_BOT_TOKEN"),
        ("TG_TOKE", "TG_TOKEN"),
        ("TG_TKOEN", "TG_TOKEN"),
        ("ALOWED_USERS", "ALLOWED_USERS"),
        ("PANIC_OTP_SECRETE", "PANIC_OTP_SECRET"),
        ("DATABASE_URI", "DATABASE_URL"),
        ("GITHUB_REPOSITORY_ID", None),
        ("DATABASE_USER", None),
        ("TELEGRAM_API_ID", None),
        ("PATH", None),
        ("HOME", None),
        ("FLASK_SECRET_KEY", None),
        ("REDIS_URL", None),
    ],
)
def test_what_was_meant(written: str, meant: str | None) -> None:
    """A slip or two in a name is seen, and the names of other programs are left alone."""
    assert find_meant(written, NAMES) == meant


def test_a_misspelt_name_is_told_with_its_place() -> None:
    """In the file with its line, in the environment as such; one that is set is not meant."""
    text = f"# mine\nTG_TOKEN={TOKEN}\nALOWED_USERS=1\nHEALTH_POTR=1\n"
    found = survey(text, PANIC_ACTON="x", HEALTH_PORT="0")
    assert found.doubts == (
        "ALOWED_USERS in .env, line 3 is nothing that I know; did you mean ALLOWED_USERS?",
        "PANIC_ACTON in the environment is nothing that I know; did you mean PANIC_ACTION?",
    )
    assert found.problems == ()


def test_a_token_under_another_name_is_seen() -> None:
    """Where no token is set, one in a variable that nobody reads is named, and never shown."""
    found = survey(f"BOT_TOKEN={TOKEN}\n")
    assert found.doubts == (
        "BOT_TOKEN in .env, line 1 looks like a bot token; I read TELEGRAM_BOT_TOKEN or TG_TOKEN",
    )
    assert survey(f"BOT_TOKEN={OTHER}\nTG_TOKEN={TOKEN}\n").doubts == ()


def test_two_variables_that_say_different_things_are_told() -> None:
    """Which of the two counts is said; two that say the same are fine."""
    (doubt,) = survey(f"TG_TOKEN={OTHER}\nTELEGRAM_BOT_TOKEN={TOKEN}\n").doubts
    assert "TELEGRAM_BOT_TOKEN (.env, line 2) and TG_TOKEN (.env, line 1)" in doubt
    assert "TELEGRAM_BOT_TOKEN counts" in doubt
    assert "AAExample" not in doubt
    assert survey(f"TG_TOKEN={TOKEN}\nTELEGRAM_BOT_TOKEN={TOKEN}\n").doubts == ()


def test_the_environment_before_the_file_is_no_doubt_but_shown() -> None:
    """That is how it is meant; both places are known."""
    found = survey(f"TG_TOKEN={TOKEN}\nHEALTH_PORT=1\n", HEALTH_PORT="2")
    assert found.doubts == ()
    (told,) = [one for one in found.told if one.finding.name == "HEALTH_PORT"]
    assert (told.shown, told.finding.source) == ("2", "the environment")
    assert told.others[0].source == ".env, line 2"


def test_a_variable_that_is_set_twice_in_the_file_is_told() -> None:
    """The last line counts, and both are named."""
    found = survey(f"TG_TOKEN={TOKEN}\nHEALTH_PORT=1\nHEALTH_PORT=2\n")
    assert found.doubts == ("HEALTH_PORT is set twice in .env, lines 2 and 3: the last one counts",)
    assert found.settings.health_port == 2


def test_mistakes_in_the_file_and_in_values_come_together() -> None:
    """A line that cannot be read hides no other mistake; places are named."""
    found = survey(f"TG_TOKEN={TOKEN}\nwhat is this\nHEALTH_PORT=http\n", POLL_TIMEOUT="0")
    assert set(found.problems) == {
        ".env, line 2: expected NAME=value",
        "HEALTH_PORT in .env, line 3 is 'http'; allowed is a whole number from 0 to 65535",
        "POLL_TIMEOUT in the environment is '0'; allowed is a whole number from 1 to 50",
    }


SECRETS = {
    "TELEGRAM_BOT_TOKEN": TOKEN,
    "PANIC_OTP_SECRET": "krsx g5ct mvrx ezlu krsx g5ct mvrx ezlu",
    "DATABASE_URL": "postgresql://u:hunter2@db.example.com/x",
    "GITHUB_TOKEN": "ghp_example0123456789",
    "AGENT_KEY": "sk-example-0123456789",
    "SUPABASE_SERVICE_ROLE_KEY": "eyJexample0123456789",
    "PANIC_ACTION": "https://example.com/hook?key=q7q7q7q7",
}


def test_no_secret_is_shown() -> None:
    """Of a token its bot is shown, of other secrets nothing, and of the rest all."""
    found = survey("", **SECRETS, ALLOWED_USERS="1,2")
    shown = {one.finding.name: one.shown for one in found.told}
    assert shown.pop("TELEGRAM_BOT_TOKEN") == "123456789:***"
    assert shown.pop("ALLOWED_USERS") == "1,2"
    assert shown == dict.fromkeys(set(SECRETS) - {"TELEGRAM_BOT_TOKEN"}, "***")
    for value in SECRETS.values():
        assert value not in repr(found)


@pytest.mark.skipif(os.name != "posix", reason="rights are of another kind on Windows")
def test_a_file_of_secrets_that_everybody_can_read_is_told(tmp_path: Path) -> None:
    """Who may read it is told with what it holds; without secrets, or closed, nothing is said."""
    path = tmp_path / ".env"
    path.write_text(f"TG_TOKEN={TOKEN}\n")
    path.chmod(0o644)
    (doubt,) = take_survey({}, read_env_file(path)).doubts
    assert f"{path} can be read by every user of this machine, and holds TG_TOKEN" in doubt
    assert f"chmod 600 {path}" in doubt
    path.chmod(0o640)
    assert take_survey({}, read_env_file(path)).doubts == ()
    path.write_text("HEALTH_PORT=0\n")
    path.chmod(0o644)
    assert take_survey({"TG_TOKEN": TOKEN}, read_env_file(path)).doubts == ()


def test_a_file_that_cannot_be_read_is_one_mistake(tmp_path: Path) -> None:
    """A directory, or bytes that are no text; a missing file is an empty one."""
    assert read_env_file(tmp_path / "none") == EnvFile(str(tmp_path / "none"))
    assert "Is a directory" in read_env_file(tmp_path).problems[0]
    path = tmp_path / ".env"
    path.write_bytes(b"A=\xff\xfe\n")
    (problem,) = read_env_file(path).problems
    assert problem == f"{path}: cannot be read: it is no UTF-8 text (byte 2)"


PANIC = "PANIC_OTP_SECRET=KRSXG5CTMVRXEZLUKRSXG5CTMVRXEZLU\nPANIC_AUTHORIZED_USERS=1\n"


@pytest.mark.parametrize(
    ("text", "doubt"),
    [
        (PANIC, "the panic command stays off: set PANIC_ACTION"),
        (PANIC + "PANIC_ACTION=http://127.0.0.1/x\n", None),
        ("SUPABASE_URL=https://example.supabase.co\n", "SUPABASE_URL is not enough for Supabase"),
        ("SUPABASE_URL=https://x\nDATABASE_URL=postgresql://h/d\n", None),
        ("GITHUB_TOKEN=ghp_example0123456789\n", "the issue tracker stays off: set ALLOWED_USERS"),
        ("AGENT_CALL=json:dumps\n", "everybody who finds this bot can use its agents"),
        ("AGENT_CALL=json:dumps\nGITHUB_TOKEN=ghp_example0\nALLOWED_USERS=1\n", None),
    ],
)
def test_what_right_settings_come_to_together(text: str, doubt: str | None) -> None:
    """Half of what a capability needs, and what is open to everybody, is told."""
    doubts = survey(f"TG_TOKEN={TOKEN}\n{text}").doubts
    assert len(doubts) == (doubt is not None)
    assert doubt is None or doubts[0].startswith(doubt)


HOSTILE = (
    *("http://[::1", "[", "::", "'", "\\", "%zz", "https://a:99999/", "unix:", "=>", "(=>x"),
    *("-1", "1e400", "nan", "🙂", "http://a b", "postgresql://[", "/" * 5000, "x" * 999, "~zz/x"),
    *("a.b:c", "sys:exit", "1,,", "٣", "0x10", "+5", "\x1b[2J", "/proc/self/mem", "/", "\udcff"),
    "module:",
)


@pytest.mark.parametrize("name", NAMES)
def test_whatever_a_variable_holds_it_is_read_or_refused(name: str) -> None:
    """No value makes the reading fail, and the check has words for each."""
    for value in HOSTILE:
        found = take_survey({"TG_TOKEN": TOKEN} | {name: value}, EnvFile())
        if not found.problems:
            assert list(banner(found.settings, preview(found.settings), "1"))
            assert list(look_at_files(found.settings))


def test_a_nul_is_refused_with_its_line() -> None:
    """No environment can hold one, but a file can."""
    assert survey("A=1\nAGENTS_FILE=x\0y\n").problems[0] == ".env, line 2: expected NAME=value"
