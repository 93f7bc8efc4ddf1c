"""The view in a terminal of a given size, with a real watchdog and real programs behind it."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import OptionList

from tests.system.harness import PATIENCE, Watchdog, World, is_alive
from watchdog.tui.app import Top
from watchdog.tui.details import Details
from watchdog.tui.dialogs import Confirm, Help
from watchdog.tui.glyphs import ASCII, UNICODE, Glyphs
from watchdog.tui.lines import Lines
from watchdog.tui.sources import Source

CONFIG = """
[programs.ticker]
command = ["python", "-uc", "import time\\nwhile True: print('tick', flush=True); time.sleep(0.2)"]
environment = { API_TOKEN = "made-up-secret-value-1" }
[programs.loser]
command = ["sh", "-c", "echo trouble ahead; exit 3"]
restart = { initial = "30s", maximum = "30s" }
[programs.never]
command = ["/nonexistent/program"]
"""

SIZES = [(80, 24), (120, 40)]


def make(*watchdogs: Watchdog, glyphs: Glyphs = UNICODE, simple: bool = False) -> Top:
    titles = [f"w{number}" for number, _ in enumerate(watchdogs)]
    sources = [Source(t, str(w.socket)) for t, w in zip(titles, watchdogs, strict=True)]
    return Top(sources, glyphs, simple)


def screen(app: Top) -> str:
    """What a terminal would show."""
    return "\n".join(
        "".join(segment.text for segment in strip)
        for strip in app.screen._compositor.render_strips()
    )


async def until(app: Top, pilot: Pilot[None], holds: Callable[[], Any], what: str) -> None:
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end, f"waited in vain for {what}:\n{screen(app)}"
        await asyncio.sleep(0.1)


async def shows(app: Top, pilot: Pilot[None], *texts: str) -> str:
    """The screen, once all of this is on it."""
    await until(app, pilot, lambda: all(text in screen(app) for text in texts), str(texts))
    return screen(app)


async def choose(app: Top, pilot: Pilot[None], name: str) -> None:
    """Put the cursor on a program, by keys."""
    await until(app, pilot, lambda: app.table.chosen is not None, "programs")
    await pilot.press("home")
    for _ in range(10):
        if app.table.chosen is not None and app.table.chosen.name == name:
            return
        await pilot.press("down")
    raise AssertionError(f"no {name}:\n{screen(app)}")


@pytest.mark.parametrize("size", SIZES)
async def test_the_table_shows_how_each_program_is(world: World, size: tuple[int, int]) -> None:
    """States, a countdown, the keys, and the log of the first; nothing is cut off."""
    watchdog = world.up(CONFIG)
    watchdog.wait_state("loser", "BACKOFF")
    app = make(watchdog)
    async with app.run_test(size=size) as pilot:
        seen = await shows(app, pilot, "3 programs", "RUNNING", "BACKOFF 2", "FATAL", "tick")
        assert all(len(line) <= size[0] for line in seen.splitlines())
        assert len(seen.splitlines()) == size[1]
        words = ("Start", "Stop", "Restart", "Kill", "Filter", "Help", "Quit", "LAST HOUR")
        await shows(app, pilot, *words)
        await choose(app, pilot, "never")
        await shows(app, pilot, "cannot run '/nonexistent/program'")


async def test_details_of_a_program_are_shown_in_tabs(world: World) -> None:
    """Incidents with their story, processes, and an environment without secrets."""
    watchdog = world.up(CONFIG)
    watchdog.wait_state("loser", "BACKOFF")
    app = make(watchdog)
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await choose(app, pilot, "loser")
        await pilot.press("2")
        await shows(app, pilot, "crash (open)", "ended by itself: exit status 3", "Timeline")
        assert app.query_one(OptionList).option_count == 1
        await choose(app, pilot, "ticker")
        await pilot.press("5")
        await shows(app, pilot, "COMMAND", "while True: print('tick'")
        await pilot.press("4")
        seen = await shows(app, pilot, "API_TOKEN", "(not shown)", "WATCHDOG_PROGRAM")
        assert "made-up-secret" not in seen
        await pilot.press("3")
        await shows(app, pilot, "No probe of it has come back yet.")


async def test_what_destroys_asks_once(world: World) -> None:
    """No, escape and enter alone do nothing; y stops, and start needs no question."""
    watchdog = world.up(CONFIG)
    pid = watchdog.wait_state("ticker", "RUNNING")["pid"]
    app = make(watchdog)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await choose(app, pilot, "ticker")
        for refusal in ("n", "escape", "enter"):
            await pilot.press("x")
            await until(app, pilot, lambda: isinstance(app.screen, Confirm), "a question")
            assert "Stop ticker?" in screen(app)
            await pilot.press(refusal)
            await until(app, pilot, lambda: not isinstance(app.screen, Confirm), "it to close")
        assert is_alive(pid)
        await pilot.press("x", "y")
        await shows(app, pilot, "ticker stopped", "STOPPED")
        assert not is_alive(pid)
        await pilot.press("s")
        await shows(app, pilot, "ticker started")
        pid = watchdog.program("ticker")["pid"]
        await pilot.press("k", "y")
        await shows(app, pilot, "ticker killed")
        watchdog.wait("ticker", lambda p: p["pid"] not in (None, pid), "another process")
        await pilot.press("d")
        await shows(app, pilot, "drill")


async def test_filter_sort_and_help(world: World) -> None:
    """By keys and by mouse; escape shows all again."""
    watchdog = world.up(CONFIG)
    app = make(watchdog)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await shows(app, pilot, "3 programs", "ticker")
        await pilot.press("slash", *"never")
        await shows(app, pilot, "1 of 3 programs", "filter: never")
        assert "loser" not in screen(app)
        await pilot.press("enter", "escape")
        await shows(app, pilot, "3 programs", "loser")
        await pilot.press("slash", *"zzz")
        await shows(app, pilot, "No program matches 'zzz'")
        await pilot.press("escape")
        await shows(app, pilot, "3 programs", "loser")
        assert not app.query_one("#asking").has_class("shown")
        await pilot.click(app.table, offset=(3, 0))
        await shows(app, pilot, "NAME▾")
        rows = [row.name for row in app.table._rows]
        assert rows == sorted(rows)
        await pilot.click(app.table, offset=(3, 0))
        await shows(app, pilot, "NAME▴")
        await pilot.click(app.table, offset=(3, 2))
        assert app.table.chosen is not None and app.table.chosen.name == sorted(rows)[1]
        await pilot.press("question_mark")
        await until(app, pilot, lambda: isinstance(app.screen, Help), "the help")
        assert "restart it" in screen(app)
        await pilot.press("escape")
        await until(app, pilot, lambda: not isinstance(app.screen, Help), "it to close")


async def test_the_log_follows_stands_still_wraps_and_is_searched(world: World) -> None:
    """Looking back stops the following; a match is gone to."""
    text = """
    [programs.talker]
    command = ["python", "-uc", '''
import time
for n in range(300): print(f"line {n:04} " + "word " * 30 + ("needle" if n == 42 else ""))
while True: print("tick", time.time(), flush=True); time.sleep(0.2)
''']
    """
    watchdog = world.up(text)
    app = make(watchdog)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await shows(app, pilot, "tick", "following")
        lines = app.query_one("#log-lines", Lines)
        wrapped = lines.virtual_size.height
        await pilot.press("w")
        await shows(app, pilot, "not wrapped")
        assert lines.virtual_size.height < wrapped and lines.virtual_size.width > 80
        await pilot.press("ctrl+f", *"needle", "enter")
        await shows(app, pilot, "line 0042", "1 lines with 'needle'", "standing still")
        place = lines.scroll_offset.y
        count = len(lines._lines)
        await until(app, pilot, lambda: len(lines._lines) > count, "more lines")
        assert lines.scroll_offset.y == place
        await pilot.press("escape", "f")
        await shows(app, pilot, "following", "tick")


async def test_a_watchdog_that_goes_away_is_said_and_found_again(world: World) -> None:
    """The last that was known stays, and its return needs no key."""
    watchdog = world.up(CONFIG)
    app = make(watchdog)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await shows(app, pilot, "3 programs", "tick")
        watchdog.leave()
        await shows(app, pilot, "No watchdog at w0", "Asking again", "ticker")
        world.up(CONFIG)
        await shows(app, pilot, "w0 is back.", "RUNNING")
        await until(app, pilot, lambda: "No watchdog" not in screen(app), "the banner to go")


async def test_one_that_never_ran_is_waited_for(world: World) -> None:
    """The view opens all the same."""
    app = Top([Source("later", str(world.place / "state" / "control.sock"))], UNICODE, False)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await shows(app, pilot, "No watchdog at later", "Nothing is known yet.")
        world.up(CONFIG)
        await shows(app, pilot, "3 programs", "ticker")


async def test_several_watchdogs_are_one_table(world: World) -> None:
    """Each row says whose it is, and what is done goes to the right one."""
    first = world.up(CONFIG)
    place = world.place / "two"
    place.mkdir()
    two = f'[watchdog]\nstate = "{place}"\n[programs.ticker]\ncommand = ["sleep", "600"]\n'
    second = world.run("-c", str(world.write(two, "two.toml")))
    second.state = place
    second.wait_up()
    second.wait_state("ticker", "RUNNING")
    app = make(first, second)
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await shows(app, pilot, "4 programs", "WATCHDOG", "w0", "w1")
        await pilot.press("end")
        await until(app, pilot, lambda: app.table.chosen and app.table.chosen.source == 1, "w1")
        await pilot.press("x", "y")
        await shows(app, pilot, "ticker stopped")
        assert second.program("ticker")["state"] == "STOPPED"
        assert first.program("ticker")["state"] != "STOPPED"


@pytest.mark.parametrize("size", SIZES)
async def test_without_unicode_everything_is_ascii(world: World, size: tuple[int, int]) -> None:
    """Tabs, scroll bars, dialogs and the palette too."""
    watchdog = world.up(CONFIG)
    app = make(watchdog, glyphs=ASCII, simple=True)
    async with app.run_test(size=size) as pilot:
        await shows(app, pilot, "3 programs", "tick")
        for keys in (("2",), ("x",), ("n", "question_mark"), ("escape", "ctrl+p")):
            await pilot.press(*keys)
            await pilot.pause()
            lines = filtered(app)
            assert all(line.isascii() for line in lines), lines
            assert all(len(line) == size[0] for line in lines)


def filtered(app: Top) -> list[str]:
    """The lines after the last filter."""
    from textual.color import Color

    shown = []
    for strip in app.screen._compositor.render_strips():
        segments = list(strip)
        for line_filter in app.get_line_filters():
            segments = line_filter.apply(segments, Color(0, 0, 0))
        shown.append("".join(segment.text for segment in segments))
    return shown


async def test_no_color_leaves_the_cursor_and_the_tabs_visible(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where NO_COLOR is set, what is chosen is reversed, and nothing has a colour."""
    monkeypatch.setenv("NO_COLOR", "1")
    watchdog = world.up(CONFIG)
    app = make(watchdog)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await shows(app, pilot, "3 programs", "▸")
        from textual.color import Color

        styles = []
        for strip in app.screen._compositor.render_strips():
            segments = list(strip)
            for line_filter in app.get_line_filters():
                segments = line_filter.apply(segments, Color(0, 0, 0))
            styles += [s.style for s in segments if s.style]
        assert not any(s.color and not s.color.is_default for s in styles)
        assert not any(s.bgcolor and not s.bgcolor.is_default for s in styles)
        assert any(s.reverse for s in styles)


