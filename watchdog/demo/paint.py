"""Paints a board: the header, the chat, the watchdog and the steps, for any size from 72x24."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from itertools import chain

from rich import box
from rich.console import Group, RenderableType
from rich.layout import Layout
from rich.panel import Panel
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from watchdog.demo.board import Board, Mark, Step
from watchdog.demo.judge import Row
from watchdog.demo.screens import Document

HEADER = 4  # lines: a title, and a sentence that may be long
SHORT_HEADER = 2  # lines, where the configuration needs the others
BORDER = 2  # lines or columns that a panel's frame takes
PADDING = 2  # columns between the frame and what is in it
FACTS = 4  # lines above the watchdog's log: state, figures, reason, a rule

_MARKS = {
    Mark.AHEAD: ("·", "dim"),
    Mark.NOW: ("▸", "bold yellow"),
    Mark.HELD: ("✓", "bold green"),
    Mark.BROKEN: ("✗", "bold red"),
}
_COLOURS = {
    "RUNNING": "green",
    "healthy": "green",
    "unhealthy": "red",
    "FATAL": "red",
    "STOPPED": "dim",
    "unknown": "dim",
}


def paint(board: Board, width: int, height: int) -> RenderableType:
    """The whole screen."""
    steps = len(board.steps)
    header = SHORT_HEADER if board.config else HEADER
    body = height - header - steps
    layout = Layout()
    layout.split_column(
        Layout(_paint_header(board), size=header),
        Layout(_paint_body(board, width, body), size=body),
        Layout(_paint_steps(board), size=steps),
    )
    return layout


def _paint_header(board: Board) -> RenderableType:
    title = Text("watchdog demo", style="bold")
    title.append("  a polling bot, supervised, on an embedded Telegram sandbox", style="dim")
    top = Table.grid(expand=True)
    top.add_column(no_wrap=True, overflow="ellipsis", ratio=1)
    top.add_column(justify="right", no_wrap=True)
    top.add_row(title, Text(f"{board.now:4.1f} s", style="dim"))
    return Group(top, Text(_printable(board.sentence), style="yellow", overflow="ellipsis"))


def _paint_body(board: Board, width: int, height: int) -> RenderableType:
    if board.config:
        return _paint_config(board.config, height)
    left = width * 2 // 5
    layout = Layout()
    layout.split_row(
        Layout(_paint_chat(board.chat, left, height), size=left),
        Layout(_paint_watchdog(board, width - left, height)),
    )
    return layout


def _paint_config(text: str, height: int) -> RenderableType:
    lines = text.rstrip().splitlines()
    if len(lines) > height - BORDER:
        lines = [line for line in lines if line]
    painted = Text("\n").join(_paint_config_line(line) for line in lines)
    return _frame(painted, "watchdog.toml", "cyan")


def _paint_config_line(line: str) -> Text:
    if line.startswith("["):
        return Text(line, style="bold cyan")
    key, equals, value = line.partition(" = ")
    return Text.assemble((key, "white"), (equals, "dim"), (value, "green"))


def _paint_chat(messages: Sequence[Document], width: int, height: int) -> RenderableType:
    inner = width - BORDER - PADDING
    # The last message of all is the only one that may still wait for its answer.
    bubbles = [_paint_message(m, inner, m is not messages[-1]) for m in messages]
    return _frame(_bottom(list(chain(*bubbles)), height - BORDER), "the chat", "blue")


def _paint_message(message: Document, width: int, answered: bool) -> list[Text]:
    """The bot on the left, the user on the right with one tick, and with two once answered."""
    text = _printable(message.get("text", ""))
    lines = textwrap.wrap(text, max(10, width * 4 // 5)) or [""]
    if message["from_bot"]:
        return [Text(line, style="bright_white", no_wrap=True) for line in lines]
    lines[-1] += " ✓✓" if answered else " ✓"
    wide = max(map(len, lines))
    indent = " " * max(0, width - wide)
    return [Text(f"{indent}{line}", style="bright_cyan", no_wrap=True) for line in lines]


def _paint_watchdog(board: Board, width: int, height: int) -> RenderableType:
    inner = width - BORDER - PADDING
    indent = " " * 9  # as wide as the time at the beginning of a line
    heard = [textwrap.wrap(_printable(t), inner, subsequent_indent=indent) for t in board.heard]
    lines = [Text(line, no_wrap=True) for line in chain(*heard)]
    log = _bottom(lines, height - BORDER - FACTS)
    return _frame(Group(*_paint_facts(board.program), log), "the watchdog", "magenta")


def _paint_facts(program: Document) -> list[RenderableType]:
    rule = Rule(style="dim")
    if not program:
        return [Text("no watchdog answers", style="dim"), Text(), Text(), rule]
    state, health = str(program["state"]), str(program["health"])
    first = Text.assemble(
        (str(program["name"]), "bold"),
        "  ",
        (state, _COLOURS.get(state, "yellow")),
        "  ",
        (health, _COLOURS.get(health, "yellow")),
    )
    figures = f"incarnation {program['incarnation']}  pid {program['pid'] or '-'}"
    second = Text(f"{figures}  restarts {program['restarts']}", no_wrap=True)
    reason = Text(_printable(program["reason"]), style="yellow", no_wrap=True, overflow="ellipsis")
    return [first, second, reason, rule]


def _paint_steps(board: Board) -> RenderableType:
    grid = Table.grid(padding=(0, 1), expand=True)
    grid.add_column(width=1)
    grid.add_column(no_wrap=True)
    grid.add_column(no_wrap=True, overflow="ellipsis", ratio=1)
    grid.add_column(justify="right", no_wrap=True)
    for step in board.steps:
        grid.add_row(*_paint_step(step, board.now))
    return grid


def _paint_step(step: Step, now: float) -> Iterable[Text]:
    sign, style = _MARKS[step.mark]
    muted = "dim" if step.mark is Mark.AHEAD else ""
    passed = "" if step.mark is Mark.AHEAD else f"{(step.ended or now) - step.began:4.1f} s"
    yield Text(sign, style=style)
    yield Text(step.title, style=style if step.mark is Mark.NOW else muted)
    yield Text(_printable(step.seen), style="red" if step.mark is Mark.BROKEN else "green")
    yield Text(passed, style="dim")


def paint_verdict(rows: Sequence[Row]) -> RenderableType:
    """The final table."""
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1), pad_edge=False)
    for heading in ("what was promised", "bound", "what was seen"):
        table.add_column(heading, overflow="fold")
    table.add_column("held", justify="center")
    for row in rows:
        held = Text("✓", style="bold green") if row.held else Text("✗", style="bold red")
        table.add_row(Text(row.promise), Text(row.bound, style="dim"), Text(row.seen), held)
    return table


def _frame(content: RenderableType, title: str, style: str) -> Panel:
    return Panel(content, title=title, title_align="left", border_style=style, box=box.ROUNDED)


def _printable(text: object) -> str:
    """Nothing that a program says may steer the terminal."""
    return "".join(char if char.isprintable() else " " for char in str(text))


def _bottom(lines: Sequence[Text], height: int) -> RenderableType:
    """The last lines that fit; the newest stands where the eye expects it."""
    return Group(*lines[-height:]) if height > 0 else Text()
