"""The small screens over the view: a question before what cannot be undone, help, an output."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Button, Label, Static

from watchdog.tui.columns import STRIP_STYLES
from watchdog.tui.glyphs import Glyphs
from watchdog.tui.lines import Line, Lines
from watchdog.tui.paint import STYLES

HELP = (
    ("Programs", ""),
    ("up down home end", "choose a program (or click it)"),
    ("s", "start it"),
    ("x", "stop it"),
    ("r", "restart it"),
    ("k", "kill it (SIGKILL to its main process)"),
    ("d", "drill it: rehearse its failures"),
    ("/", "filter by name, state, reason; -word excludes"),
    ("o  O", "sort by the next column; turn the order round"),
    ("v", "reason and pid instead of the timeline"),
    ("Details", ""),
    ("1 2 3 4 5", "log, incidents, probes, environment, processes"),
    ("tab", "go there (and back)"),
    ("enter", "details over the whole screen (and back)"),
    ("f", "log: follow its end, or stay"),
    ("w", "log: wrap long lines, or not"),
    ("e", "log: error output, or output"),
    ("ctrl+f", "search in the details; n and N: next, last"),
    ("View", ""),
    ("ctrl+p", "all commands by name"),
    ("escape", "undo a filter or a search, close this"),
    ("q", "quit"),
    ("Timeline", ""),
)


class Confirm(ModalScreen[bool]):
    """Asks once; true if it is to be done."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "answer(True)", "Yes"),
        Binding("n,escape,q", "answer(False)", "No"),
        Binding("left,right", "app.focus_next", show=False),
    ]

    def __init__(self, question: str, effect: str) -> None:
        super().__init__()
        self._question = question
        self._effect = effect

    def compose(self) -> ComposeResult:
        """The question, what it means, and two buttons."""
        with Vertical(classes="dialog"):
            yield Label(self._question, classes="question", markup=False)
            yield Label(self._effect, markup=False)
            with Horizontal(classes="buttons"):
                yield Button("Yes (y)", id="yes", variant="error", compact=True)
                yield Button("No (n)", id="no", compact=True)

    def on_mount(self) -> None:
        """Enter alone does no harm."""
        self.query_one("#no").focus()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """A click, or enter."""
        self.dismiss(event.button.id == "yes")

    def action_answer(self, yes: bool) -> None:
        """By key."""
        self.dismiss(yes)


class Help(ModalScreen[None]):
    """All keys."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,question_mark,q,enter", "dismiss", "Close")
    ]

    def __init__(self, glyphs: Glyphs) -> None:
        super().__init__()
        self._glyphs = glyphs

    def compose(self) -> ComposeResult:
        """A line for each key."""
        text = Text()
        for key, meaning in HELP:
            text.append(f"{key:<18}" if meaning else f"{key}\n", style="bold")
            text.append(f"{meaning}\n" if meaning else "")
        with VerticalScroll(classes="dialog help"):
            yield Static(text + self._legend(), markup=False)

    def _legend(self) -> Text:
        """The signs of the timeline."""
        legend = Text()
        for name, style in STRIP_STYLES.items():
            if name:
                legend.append(self._glyphs.strip[name], STYLES[style])
                legend.append(f" {name}   ")
        return legend


class Output(ModalScreen[None]):
    """What a command prints, as it comes."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q", "dismiss", "Close")]

    def __init__(self, title: str) -> None:
        super().__init__()
        self._title = title

    def compose(self) -> ComposeResult:
        """The title and the lines."""
        with Vertical(classes="dialog output"):
            yield Label(self._title, classes="question", markup=False)
            yield Lines("printed", follow=True)
            yield Label("escape closes this; the command goes on", markup=False)

    def add(self, lines: list[Line]) -> None:
        """It printed these."""
        if self.is_mounted:
            self.query_one(Lines).add(lines)
