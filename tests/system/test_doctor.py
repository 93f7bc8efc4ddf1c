"""`watchdog doctor`, as a user calls it."""

from __future__ import annotations

import json

import pytest

from tests.system.harness import World, unused_key
from tests.system.telegram import Telegram

CONFIGURATION = '[programs.bot]\ncommand = ["sleep", "1000"]\nsingleton = "{}"\n'


def test_the_doctor_knows_its_own_watchdog(world: World) -> None:
    """A program that our watchdog runs is well; one that it left behind is wrong: exit 1."""
    watchdog = world.up(CONFIGURATION.format(unused_key()))
    watchdog.wait_state("bot", "RUNNING")
    told = world.call("doctor", "-c", watchdog.config)
    assert told.returncode == 0, told.stdout
    assert "is held by our own watchdog" in told.stdout
    watchdog.process.kill()
    watchdog.process.wait()
    told = world.call("doctor", "-c", watchdog.config, "--json")
    assert told.returncode == 1
    wrong = [finding for finding in json.loads(told.stdout) if finding["level"] == "wrong"]
    assert [finding["area"] for finding in wrong] == ["copies"]
    assert "watchdog unlock bot" in wrong[0]["advice"]


@pytest.mark.parametrize(("encoding", "sign"), [("utf-8", "✓"), ("ascii", "+")])
def test_the_signs_fit_the_output(world: World, encoding: str, sign: str) -> None:
    """Where there is no ✓, there is ASCII."""
    world.environment["PYTHONIOENCODING"] = encoding
    path = world.write(CONFIGURATION.format(unused_key()))
    told = world.call("doctor", "-c", str(path))
    assert f"{sign} python" in told.stdout


def test_the_doctor_asks_about_the_token_and_never_shows_it(world: World) -> None:
    """On a real Bot API server: a good token, and one that is refused."""
    telegram = Telegram(world)
    telegram.write_environment()
    path = world.write('[programs.bot]\ncommand = ["sleep", "1"]\nenv_file = ".env"\n')
    assert "the token is good" in world.call("doctor", "-c", str(path)).stdout
    telegram.sandbox.revoke(telegram.bot)
    told = world.call("doctor", "-c", str(path))
    assert (told.returncode, "refuses the token" in told.stdout) == (1, True)
    assert "AAExample" not in told.stdout
