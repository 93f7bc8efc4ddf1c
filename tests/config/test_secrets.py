"""No secret is ever shown: not in an error, not in a repr, not in a stored identity."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from watchdog.config import Config
from watchdog.config.secret import looks_secret, mask

TOKEN = "123456789:AAExampleExampleExampleExampleExamp"
HALF = TOKEN.partition(":")[2]

SECRETIVE = """
[programs.bot]
command = ["python", "-m", "bot", "--password=${DB_PASSWORD}"]
env_file = ".env"
environment = { API_KEY = "key-in-table" }
singleton = "telegram:${TELEGRAM_BOT_TOKEN}"
lease = "redis://user:lease-password@localhost:6379/0"
liveness = { http = "http://me:url-password@h/x", headers = { X-Token = "header-secret" } }
readiness = { exec = ["check", "https://me:exec-password@h/"] }
"""
ENV_FILE = f"""
TELEGRAM_BOT_TOKEN={TOKEN}
DB_PASSWORD=hunter2hunter2
DATABASE_URL=postgresql://u:database-pass@h/db
SECOND=987654321:BBExampleExampleExampleExampleExamp
PLAIN=not-a-secret
DEBUG_KEY=1
PRIVATE_KEY="-----BEGIN KEY-----\\nMIIEvQIBADANBgkqhkiG9w0\\n-----END KEY-----"
"""
ALL = {
    TOKEN,
    HALF,
    "BBExampleExampleExampleExampleExamp",
    "hunter2hunter2",
    "key-in-table",
    "lease-password",
    "url-password",
    "header-secret",
    "exec-password",
    "database-pass",
    "MIIEvQIBADANBgkqhkiG9w0",
}


@pytest.fixture
def bot(read: Callable[..., Config]) -> Any:
    """A program with every kind of secret in it."""
    return read(SECRETIVE, env=ENV_FILE).programs[0]


def test_every_secret_is_known(bot: Any) -> None:
    """All that is secret by name or by shape is among the values to strike out."""
    assert bot.secrets >= ALL


def test_harmless_values_are_not_struck_out(bot: Any) -> None:
    """A plain value, or one too short to be told apart, stays in the logs."""
    assert bot.secrets.isdisjoint({"not-a-secret", "1", "python", "bot", "check", "123456789"})


def test_repr_shows_no_secret(read: Callable[..., Config]) -> None:
    """Neither a configuration nor any part of it shows a secret when it is printed."""
    config = read(SECRETIVE, env=ENV_FILE)
    bot = config.programs[0]
    shown = "".join(map(repr, (config, bot, *bot.probes.values(), bot.singleton, bot.policy)))
    assert [secret for secret in bot.secrets if secret in shown] == []
    assert "telegram:123456789" in shown


@pytest.mark.parametrize(
    "line",
    [
        f'singleton = "{TOKEN}"',
        'singleton = "bot:${TELEGRAM_BOT_TOKEN}"',
        f'singleton = "telegram:{TOKEN} {TOKEN}"',
        'singleton = "discord:${DB_PASSWORD}"',
        'start_seconds = "${DB_PASSWORD}"',
        f'start_seconds = "{TOKEN}"',
        'priority = "${TELEGRAM_BOT_TOKEN}"',
        'logs.maximum = "${DB_PASSWORD}"',
        'lease = "mysql://u:hunter2hunter2@h/"',
        'liveness.http = "ftp://u:hunter2hunter2@h/"',
        'liveness.http = "http://u:hunter2hunter2@h:99999/"',
        'liveness.tcp = "${DB_PASSWORD}"',
        'command = "x \'hunter2hunter2"',
        "environment = { A = [ 'hunter2hunter2' ] }",
        "liveness = { http = 'http://h', headers = { A = [ 'hunter2hunter2' ] } }",
        "hunter3 = 'hunter2hunter2'",
        f"depends_on = ['{TOKEN}']",
        "env_file = 'https://u:hunter2hunter2@h'",
    ],
)
def test_errors_show_no_secret(line: str, complaint: Callable[..., str]) -> None:
    """A mistake in a line with a secret is told without the secret."""
    first = "" if line.startswith("command") else 'command = "x"\n'
    second = "" if line.startswith("env_file") else 'env_file = ".env"\n'
    told = complaint(f"[programs.bot]\n{first}{second}{line}\n", env=ENV_FILE)
    assert "programs.bot." in told
    assert "hunter2" not in told
    assert HALF not in told


def test_the_watchdogs_own_keys_show_no_secret(complaint: Callable[..., str]) -> None:
    """A secret in the path of the socket is not shown, although the path is."""
    text = f'watchdog.socket = "/${{MY_TOKEN}}/{"s" * 110}"\n[programs.a]\ncommand = "x"'
    told = complaint(text, {"MY_TOKEN": "hunter2hunter2"})
    assert "/***/sss" in told
    assert "hunter2" not in told


@pytest.mark.parametrize(
    "name",
    ["TOKEN", "TELEGRAM_BOT_TOKEN", "db_password", "SECRET_KEY_BASE", "AWS_SECRET_ACCESS_KEY",
     "PGPASSWD", "SENTRY_DSN", "X-Api-Key", "Authorization", "PGPASSWORD", "apiKey"],
)  # fmt: skip
def test_names_of_secrets(name: str) -> None:
    """Names that usually hold a secret are recognised, in any case and with any separator."""
    assert looks_secret(name)


@pytest.mark.parametrize("name", ["MONKEY", "KEY_FILE", "PATH", "TOKEN_TTL", "AUTHOR", "HOME", ""])
def test_names_that_only_resemble(name: str) -> None:
    """A name that merely contains such letters, or that of a file, is none."""
    assert not looks_secret(name)


def test_masks_keep_what_tells_things_apart() -> None:
    """The bot's id and the user of a URL stay readable."""
    assert mask(f"bot {TOKEN}!") == "bot 123456789:***!"
    assert mask("redis://u:p@ss@h/0") == "redis://u:***@h/0"
