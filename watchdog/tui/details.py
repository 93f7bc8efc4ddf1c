"""The lower half: what is known of the selected program, in tabs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widgets import OptionList, Static, TabbedContent, TabPane
from textual.widgets.option_list import Option

from watchdog.tui import telling
from watchdog.tui.follower import Follower, Stream
from watchdog.tui.glyphs import Glyphs
from watchdog.tui.lines import Lines
from watchdog.tui.rows import Row
from watchdog.tui.sources import Detail, Source, Wanted
from watchdog.tui.wording import printable

TABS = ("log", "incidents", "probes", "environment", "processes")
_NOTHING = {
    "log": "It has written nothing yet.",
    "story": "No incident of it is kept.",
    "probes": "No probe of it has come back yet.",
    "environment": "",
    "processes": "It has no process.",
}


class Details(Vertical):
    """Shows one program; says what it wants to know."""

    class Asked(Message):
        """What is to be looked up has changed."""

    class IncidentChosen(Message):
        """A person looks at an incident."""

        def __init__(self, id: str) -> None:
            super().__init__()
            self.id = id

    class LogGrew(Message):
        """There are lines to take."""

    def __init__(self, glyphs: Glyphs, sources: Sequence[Source]) -> None:
        super().__init__(id="details")
        self._glyphs = glyphs
        self._sources = sources
        self._row: Row | None = None
        self._follower: Follower | None = None
        self._stream: Stream = "stdout"
        self._listed: list[dict[str, Any]] = []
        self._told = ""  # the incident whose story is shown

    def compose(self) -> ComposeResult:
        """The tabs, all with lines of text."""
        with TabbedContent(initial="log"):
            with TabPane("1 Log", id="log"):
                yield Static(id="log-state", markup=False)
                yield Lines("log-lines", wrap=True, follow=True)
            with TabPane("2 Incidents", id="incidents"), Horizontal():
                yield OptionList(id="incident-list", markup=False)
                yield Lines("story-lines")
            for name in TABS[2:]:
                with TabPane(f"{TABS.index(name) + 1} {name.capitalize()}", id=name):
                    yield Lines(f"{name}-lines", wrap=name != "processes")

    def on_mount(self) -> None:
        """What is said where there is nothing."""
        for name, text in _NOTHING.items():
            self.query_one(f"#{name}-lines", Lines).nothing = text

    # --- which program, which tab

    @property
    def tab(self) -> str:
        """The tab that is open."""
        return self.query_one(TabbedContent).active

    def open(self, tab: str) -> None:
        """Open a tab."""
        self.query_one(TabbedContent).active = tab

    @property
    def wanted(self) -> Wanted | None:
        """What is to be looked up for what is shown."""
        if self._row is None or self.tab not in TABS[1:]:
            return None
        return Wanted(self.tab, self._row.name)

    def show(self, row: Row | None) -> None:
        """Show another program, or none."""
        self._row = row
        for lines in self.query(Lines):
            lines.clear()
        self._listed, self._told = [], ""
        self.query_one(OptionList).clear_options()
        self._follow()
        self.post_message(self.Asked())

    def on_unmount(self) -> None:
        """Follow no more."""
        self.end()

    def end(self) -> None:
        """The same, for now."""
        if self._follower is not None:
            self._follower.end()
            self._follower = None

    def focus_inside(self) -> None:
        """Let the keyboard scroll what is open."""
        if self.tab == "incidents":
            self.query_one(OptionList).focus()
        else:
            self.current_lines.focus()

    @property
    def current_lines(self) -> Lines:
        """The lines of the open tab."""
        name = "story" if self.tab == "incidents" else self.tab
        return self.query_one(f"#{name}-lines", Lines)

    def on_tabbed_content_tab_activated(self) -> None:
        """Another tab wants to know something else."""
        self._follow()
        self.post_message(self.Asked())

    # --- the log

    @property
    def log_lines(self) -> Lines:
        """The log's."""
        return self.query_one("#log-lines", Lines)

    def toggle_stream(self) -> None:
        """Output or error output."""
        self._stream = "stdout" if self._stream == "stderr" else "stderr"
        self.log_lines.clear()
        self.end()
        self._follow()

    def _follow(self) -> None:
        """Follow the log while its tab is open, and nothing else."""
        self.end()
        if self._row is not None and self.tab == "log":
            source = self._sources[self._row.source]
            self._follower = Follower(source, self._row.name, self._stream, self._announce)
            self._follower.start()
        self.show_log_state()

    def _announce(self) -> None:
        """Called by the follower's thread."""
        self.post_message(self.LogGrew())

    def on_details_log_grew(self) -> None:
        """Take what was written."""
        if self._follower is None or not self.is_attached:
            return
        taken, anew = self._follower.take()
        if anew:
            self.log_lines.clear()
        if taken:
            self.log_lines.add([(printable(line), "") for line in taken])
        self.show_log_state()

    def show_log_state(self) -> None:
        """One line: which stream, followed or not, wrapped or not, what was searched."""
        lines = self.log_lines
        parts = [
            "error output" if self._stream == "stderr" else "output",
            "following" if lines.follow else "standing still (f follows)",
            "wrapped" if lines.wrap else "not wrapped",
        ]
        if lines.wanted:
            parts.append(f"{len(lines.matches())} lines with {lines.wanted!r} (n, N)")
        if self._follower is not None and self._follower.trouble:
            parts.append(self._follower.trouble)
        self.query_one("#log-state", Static).update(", ".join(parts))

    # --- what was looked up

    def take(self, detail: Detail) -> None:
        """Show it, if it is still what is wanted."""
        if detail.wanted != self.wanted:
            return
        if detail.error:
            self.current_lines.set([(detail.error, "bad")])
        elif detail.wanted.kind == "incidents":
            self._list(detail.value)
        elif detail.wanted.kind == "probes":
            self.current_lines.set(telling.probe_lines(detail.value))
        elif detail.wanted.kind == "environment":
            self.current_lines.set(telling.environment_lines(detail.value))
        else:
            self.current_lines.set(telling.process_lines(detail.value, self._glyphs.ascii))

    def _list(self, listed: list[dict[str, Any]]) -> None:
        if listed == self._listed:
            return
        options = self.query_one(OptionList)
        new = [line["id"] for line in listed] != [line["id"] for line in self._listed]
        self._listed = listed
        if new:
            options.clear_options()
            options.add_options([Option(telling.incident_title(one), one["id"]) for one in listed])
            options.highlighted = 0 if listed else None
            return
        for one in listed:
            options.replace_option_prompt(one["id"], telling.incident_title(one))

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """Its story is wanted."""
        if event.option.id is not None and event.option.id != self._told:
            self._told = event.option.id
            self.post_message(self.IncidentChosen(self._told))

    def tell_incident(self, incident: dict[str, Any]) -> None:
        """Its story and evidence came."""
        if incident.get("id") == self._told:
            self.query_one("#story-lines", Lines).set(telling.incident_lines(incident))
