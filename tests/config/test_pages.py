"""What is generated or shipped: the reference page and the starter."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

from watchdog.config import Config
from watchdog.config.expand import Scope, expand
from watchdog.config.reference import render
from watchdog.config.schema import SECTIONS
from watchdog.config.template import STARTER

ROOT = Path(__file__).parents[2]
TOKEN = "123456789:AAExampleExampleExampleExampleExamp"


def test_the_reference_page_is_up_to_date() -> None:
    """docs/configuration.md is what the schema says now."""
    assert (ROOT / "docs/configuration.md").read_text() == render(), (
        "run: python -m watchdog.config.reference > docs/configuration.md"
    )


def test_every_example_is_valid() -> None:
    """Each example in the reference is TOML that its own option accepts."""
    scope = Scope(
        (
            (
                "here",
                {
                    "TELEGRAM_BOT_TOKEN": TOKEN,
                    "HEALTH_TOKEN": "x",
                    "WATCHDOG_PASSWORD": "x",
                    "ALERT_TOKEN": TOKEN,
                    "ALERT_CHAT": "12345",
                },
            ),
        )
    )
    sections = [inner for top in SECTIONS for inner in (top, *top.sections.values())]
    for option in (option for section in sections for option in section.options.values()):
        if option.example:
            option.kind.read(expand(tomllib.loads(f"x = {option.example}")["x"], scope))


def test_the_starter_is_valid(read: Callable[..., Config]) -> None:
    """What `watchdog init` writes loads, given a .env with a token."""
    bot = read(STARTER, env=f"TELEGRAM_BOT_TOKEN={TOKEN}\n").program("bot")
    assert str(bot.singleton) == "telegram:123456789"
    assert bot.command == ("python", "-m", "bot")


def test_the_starter_says_what_is_missing(complaint: Callable[..., str]) -> None:
    """Without a .env, the one thing to do is named."""
    told = complaint(STARTER)
    assert told.count("\n") == 0
    assert told.endswith(
        "programs.bot.env_file: .env: no such file; create it, or take the key out"
    )


def test_the_commented_keys_of_the_starter_are_valid(read: Callable[..., Config]) -> None:
    """A key of the starter that one only has to uncomment is accepted."""
    lines = [line.removeprefix("# ") for line in STARTER.splitlines() if " = " in line]
    plain = [line for line in lines if line.split(" ")[0] in ("memory", "heartbeat")]
    assert len(plain) == 2
    read("[programs.bot]\ncommand='x'\n" + "\n".join(plain))


def test_a_client_command_loads_little() -> None:
    """Finding the socket of a configuration imports neither msgspec nor the schema."""
    code = (
        "import sys, watchdog.config.endpoint, watchdog.config.find, watchdog.config.runs;"
        "print([m for m in ('msgspec', 'watchdog.config.schema', 'hashlib', 'inspect', 'socket',"
        " 'difflib', 'shlex', 'dataclasses') if m in sys.modules])"
    )
    told = subprocess.run(
        [sys.executable, "-S", "-c", code],
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout == "[]\n"
