"""The settings: what is read, what wins, and what a mistake looks like."""

from __future__ import annotations

import runpy
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import bot
from bot.env_file import parse_env
from bot.exits import Exit, ExitCode
from bot.settings import Settings, known_variables, read_settings
from bot.settings_page import example_text

TOKEN = "123456789:AAExampleExampleExampleExampleExamp"


def read(**environ: str) -> Settings:
    return read_settings({"TELEGRAM_BOT_TOKEN": TOKEN, **environ}, {})


def complaint(**environ: str) -> str:
    with pytest.raises(Exit) as caught:
        read(**environ)
    assert caught.value.code is ExitCode.CONFIG
    return caught.value.reason


def test_defaults_are_those_of_the_class() -> None:
    """A token alone is enough, and gives the documented defaults."""
    assert read() == Settings(token=TOKEN)


def test_the_api_root_makes_both_base_urls() -> None:
    """TELEGRAM_API_URL is a root, with or without its last slash."""
    settings = read(TELEGRAM_API_URL="http://127.0.0.1:8081/")
    assert settings.base_url == "http://127.0.0.1:8081/bot"
    assert settings.base_file_url == "http://127.0.0.1:8081/file/bot"


def test_either_token_variable_works_and_the_environment_wins() -> None:
    """TG_TOKEN in the environment beats TELEGRAM_BOT_TOKEN in the file."""
    settings = read_settings({"TG_TOKEN": TOKEN}, {"TELEGRAM_BOT_TOKEN": "987654321:" + "B" * 30})
    assert settings.bot_id == 123456789


def test_late_follows_the_poll_timeout() -> None:
    """Polling counts as late 20 s after the poll's own time, unless set."""
    assert read(POLL_TIMEOUT="50").poll_stale_seconds == 70.0
    assert read(POLL_TIMEOUT="50", POLL_STALE_SECONDS="1.5").poll_stale_seconds == 1.5


def test_a_missing_token_says_where_to_get_one() -> None:
    """No token is a configuration error that names both variables."""
    with pytest.raises(Exit) as caught:
        read_settings({}, {})
    assert caught.value.code is ExitCode.CONFIG
    assert "TELEGRAM_BOT_TOKEN" in caught.value.reason
    assert "TG_TOKEN" in caught.value.reason


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("HEALTH_PORT", "65536", "from 0 to 65535"),
        ("HEALTH_PORT", "http", "from 0 to 65535"),
        ("POLL_TIMEOUT", "0", "from 1 to 50"),
        ("POLL_TIMEOUT", "²", "from 1 to 50"),
        ("LOOP_STALE_SECONDS", "soon", "number of seconds"),
        ("LOOP_STALE_SECONDS", "nan", "number of seconds"),
        ("STOP_SECONDS", "inf", "number of seconds"),
        ("BOT_FAULTS", "maybe", "true or false"),
        ("LOG_LEVEL", "LOUD", "DEBUG, INFO"),
        ("TELEGRAM_API_URL", "api.telegram.org", "https://api.telegram.org"),
        ("TELEGRAM_API_URL", "https://api.telegram.org/bot", "https://api.telegram.org"),
        ("TELEGRAM_API_URL", "http://[::1", "https://api.telegram.org"),
    ],
)
def test_a_mistake_names_variable_found_and_allowed(name: str, value: str, allowed: str) -> None:
    """An error says which variable, what was found and what is allowed."""
    reason = complaint(**{name: value})
    assert name in reason
    assert repr(value) in reason
    assert allowed in reason


@pytest.mark.parametrize(
    ("name", "value", "found"),
    [
        ("ALLOWED_USERS", "ann", "'ann'"),
        ("ALLOWED_USERS", "1,,-5", "user ids"),
        ("ALLOWED_USERS", ",", "user ids"),
        ("RATE_LIMIT_PER_MINUTE", "-1", "from 0 to 10000"),
        ("MAX_MESSAGE_LENGTH", "5000", "from 1 to 4096"),
        ("SESSION_TTL_HOURS", "0", "from 1 to 8760"),
        ("PII_FILTER", "perhaps", "true or false"),
        ("PANIC_AUTHORIZED_USERS", "1;2", "user ids"),
        ("PANIC_TIMEOUT_SECONDS", "never", "number of seconds"),
        ("PANIC_ACTION", "no-such-program-at-all --now", "not there or not executable"),
        ("PANIC_ACTION", 'echo "', "cannot be split"),
        ("PANIC_ACTION", "no_such_module:close", "No module named 'no_such_module'"),
        ("PANIC_ACTION", "json:no_such_function", "cannot be imported"),
        ("PANIC_ACTION", "json:__name__", "which is no function"),
    ],
)
def test_mistakes_in_what_a_capability_is_told(name: str, value: str, found: str) -> None:
    """Each is found at the start, with the variable, what was found and what is allowed."""
    reason = complaint(**{name: value})
    assert reason.startswith(f"{name} in the environment is ")
    assert found in reason
    assert "allowed is" in reason


