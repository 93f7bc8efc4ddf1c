"""The view: the table above, the details of the selected program below, and the keys.

It holds what the watchers tell, and draws when they do: once a second. All that waits for a
watchdog waits in a thread.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import ClassVar

from rich.text import Text
from textual.app import App, ComposeResult, SystemCommand
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.filter import LineFilter, NoColor
from textual.message import Message
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Footer, Input, Label, Static

from watchdog.tui import rows, telling
from watchdog.tui.acting import Acting
from watchdog.tui.columns import Piece
from watchdog.tui.deeds import Drill
from watchdog.tui.details import Details
from watchdog.tui.dialogs import Help
from watchdog.tui.glyphs import Glyphs
from watchdog.tui.keys import BINDINGS, commands
from watchdog.tui.paint import STYLES, AsciiOnly
from watchdog.tui.rows import Row
from watchdog.tui.sources import Detail, News, Source, Watcher
from watchdog.tui.standing import Standing
from watchdog.tui.style import CSS
from watchdog.tui.table import ProgramTable

TALL = 34  # lines of a terminal from which on the details get the greater part


class Top(App[None]):
    """`watchdog top`."""

    TITLE = "watchdog top"
    CSS = CSS
    ENABLE_COMMAND_PALETTE = True
    BINDINGS: ClassVar[list[BindingType]] = [*BINDINGS]

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
        self._standing = Standing(sources)
        self._acting = Acting(self, sources, drill)
        self._watchers: list[Watcher] = []
        self._wanted = ""
        self._order, self._backwards = "order", False
        self._prompt_for = ""
        names = ("summary", "banner", "about", "reason")
        self._texts = {name: Static(id=name, markup=False) for name in names}
        titles = [source.title for source in sources]
        self.table = ProgramTable(glyphs, titles, lambda row: self._standing.now_of(row.source))
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
        if isinstance(news, Detail):
            self.details.take(news)
            return
        self._standing.take(news, time.monotonic())
        self._show_banner()
        self._show()

    def _show(self) -> None:
        known = self._standing.rows()
        shown = rows.arrange(known, self._wanted, self._order, self._backwards)
        self.table.nothing = telling.nothing(bool(known), self._wanted, self._standing)
        self.table.show(shown, self._order, self._backwards, self._standing.gone)
        self._put("summary", telling.summary(known, len(shown), self._wanted))
        self._show_about()

    def _show_about(self) -> None:
        row = self.table.chosen
        self._put("about", telling.about(row, self._standing.now_of(row.source)) if row else [])
        self._put("reason", [(telling.reason(row), "")] if row else [])

    def _tick(self) -> None:
        """While one is gone nobody else makes the clocks go on."""
        if self.is_open and self._standing.is_told:
            self._show_banner()
            self.table.refresh()
            self._show_about()

    def _show_banner(self) -> None:
        lines = self._standing.tell(time.monotonic())
        banner = self._texts["banner"]
        banner.set_class(bool(lines), "shown")
        banner.set_class(not self._standing.gone, "back")
        banner.update("\n".join(lines))

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
            source = self._sources[row.source]
            self._acting.fetch_incident(source, message.id, self.details.tell_incident)

    def action_do(self, deed: str) -> None:
        """Start, stop, restart, kill or drill the selected program."""
        if self.table.chosen is not None:
            self._acting.ask(deed, self.table.chosen)

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
        self.push_screen(Help(self._glyphs))

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Everything by name, for the command palette."""
        yield from commands(self.action_do, self._sort_by, self.action_tab)
        yield SystemCommand("Help", "All keys", self.action_help)
        yield SystemCommand("Quit", "Leave; the programs go on", self.exit)
