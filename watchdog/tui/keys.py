"""The keys of the view. The first ones stand in its last line."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

from textual.app import SystemCommand
from textual.binding import Binding

from watchdog.tui.deeds import DEEDS
from watchdog.tui.details import TABS
from watchdog.tui.rows import ORDERS

Call = Callable[[str], None]

BINDINGS = [
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


def commands(do: Call, sort_by: Call, open_tab: Call) -> Iterable[SystemCommand]:
    """What the keys do, by name, for the command palette."""
    for deed, told in DEEDS.items():
        about = told.effect or "Start the selected program."
        yield SystemCommand(deed.capitalize(), about, partial(do, deed))
    for order in ORDERS:
        name = "configuration" if order == "order" else order
        yield SystemCommand(f"Sort by {name}", "Sort the table", partial(sort_by, order))
    for tab in TABS:
        about = f"Show the {tab} of the selected program"
        yield SystemCommand(tab.capitalize(), about, partial(open_tab, tab))
