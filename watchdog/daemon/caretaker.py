"""Keeps the watchdog's own house in order while it runs.

If the state directory, the control socket or a record of what runs is removed or changed under a
running watchdog, it is made anew; the programs never notice.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable

from watchdog.config import Config
from watchdog.control.server import ControlServer
from watchdog.daemon.claims import Unusable, prepare
from watchdog.daemon.keeper import Keeper
from watchdog.daemon.records import Records
from watchdog.inotify import GONE, REWRITTEN, DirectoryWatch, Names


class Caretaker:
    """Watches the state directory and the records in it, and mends what was done to them."""

    def __init__(
        self,
        config: Config,
        server: ControlServer,
        say: Callable[[str], None],
        records: Records,
        keeper: Keeper,
    ) -> None:
        self._config = config
        self._server = server
        self._say = say
        self._records = records
        self._keeper = keeper
        self._house = DirectoryWatch(config.state, GONE, lambda _names: self._mend())
        self._papers = DirectoryWatch(records.directory, REWRITTEN, self._mend_records)

    def begin(self) -> None:
        """Watch from now on."""
        with contextlib.suppress(OSError):  # a full disk: the first record says so
            self._records.prepare()
        self._house.begin()
        self._papers.begin()

    def close(self) -> None:
        """Watch no more."""
        self._house.close()
        self._papers.close()

    def _mend(self) -> None:
        if not self._config.state.exists():
            self._remake_state()
        self._keeper.restore()
        self._papers.begin()  # its directory may be another by now
        self._server.heal()

    def _mend_records(self, names: Names) -> None:
        if names:
            self._keeper.restore(names)
        else:
            self._mend()

    def _remake_state(self) -> None:
        try:
            prepare(self._config.state)
        except Unusable as problem:
            self._say(str(problem))
        else:
            self._say(f"the state directory was removed; made anew at {self._config.state}")
