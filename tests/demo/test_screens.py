"""The demonstration's screens: whatever happens fits the terminal, and lines are plain."""

from __future__ import annotations

import io
import time
from pathlib import Path

import pytest
from rich.console import Console

from watchdog.config.loading import load
from watchdog.core.model import Role
from watchdog.demo import scenery
from watchdog.demo.board import Board, Mark, Step
from watchdog.demo.judge import Row
from watchdog.demo.paint import paint, paint_verdict
from watchdog.demo.plain import Plain
from watchdog.demo.story import STEPS

CAST = scenery.Cast(1234567890, 23456, "python")
LONG = "3 of 3 probes failed: 503: The event loop has been stuck for 2.1 s: something blocks it. "


def render(board: Board, width: int, height: int) -> list[str]:
    console = Console(width=width, height=height, file=io.StringIO(), color_system=None)
    with console.capture() as captured:
        console.print(paint(board, width, height), height=height)
    return captured.get().rstrip("\n").split("\n")


def full_board() -> Board:
    """A board in which everything is longer than any screen."""
    board = Board([Step(step.title) for step in STEPS], sentence=LONG * 3)
    board.steps[0] = Step("It comes up", Mark.BROKEN, LONG * 2, ended=1.0)
    board.chat = [{"from_bot": n % 2 == 1, "text": f"{n}: {LONG}"} for n in range(40)]
    board.heard.extend(f"00:00:00 bot: {LONG} n{n}" for n in range(100))
    board.program = {
        "name": "bot",
        "state": "RUNNING",
        "health": "unhealthy",
        "reason": LONG,
        "incarnation": 12,
        "pid": 4194304,
        "restarts": 11,
    }
    return board


@pytest.mark.parametrize(("width", "height"), [(72, 24), (80, 24), (120, 40), (200, 60)])
def test_a_full_board_fits_and_shows_the_newest(width: int, height: int) -> None:
    """No line is too long, none too many, and the last message and log line are to be seen."""
    lines = render(full_board(), width, height)
    assert len(lines) == height
    assert all(len(line) <= width for line in lines)
    text = "\n".join(lines)
    assert "39: 3 of 3" in text and " n99 " in text
    assert all(step.title in text for step in STEPS)


@pytest.mark.parametrize(("width", "height"), [(72, 24), (80, 24), (120, 40)])
def test_the_whole_configuration_is_shown(width: int, height: int) -> None:
    """Every line of it is on the screen before the story needs the room."""
    text = scenery.write_config(CAST)
    lines = render(Board([Step(step.title) for step in STEPS], config=text), width, height)
    assert len(lines) == height
    assert all(any(part in line for line in lines) for part in text.split("\n") if part)


def test_a_message_has_one_tick_until_it_is_answered() -> None:
    """The chat shows who still waits."""
    board = Board([Step("It comes up")], chat=[{"from_bot": False, "text": "hello"}])
    assert any("hello ✓ " in line for line in render(board, 80, 24))
    board.chat = [*board.chat, {"from_bot": True, "text": "hello"}]
    assert any("hello ✓✓" in line for line in render(board, 80, 24))


def test_what_a_program_writes_cannot_steer_the_terminal() -> None:
    """Control characters and markup in a message are shown, never obeyed."""
    evil = "\x1b[2J[bold]x[/bold]"
    board = Board([Step("It comes up", seen=evil)], sentence=evil)
    board.chat = [{"from_bot": True, "text": evil}]
    board.heard.append(evil)
    board.program = full_board().program | {"reason": evil}
    text = "\n".join(render(board, 80, 24))
    assert "\x1b[2J" not in text
    assert text.count("[bold]x[/bold]") == 5


def test_the_table_of_a_story_fits_80_columns() -> None:
    """A row is a line, so that all of it stays on a small screen."""
    rows = [Row("messages answered exactly once", "exit 0, 15.00 s", "69, names the holder", True)]
    console = Console(width=80, file=io.StringIO(), color_system=None)
    with console.capture() as captured:
        console.print(paint_verdict(rows))
    assert len(captured.get().strip().splitlines()) == 3


def test_plain_lines_are_ascii_and_say_each_message_once() -> None:
    """A pipe gets text that any reader can show."""
    out = io.StringIO()
    screen = Plain(out)
    screen.open(["It comes up"])
    screen.begin_step(0, "A sandbox.")
    chat = [{"from_bot": False, "text": "/start"}]
    screen.show_chat(chat)
    screen.show_chat([*chat, {"from_bot": True, "text": "Hello"}])
    screen.end_step(0, "1.00 s", True)
    screen.show_verdict([Row("it answers", "2 s", "1 s", False)], "A note.", "0 of 1 held.")
    text = out.getvalue()
    assert text.isascii()
    assert text.count("user: /start") == 1 and text.count("bot: Hello") == 1
    assert "it answers  2 s    1 s   NO" in text


def test_the_configuration_is_one_that_the_watchdog_takes(tmp_path: Path) -> None:
    """What is shown is what is run, and its figures are those of the verdicts."""
    (tmp_path / ".env").write_text(scenery.write_environment(CAST, "http://127.0.0.1:8081"))
    file = tmp_path / "watchdog.toml"
    file.write_text(scenery.write_config(CAST))
    config = load(file)
    (program,) = config.programs
    assert program.singleton is not None and program.singleton.key == "telegram:1234567890"
    policy = program.policy.probes[Role.LIVENESS]
    assert (policy.period, policy.timeout) == (scenery.PERIOD, scenery.TIMEOUT)
    assert policy.failure_threshold == scenery.THRESHOLD


def test_a_step_that_runs_shows_a_clock() -> None:
    """The time of the step that is being shown goes on."""
    board = Board([Step("It comes up", Mark.NOW, began=0.0)])
    board.born = time.monotonic() - 7.0
    assert any("7.0 s" in line for line in render(board, 80, 24))