async def test_enter_gives_the_whole_screen_to_the_details(world: World) -> None:
    """And back."""
    watchdog = world.up(CONFIG)
    app = make(watchdog)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await shows(app, pilot, "3 programs", "tick")
        before = app.query_one(Details).size.height
        await pilot.press("enter")
        await until(app, pilot, lambda: app.query_one(Details).size.height > before, "more room")
        assert not app.table.display
        await pilot.press("escape")
        await until(app, pilot, lambda: app.table.display, "the table")


async def test_a_drill_is_run_after_a_question_and_its_words_are_shown(world: World) -> None:
    """The command that is given runs with the program's name; its end is said."""
    watchdog = world.up(CONFIG)
    watchdog.wait_state("ticker", "RUNNING")
    script = "import sys; print('drilling', sys.argv[1]); sys.exit(3)"
    drill = lambda source, name: [sys.executable, "-c", script, name]  # noqa: E731
    app = Top([Source("w0", str(watchdog.socket))], UNICODE, False, drill)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await choose(app, pilot, "ticker")
        await pilot.press("d")
        await shows(app, pilot, "Drill ticker?")
        await pilot.press("y")
        await shows(app, pilot, "drilling ticker", "exit code 3")
        await pilot.press("escape")
        await shows(app, pilot, "3 programs", "tick")
