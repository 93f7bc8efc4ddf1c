"""The view: the table above, the details of the selected program below, and the keys.

It holds what the watchers tell, and draws when they do: once a second. All that waits for a
watchdog waits in a thread.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from functools import partial
from typing import ClassVar

from rich.text import Text
from textual.app import App, ComposeResult, SystemCommand
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.filter import LineFilter, NoColor
from textual.message import Message
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Footer, Input, Label, Static

from watchdog.client import Refused, Unreachable
from watchdog.tui import deeds, rows, telling
from watchdog.tui.columns import STRIP_STYLES, Piece
from watchdog.tui.deeds import DEEDS, Drill
from watchdog.tui.details import TABS, Details
from watchdog.tui.dialogs import Confirm, Help, Output
from watchdog.tui.glyphs import Glyphs
from watchdog.tui.paint import STYLES, AsciiOnly
from watchdog.tui.rows import Row
from watchdog.tui.sources import Detail, Lost, News, Seen, Source, Watcher
from watchdog.tui.style import CSS
from watchdog.tui.table import ProgramTable
from watchdog.tui.wording import duration, printable

BACK = 5.0  # seconds for which it is said that a watchdog is back
TALL = 34  # lines of a terminal from which on the details get the greater part


class Top(App[None]):
    """`watchdog top`."""

    TITLE = "watchdog top"
    CSS = CSS
    ENABLE_COMMAND_PALETTE = True
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("s", "do('start')", "Start"),
        Binding("x", "do('stop')", "Stop"),
        Binding("r", "do('restart')", "Restart"),
        Binding("k", "do('kill')", "Kill"),
        Binding("d", "do('drill')", "Drill"),
        Binding("slash", "filter", "Filter", key_display="/"),
        Binding("o", "sort(1)", "Sort"),
        Binding("question_mark", "help", "Help", key_display="?"),
        Binding("q", "quit", "Quit"),
        Binding("O", "turn_round", "Sort the other way", show=False),
        Binding("v", "turn", "Reason or timeline", show=False),
        Binding("enter", "zoom", "Details over the whole screen", show=False),
        Binding("tab", "other_half", "To the details and back", show=False, priority=True),
        Binding("ctrl+f", "search", "Search in the details", show=False),
        Binding("f", "follow", "Follow the log", show=False),
        Binding("w", "wrap", "Wrap long lines", show=False),
        Binding("e", "stream", "Output or error output", show=False),
        Binding("escape", "undo", "Back", show=False),
        *(Binding(str(n), f"tab('{tab}')", show=False) for n, tab in enumerate(TABS, 1)),
    ]

    class Learned(Message):
        """A watcher tells."""

        def __init__(self, news: News) -> None:
            super().__init__()
            self.news = news

    def __init__(
        self, sources: Sequence[Source], glyphs: Glyphs, simple: bool, drill: Drill | None = None
    ) -> None:
        super().__init__()
        self._sources = sources
        self._glyphs = glyphs
        self._drill = drill
        self._seen: dict[int, Seen] = {}
        self._lost: dict[int, tuple[float, str]] = {}  # since when (monotonic), and why
        self._back: dict[int, float] = {}  # until when that is said
        self._watchers: list[Watcher] = []
        self._wanted = ""
        self._order, self._backwards = "order", False
        self._prompt_for = ""
        names = ("summary", "banner", "about", "reason")
        self._texts = {name: Static(id=name, markup=False) for name in names}
        titles = [source.title for source in sources]
        self.table = ProgramTable(glyphs, titles, lambda row: self._now_of(row.source))
        self.details = Details(glyphs, sources)
        self.prompt = Input(id="prompt", select_on_focus=False)
        if simple or self.no_color:
            self.theme = "ansi-dark"

    def get_line_filters(self) -> Sequence[LineFilter]:
        """What every line goes through."""
        filters = [*super().get_line_filters()]
        if self.no_color:
            filters.append(NoColor())
        if self._glyphs.ascii:
            filters.append(AsciiOnly())
        return filters

    def compose(self) -> ComposeResult:
        """From top to bottom."""
        yield self._texts["summary"]
        yield self._texts["banner"]
        yield self.table
        yield self._texts["about"]
        yield self._texts["reason"]
        yield self.details
        with Horizontal(id="asking"):
            yield Label("filter", id="asked")
            yield self.prompt
        yield Footer(show_command_palette=False, compact=True)

    def on_mount(self) -> None:
        """Begin to watch."""
        self.table.nothing = "Asking..."
        self.table.focus()
        for index, source in enumerate(self._sources):
            self._watchers.append(Watcher(index, source, self._tell))
        for watcher in self._watchers:
            watcher.start()
        self.set_interval(1.0, self._tick)

    def _tell(self, news: News) -> None:
        """Called by the watchers' threads."""
        self.post_message(self.Learned(news))

    def on_unmount(self) -> None:
        """Nobody looks any more."""
        for watcher in self._watchers:
            watcher.end()

    def on_resize(self) -> None:
        """A tall terminal has room for more of the details."""
        self.screen.set_class(self.size.height >= TALL, "tall")

    # --- what is on the screen

    @property
    def is_open(self) -> bool:
        """Whether there is still something to draw on: news may come while it is being closed."""
        return self.table.is_attached

    @property
    def _asking(self) -> Widget:
        """The line that the prompt is in."""
        return self.screen_stack[0].query_one("#asking")

    def _put(self, id: str, pieces: Sequence[Piece]) -> None:
        text = Text.assemble(*((text, STYLES[style]) for text, style in pieces))
        self._texts[id].update(text)

    # --- what the watchers tell

    def on_top_learned(self, message: Learned) -> None:
        """One of them has news."""
        if not self.is_open:
            return
        news = message.news
        if isinstance(news, Seen):
            self._notice(news)
        elif isinstance(news, Lost):
            self._lost.setdefault(news.source, (time.monotonic(), news.why))
            self._back.pop(news.source, None)
            self._show_banner()
            self._show()
        elif isinstance(news, Detail):
            self.details.take(news)

    def _notice(self, seen: Seen) -> None:
        before = self._seen.get(seen.source)
        self._seen[seen.source] = seen
        if self._lost.pop(seen.source, None) and before is not None:
            self._back[seen.source] = time.monotonic() + BACK
        self._show_banner()
        self._show()

    def _now_of(self, source: int) -> float:
        """The time by the clock of a watchdog."""
        seen = self._seen.get(source)
        return time.time() + (seen.skew if seen else 0.0)

    def _rows(self) -> list[Row]:
        return [row for _, seen in sorted(self._seen.items()) for row in seen.rows.values()]

    def _show(self) -> None:
        known = self._rows()
        shown = rows.arrange(known, self._wanted, self._order, self._backwards)
        self.table.nothing = self._explain_nothing(known)
        self.table.show(shown, self._order, self._backwards, frozenset(self._lost))
        self._put("summary", self._summary(known, len(shown)))
        self._show_about()

    def _summary(self, known: list[Row], shown: int) -> list[Piece]:
        begin: list[Piece] = [("watchdog", "strong"), ("  ", "")]
        return begin + telling.summary(known, shown, self._wanted)

    def _explain_nothing(self, known: list[Row]) -> str:
        if known:
            return f"No program matches {self._wanted!r}; escape shows all."
        if self._lost:
            return "Nothing is known yet."
        return "No program is configured." if self._seen else "Asking..."

    def _show_about(self) -> None:
        row = self.table.chosen
        self._put("about", telling.about(row, self._now_of(row.source)) if row else [])
        self._put("reason", [(telling.reason(row), "")] if row else [])

    def _tick(self) -> None:
        """While one is gone nobody else makes the clocks go on."""
        if self.is_open and (self._lost or self._back):
            self._show_banner()
            self.table.refresh()
            self._show_about()

    def _show_banner(self) -> None:
        now = time.monotonic()
        self._back = {source: until for source, until in self._back.items() if until > now}
        lines = [self._tell_lost(source, now) for source in sorted(self._lost)]
        lines += [f"{self._sources[source].title} is back." for source in sorted(self._back)]
        banner = self._texts["banner"]
        banner.set_class(bool(lines), "shown")
        banner.set_class(bool(self._back) and not self._lost, "back")
        banner.update("\n".join(lines))

    def _tell_lost(self, source: int, now: float) -> str:
        since, why = self._lost[source]
        last = f", gone for {duration(now - since)}" if source in self._seen else ""
        return f"No watchdog at {self._sources[source].title}{last}: {why}. Asking again..."

    # --- the selected program

    def on_program_table_chosen(self) -> None:
        """Look at it closely, once the cursor rests."""
        self._show_about()
        chosen = self.table.chosen
        self.set_timer(0.15, lambda: self._look_closely(chosen))

    def _look_closely(self, chosen: Row | None) -> None:
        if not self.is_open:
            return
        now = self.table.chosen
        if (now.key if now else None) == (chosen.key if chosen else None):
            self.details.show(now)

    def on_details_asked(self) -> None:
        """Tell who is to look it up, and nobody else."""
        row, wanted = self.table.chosen, self.details.wanted
        for index, watcher in enumerate(self._watchers):
            watcher.want(wanted if row is not None and index == row.source else None)

    def on_details_incident_chosen(self, message: Details.IncidentChosen) -> None:
        """Have its evidence sent."""
        row = self.table.chosen
        if row is not None:
            ask = partial(self._fetch_incident, self._sources[row.source], message.id)
            self.run_worker(ask, thread=True, group="incident")

    def _fetch_incident(self, source: Source, id: str) -> None:
        client = source.client()
        try:
            incident = client.incident(id)
        except (Unreachable, Refused) as error:
            self.call_from_thread(self.notify, str(error), severity="error")
        else:
            self.call_from_thread(self.details.tell_incident, incident)
        finally:
            client.close()

    # --- doing

    def action_do(self, deed: str) -> None:
        """Start, stop, restart, kill or drill the selected program; what destroys asks once."""
        row = self.table.chosen
        if row is None:
            return
        if deed == "drill" and self._drill is None:
            self.notify(deeds.NO_DRILL, severity="warning")
            return
        effect = DEEDS[deed].effect
        begin = partial(self._begin, deed, row)
        if not effect:
            begin(True)
            return
        self.push_screen(Confirm(deeds.question(deed, row), effect), begin)

    def _begin(self, deed: str, row: Row, yes: bool | None) -> None:
        if not yes:
            return
        if deed == "drill":
            screen = Output(f"watchdog drill {row.name}")
            self.push_screen(screen)
            self.run_worker(partial(self._run_drill, row, screen), thread=True)
            return
        self.run_worker(partial(self._do, self._sources[row.source], row.name, deed), thread=True)

    def _do(self, source: Source, name: str, deed: str) -> None:
        well, sentence = deeds.do(source, name, deed)
        severity = "information" if well else "error"
        self.call_from_thread(self.notify, sentence, severity=severity, markup=False)

    def _run_drill(self, row: Row, screen: Output) -> None:
        assert self._drill is not None
        source = self._sources[row.source]

        def say(text: str) -> None:
            self.call_from_thread(screen.add, [(printable(text), "")])

        code = deeds.run_drill(self._drill(source, row.name), source.login, say)
        say(f"exit code {code}")

    # --- filter, order, search

    def action_filter(self) -> None:
        """Type what is to be shown."""
        self._ask_for("filter", "name, state or reason; -word excludes", self._wanted)

    def action_search(self) -> None:
        """Type what is to be found in the details."""
        self._ask_for("search", "in the details", self.details.current_lines.wanted)

    def on_lines_search_wanted(self) -> None:
        """The key for it in the details."""
        self.action_search()

    def _ask_for(self, what: str, hint: str, value: str) -> None:
        self._prompt_for = what
        self.prompt.placeholder = hint
        self._asking.query_one(Label).update(what)
        self.prompt.value = value
        self._asking.add_class("shown")
        self.prompt.focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Show what matches, with each letter."""
        self._apply(event.value)

    def _apply(self, typed: str) -> None:
        if self._prompt_for == "filter":
            self._wanted = typed
            self._show()
        elif self._prompt_for == "search":
            self.details.current_lines.search(typed)
            self.details.show_log_state()

    def on_input_submitted(self) -> None:
        """It stays."""
        self._close_prompt()

    def _close_prompt(self) -> None:
        what, self._prompt_for = self._prompt_for, ""
        self._asking.remove_class("shown")
        if what == "search":
            self.details.focus_inside()
        else:
            self.table.focus()

    def action_undo(self) -> None:
        """Undo the latest: what is being typed, a search, a filter, the whole screen."""
        lines = self.details.current_lines
        if self._prompt_for:
            self._apply("")
            self._close_prompt()
        elif lines.wanted:
            lines.search("")
            self.details.show_log_state()
        elif self.screen.has_class("zoomed"):
            self.action_zoom()
        elif self._wanted:
            self._wanted = ""
            self._show()
        self.table.focus()

    def action_sort(self, step: int) -> None:
        """By the next column."""
        orders = list(rows.ORDERS)
        self._sort_by(orders[(orders.index(self._order) + step) % len(orders)])

    def action_turn_round(self) -> None:
        """The other way round."""
        self._backwards = not self._backwards
        self._show()

    def on_program_table_title_clicked(self, message: ProgramTable.TitleClicked) -> None:
        """Sort by it; by a second click, the other way round."""
        if message.order == self._order:
            self.action_turn_round()
        else:
            self._sort_by(message.order)

    def _sort_by(self, order: str) -> None:
        self._order, self._backwards = order, False
        self._show()
        self.notify(f"sorted by {'configuration' if order == 'order' else order}", timeout=2)

    # --- looking

    def action_tab(self, tab: str) -> None:
        """Open a tab of the details."""
        self.details.open(tab)

    def action_turn(self) -> None:
        """The other columns."""
        self.table.turn()

    def action_zoom(self) -> None:
        """Details over the whole screen, and back."""
        self.screen.toggle_class("zoomed")
        self.action_other_half()

    def action_other_half(self) -> None:
        """The keyboard goes to the details, or back to the table."""
        if len(self.screen_stack) > 1:
            self.screen.focus_next()
        elif self.table.has_focus or self.screen.has_class("zoomed"):
            self.details.focus_inside()
        else:
            self.table.focus()

    def action_follow(self) -> None:
        """Stay at the end of the log, or where one is."""
        self.details.log_lines.toggle_follow()
        self.details.show_log_state()

    def action_wrap(self) -> None:
        """Wrap long lines, or not."""
        self.details.current_lines.toggle_wrap()
        self.details.show_log_state()

    def action_stream(self) -> None:
        """The other stream of the log."""
        self.details.toggle_stream()

    def on_lines_moved(self) -> None:
        """The log may have stopped following."""
        self.details.show_log_state()

    def action_help(self) -> None:
        """All keys."""
        legend = Text()
        for name, style in STRIP_STYLES.items():
            if name:
                legend.append(self._glyphs.strip[name], STYLES[style])
                legend.append(f" {name}   ")
        self.push_screen(Help(legend))

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Everything by name, for the command palette."""
        for deed, told in DEEDS.items():
            about = told.effect or "Start the selected program."
            yield SystemCommand(deed.capitalize(), about, partial(self.action_do, deed))
        for order in rows.ORDERS:
            name = "configuration" if order == "order" else order
            yield SystemCommand(f"Sort by {name}", "Sort the table", partial(self._sort_by, order))
        for tab in TABS:
            about = f"Show the {tab} of the selected program"
            yield SystemCommand(tab.capitalize(), about, partial(self.action_tab, tab))
        yield SystemCommand("Help", "All keys", self.action_help)
        yield SystemCommand("Quit", "Leave; the programs go on", self.exit)
