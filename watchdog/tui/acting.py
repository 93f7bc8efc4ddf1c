"""Doing something to the selected program: the question before, the wait in a thread, the word."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from textual.app import App

from watchdog.client import Refused, Unreachable
from watchdog.tui import deeds
from watchdog.tui.deeds import DEEDS, Drill
from watchdog.tui.dialogs import Confirm, Output
from watchdog.tui.rows import Row
from watchdog.tui.sources import Source
from watchdog.tui.wording import printable

Show = Callable[[dict[str, Any]], None]


class Acting:
    """Acts on programs of the watchdogs; `app` shows what becomes of it."""

    def __init__(self, app: App[None], sources: Sequence[Source], drill: Drill | None) -> None:
        self._app = app
        self._sources = sources
        self._drill = drill

    def ask(self, deed: str, row: Row) -> None:
        """Do it; what destroys is asked once."""
        if deed == "drill" and self._drill is None:
            self._app.notify(deeds.NO_DRILL, severity="warning")
            return
        effect = DEEDS[deed].effect
        begin = partial(self._begin, deed, row)
        if not effect:
            begin(True)
            return
        self._app.push_screen(Confirm(deeds.question(deed, row), effect), begin)

    def _begin(self, deed: str, row: Row, yes: bool | None) -> None:
        if not yes:
            return
        if deed == "drill":
            screen = Output(f"watchdog drill {row.name}")
            self._app.push_screen(screen)
            self._app.run_worker(partial(self._run_drill, row, screen), thread=True)
            return
        source = self._sources[row.source]
        self._app.run_worker(partial(self._do, source, row.name, deed), thread=True)

    def _do(self, source: Source, name: str, deed: str) -> None:
        well, sentence = deeds.do(source, name, deed)
        severity = "information" if well else "error"
        self._app.call_from_thread(self._app.notify, sentence, severity=severity, markup=False)

    def _run_drill(self, row: Row, screen: Output) -> None:
        assert self._drill is not None
        source = self._sources[row.source]

        def say(text: str) -> None:
            self._app.call_from_thread(screen.add, [(printable(text), "")])

        code = deeds.run_drill(self._drill(source, row.name), source.login, say)
        say(f"exit code {code}")

    def fetch_incident(
        self, source: Source, id: str, show: Callable[[dict[str, Any]], None]
    ) -> None:
        """Have the evidence of an incident sent, and shown."""
        fetch = partial(self._fetch_incident, source, id, show)
        self._app.run_worker(fetch, thread=True, group="incident")

    def _fetch_incident(self, source: Source, id: str, show: Show) -> None:
        client = source.client()
        try:
            incident = client.incident(id)
        except (Unreachable, Refused) as error:
            self._app.call_from_thread(self._app.notify, str(error), severity="error")
        else:
            self._app.call_from_thread(show, incident)
        finally:
            client.close()