def test_a_bad_one_time_secret_is_never_shown() -> None:
    """One that is too short is told by its length only."""
    reason = complaint(PANIC_OTP_SECRET="KRSXG5CTMVRXEZLU", HEALTH_PORT="x")
    assert "*** (16 characters, 80 bits)" in reason
    assert "`python -m bot otp-setup` makes one" in reason
    assert "KRSXG" not in reason
    assert "HEALTH_PORT" in reason
    assert "no base32" in complaint(PANIC_OTP_SECRET="YOUR_GENERATED_SECRET")


def test_the_one_time_secret_of_the_guides_is_refused_as_such() -> None:
    """Everybody knows it: whoever copied a guide is told what to do."""
    reason = complaint(PANIC_OTP_SECRET="jbsw y3dp ehpk 3pxp")
    assert "the example that many guides print" in reason
    assert "otp-setup" in reason
    assert "unset, the bot runs without" in reason


def test_who_may_panic_must_be_let_in() -> None:
    """A user of the panic command who is kept out by the list is a mistake."""
    reason = complaint(ALLOWED_USERS="1,2", PANIC_AUTHORIZED_USERS="2,3")
    assert "has the user 3, who is not in ALLOWED_USERS" in reason
    assert read(PANIC_AUTHORIZED_USERS="3").panic.authorized_users == {3}


def test_everything_that_can_be_set_is_known_with_what_it_is_for() -> None:
    """The page about the settings has each variable once, and no default breaks its own rule."""
    known = known_variables()
    names = [name for variable in known for name in variable.names]
    assert len(names) == len(set(names))
    assert all(variable.about and variable.allowed for variable in known)
    defaults = {variable.names[0]: variable.default for variable in known if variable.default}
    assert read(**defaults) == replace(read(), poll_stale_seconds=30.0)
    assert all(f"{name}=" in example_text(known) for name in defaults)


def test_all_mistakes_are_told_at_once() -> None:
    """Two mistakes make one error with a line for each."""
    first, second = complaint(HEALTH_PORT="x", BOT_FAULTS="y").splitlines()
    assert "HEALTH_PORT" in first
    assert "BOT_FAULTS" in second


@given(st.text(st.characters(codec="utf-8"), min_size=4).filter(lambda text: text.strip()))
def test_a_bad_token_is_never_shown(value: str) -> None:
    """Whatever stands where a token should be is told by length only."""
    secret = "q7" + value.strip().replace("\0", "0") + "7q"
    reason = complaint(TELEGRAM_BOT_TOKEN=secret)
    assert secret not in reason
    assert f"({len(secret)} characters)" in reason


@pytest.mark.parametrize("bad", ["123:" + "A" * 30, "123456789:short", "١٢٣٤٥٦٧٨٩:" + "A" * 30])
def test_a_token_of_the_wrong_shape_is_refused(bad: str) -> None:
    """A cut, mistyped or oddly written token is found before Telegram is asked."""
    assert "TELEGRAM_BOT_TOKEN" in complaint(TELEGRAM_BOT_TOKEN=bad)


def test_a_settings_object_does_not_print_its_token() -> None:
    """The representation of the settings is fit for a log."""
    secret = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
    shown = repr(read(PANIC_OTP_SECRET=secret))
    assert "AAExample" not in shown
    assert secret not in shown


def test_env_files_know_comments_quotes_and_export() -> None:
    """The usual ways to write a `.env` line are understood."""
    text = '\ufeff# c\n\nA=1 # one\nexport B = \'x # y\'\nC="say \\"hi\\""\nD=\nE=a#b\r\n'
    assert parse_env(text, ".env").values == {
        "A": "1",
        "B": "x # y",
        "C": 'say "hi"',
        "D": "",
        "E": "a#b",
    }


def test_a_broken_env_line_is_named_but_not_shown() -> None:
    """A line that is no assignment is named by its number; it may hold a secret."""
    file = parse_env(f"A=1\n{TOKEN}\nB=2\n", ".env")
    assert file.problems == (".env, line 2: expected NAME=value",)
    assert file.values == {"A": "1", "B": "2"}
    assert file.lines == {"A": 1, "B": 3}


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    """No `.env` content makes the reader fail; what it cannot read has a line."""
    file = parse_env(text, ".env")
    assert all(problem.startswith(".env, line ") for problem in file.problems)
    assert file.values.keys() == file.lines.keys()


def test_the_example_is_what_the_code_reads() -> None:
    """bot/env.example is written by `python -m bot settings`, and sets nothing but the token."""
    example = (Path(bot.__file__).parent / "env.example").read_text()
    assert example == example_text(known_variables())
    assert parse_env(example, "env.example").values == {"TELEGRAM_BOT_TOKEN": ""}


def test_the_table_of_settings_is_what_the_code_reads() -> None:
    """docs/bot.md has every variable, as `make docs` writes it."""
    page = Path(bot.__file__).parents[1] / "docs" / "bot.md"
    write = runpy.run_path(str(page.with_name("generate.py")))["bot_page"]
    assert page.read_text() == write(page.read_text()), "run: make docs"
