"""The table of programs: a widget that draws only the lines that are seen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from watchdog.tui import columns
from watchdog.tui.columns import HISTORY_FIRST, REASON_FIRST, Moment, Placed
from watchdog.tui.glyphs import Glyphs
from watchdog.tui.paint import segments_of
from watchdog.tui.rows import Key, Row

MARGIN = 2  # columns of the cursor


class ProgramTable(ScrollView, can_focus=True):
    """Shows rows; the cursor stays on its program however they are sorted."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", "Up", show=False),
        Binding("down", "move(1)", "Down", show=False),
        Binding("pageup", "page(-1)", "Page up", show=False),
        Binding("pagedown", "page(1)", "Page down", show=False),
        Binding("home", "edge(-1)", "First", show=False),
        Binding("end", "edge(1)", "Last", show=False),
    ]

    class Chosen(Message):
        """The cursor is on another program, or on none."""

    class TitleClicked(Message):
        """The title of a column that can be sorted by was clicked."""

        def __init__(self, order: str) -> None:
            super().__init__()
            self.order = order

    def __init__(self, glyphs: Glyphs, titles: Sequence[str], now: Callable[[Row], float]) -> None:
        super().__init__()
        self._glyphs = glyphs
        self._titles = titles
        self._now = now  # by the clock of the row's watchdog
        self._rows: list[Row] = []
        self._placed: list[Placed] = []
        self._at = 0
        self._order = ("order", False)
        self._gone: frozenset[int] = frozenset()
        self.reason_first = False
        self.nothing = ""  # what is said where there is no row

    @property
    def chosen(self) -> Row | None:
        """The row under the cursor."""
        return self._rows[self._at] if self._at < len(self._rows) else None

    def show(
        self, rows: list[Row], order: str, backwards: bool, gone: frozenset[int] = frozenset()
    ) -> None:
        """Show these rows; those of watchdogs that are gone are dimmed."""
        before = self.chosen.key if self.chosen else None
        self._rows, self._order, self._gone = rows, (order, backwards), gone
        self._keep_cursor(before)
        self._place()
        # No higher than it needs to be: the details have use for the room.
        self.styles.max_height = max(3, len(rows) + 2)
        self.refresh()
        if (self.chosen.key if self.chosen else None) != before:
            self.post_message(self.Chosen())

    def select(self, key: Key) -> None:
        """Put the cursor on a program."""
        for place, row in enumerate(self._rows):
            if row.key == key:
                self._move_to(place)

    def turn(self) -> None:
        """Show the other columns."""
        self.reason_first = not self.reason_first
        self._place()
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """One line of the screen."""
        base = self.rich_style
        width = self.size.width
        if y == 0:
            return self._fill(self._heading(base), base, width)
        place = y - 1 + round(self.scroll_offset.y)
        if place >= len(self._rows):
            text = f"  {self.nothing}" if place == 0 else ""
            return self._fill([Segment(text, base)], base, width)
        return self._line(place, base, width)

    def _heading(self, base: Style) -> list[Segment]:
        text = columns.draw_heading(self._placed, *self._order, self._glyphs)
        return [Segment(" " * MARGIN + text, base + Style(bold=True, dim=True))]

    def _line(self, place: int, base: Style, width: int) -> Strip:
        row = self._rows[place]
        if row.source in self._gone:
            base += Style(dim=True)
        sign = " "
        if place == self._at:
            sign = self._glyphs.cursor
            base += Style(reverse=True) if self.has_focus else Style(bold=True)
        moment = Moment(self._glyphs, self._now(row), self._titles)
        pieces = columns.draw_row(row, self._placed, moment)
        if place == self._at and self.has_focus:
            pieces = [("".join(text for text, _ in pieces), "")]
        line = [Segment(sign.ljust(MARGIN), base), *segments_of(pieces, base)]
        return self._fill(line, base, width)

    def _fill(self, line: list[Segment], base: Style, width: int) -> Strip:
        return Strip(line).adjust_cell_length(width, base)

    def _place(self) -> None:
        wanted = REASON_FIRST if self.reason_first else HISTORY_FIRST
        width = self.scrollable_content_region.width or self.size.width
        several = len(self._titles) > 1
        self._placed = columns.place(wanted, self._rows, width - MARGIN, several)
        self.virtual_size = Size(width, len(self._rows) + 1)

    def _keep_cursor(self, key: Key | None) -> None:
        places = [place for place, row in enumerate(self._rows) if row.key == key]
        self._at = places[0] if places else min(self._at, max(0, len(self._rows) - 1))

    def _move_to(self, place: int) -> None:
        place = max(0, min(place, len(self._rows) - 1))
        if place == self._at or not self._rows:
            return
        self._at = place
        self._bring_into_view()
        self.refresh()
        self.post_message(self.Chosen())

    def _bring_into_view(self) -> None:
        top, seen = round(self.scroll_offset.y), max(1, self.size.height - 1)
        if self._at < top:
            self.scroll_to(y=self._at, animate=False)
        elif self._at >= top + seen:
            self.scroll_to(y=self._at - seen + 1, animate=False)

    def action_move(self, by: int) -> None:
        """The next or the last program."""
        self._move_to(self._at + by)

    def action_page(self, by: int) -> None:
        """As many further as are seen."""
        self._move_to(self._at + by * max(1, self.size.height - 2))

    def action_edge(self, end: int) -> None:
        """The first or the last."""
        self._move_to(0 if end < 0 else len(self._rows) - 1)

    def on_resize(self) -> None:
        """Other columns fit."""
        self._place()
        self._bring_into_view()

    def on_click(self, event: events.Click) -> None:
        """On a title, or on a program."""
        if event.y == 0:
            column = columns.column_at(self._placed, event.x - MARGIN)
            if column is not None and column.order:
                self.post_message(self.TitleClicked(column.order))
            return
        place = event.y - 1 + round(self.scroll_offset.y)
        if place < len(self._rows):
            self._move_to(place)
