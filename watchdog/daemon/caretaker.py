"""Keeps the watchdog's own house in order while it runs.

If the state directory or the control socket is removed under a running watchdog, they are made
anew; the programs never notice.
"""

from __future__ import annotations

from collections.abc import Callable

from watchdog.config import Config
from watchdog.control.server import ControlServer
from watchdog.daemon.claims import Unusable, prepare
from watchdog.daemon.statewatch import StateWatch


class Caretaker:
    """Watches the state directory, and mends what was removed from it."""

    def __init__(
        self,
        config: Config,
        server: ControlServer,
        say: Callable[[str], None],
        restore: Callable[[], None],
    ) -> None:
        self._config = config
        self._server = server
        self._say = say
        self._restore = restore  # the records, from which the next watchdog adopts
        self._watch = StateWatch(config.state, self._mend)

    def begin(self) -> None:
        """Watch from now on."""
        self._watch.begin()

    def close(self) -> None:
        """Watch no more."""
        self._watch.close()

    def _mend(self) -> None:
        if not self._config.state.exists():
            self._remake_state()
        self._restore()
        self._server.heal()

    def _remake_state(self) -> None:
        try:
            prepare(self._config.state)
        except Unusable as problem:
            self._say(str(problem))
        else:
            self._say(f"the state directory was removed; made anew at {self._config.state}")
