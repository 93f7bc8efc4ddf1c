"""Long text in lines: scrolled, wrapped or not, searched, and following its end if wanted.

For logs above all, so only the lines that are seen are drawn, and adding one costs little.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import ClassVar

from rich.cells import cell_len, chop_cells
from rich.segment import Segment
from rich.style import Style
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from watchdog.tui.paint import STYLES

MOST = 5000  # lines that are kept

Line = tuple[str, str]  # text, style
Piece = tuple[int, str]  # the number of a line, and as much of it as fits


class Lines(ScrollView, can_focus=True):
    """Shows lines of text."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "search", "Search", show=False),
        Binding("n", "seek(1)", "Next match", show=False),
        Binding("N", "seek(-1)", "Last match", show=False),
    ]

    class SearchWanted(Message):
        """A person wants to search here."""

    class Moved(Message):
        """A person scrolled or searched: whoever shows the state of it looks again."""

    def __init__(self, id: str, wrap: bool = True, follow: bool = False) -> None:
        super().__init__(id=id)
        self._lines: list[Line] = []
        self._pieces: list[Piece] = []  # as drawn
        self.wrap = wrap
        self.follow = follow
        self.wanted = ""
        self.nothing = ""
        self._match: int | None = None  # the line that was found last

    # --- what it shows

    def set(self, lines: Iterable[Line]) -> None:
        """Show these instead; the place stays."""
        lines = list(lines)[-MOST:]
        if lines != self._lines:
            self._lines = lines
            self._lay_out()

    def add(self, lines: list[Line]) -> None:
        """Show these, too; the oldest are given up."""
        self._lines += lines
        over = len(self._lines) - MOST
        if over > 0:
            del self._lines[:over]
            self._match = None if self._match is None else max(0, self._match - over)
            self._lay_out()
            return
        width = self._width()
        begin = len(self._lines) - len(lines)
        for number, (text, _) in enumerate(lines, begin):
            self._pieces += cut(number, text, width, self.wrap)
        self._measure()

    def clear(self) -> None:
        """Show nothing."""
        self._match = None
        self.set(())
        self.scroll_to(0, 0, animate=False)

    def toggle_wrap(self) -> None:
        """Wrap long lines, or let them be scrolled to."""
        self.wrap = not self.wrap
        self.scroll_to(x=0, animate=False)
        self._lay_out()

    def toggle_follow(self) -> None:
        """Stay at the end as it grows, or where one is."""
        self.follow = not self.follow
        self._measure()

    # --- searching

    def search(self, wanted: str) -> int:
        """Mark all that has this text, go to the last; how many lines have it."""
        self.wanted = wanted.lower()
        found = self.matches()
        self._match = None
        if found:
            self._go_to(found[-1])
        self.refresh()
        return len(found)

    def matches(self) -> list[int]:
        """The lines that have what is searched for."""
        if not self.wanted:
            return []
        return [n for n, (text, _) in enumerate(self._lines) if self.wanted in text.lower()]

    def action_search(self) -> None:
        """Ask for what to search."""
        self.post_message(self.SearchWanted())

    def action_seek(self, step: int) -> None:
        """The next or the last line that was found; around the end."""
        found = self.matches()
        if not found:
            return
        at = self._match if self._match is not None else -1
        later = [n for n in found if n > at]
        earlier = [n for n in found if n < at]
        if step > 0:
            self._go_to(later[0] if later else found[0])
        else:
            self._go_to(earlier[-1] if earlier else found[-1])
        self.refresh()

    def _go_to(self, line: int) -> None:
        self._match = line
        self.follow = False
        place = next((n for n, piece in enumerate(self._pieces) if piece[0] == line), 0)
        self.scroll_to(y=max(0, place - self.size.height // 2), animate=False)
        self.post_message(self.Moved())

    # --- drawing

    def render_line(self, y: int) -> Strip:
        """One line of the screen."""
        base, width = self.rich_style, self.size.width
        place = y + round(self.scroll_offset.y)
        if place >= len(self._pieces):
            text = self.nothing if place == 0 else ""
            return Strip([Segment(text, base + STYLES["dim"])]).adjust_cell_length(width, base)
        number, text = self._pieces[place]
        style = base + STYLES[self._lines[number][1]]
        strip = Strip(list(self._mark(text, style, number == self._match)))
        left = round(self.scroll_offset.x)
        return strip.crop(left, left + width).adjust_cell_length(width, base)

    def _mark(self, text: str, style: Style, current: bool) -> Iterable[Segment]:
        """The text with what is searched for marked."""
        if not self.wanted:
            yield Segment(text, style)
            return
        found = style + STYLES["found"] + Style(bold=current, underline=current)
        low, at = text.lower(), 0
        while (next_ := low.find(self.wanted, at)) >= 0 and len(low) == len(text):
            yield Segment(text[at:next_], style)
            yield Segment(text[next_ : next_ + len(self.wanted)], found)
            at = next_ + len(self.wanted)
        yield Segment(text[at:], style)

    def on_resize(self) -> None:
        """Lines wrap elsewhere."""
        self._lay_out()

    def _width(self) -> int:
        return max(1, self.scrollable_content_region.width or self.size.width)

    def _lay_out(self) -> None:
        width = self._width()
        self._pieces = [
            piece
            for number, (text, _) in enumerate(self._lines)
            for piece in cut(number, text, width, self.wrap)
        ]
        self._measure()

    def _measure(self) -> None:
        longest = 0 if self.wrap else max((cell_len(piece[1]) for piece in self._pieces), default=0)
        self.virtual_size = Size(max(longest, 1), len(self._pieces))
        if self.follow:
            self.scroll_end(animate=False, immediate=True, x_axis=False)
        self.refresh()

    def on_mouse_scroll_up(self) -> None:
        """Whoever looks back does not want to be moved on."""
        self._let_go()

    def key_up(self) -> None:
        """The same by keyboard."""
        self._let_go()

    def key_pageup(self) -> None:
        """The same."""
        self._let_go()

    def key_home(self) -> None:
        """The same."""
        self._let_go()

    def key_end(self) -> None:
        """At the end of a log one follows again."""
        self.post_message(self.Moved())

    def _let_go(self) -> None:
        if self.follow:
            self.follow = False
            self.post_message(self.Moved())


def cut(number: int, text: str, width: int, wrap: bool) -> list[Piece]:
    """A line in pieces that fit. Pure."""
    if not wrap or (len(text) <= width and text.isascii()) or cell_len(text) <= width:
        return [(number, text)]
    return [(number, part) for part in break_up(text, width)]


def break_up(text: str, width: int) -> Iterator[str]:
    """The parts of a line: between words where that leaves no part half empty. Pure."""
    while text:
        part = chop_cells(text, width)[0]
        space = part.rfind(" ") if len(part) < len(text) and text[len(part)] != " " else -1
        if space > len(part) // 2:
            part = part[: space + 1]
        yield part
        text = text[len(part) :].removeprefix(" ") if part[-1] != " " else text[len(part) :]
