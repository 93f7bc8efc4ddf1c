"""The command: its options, what must be installed, its exit codes, and that it always cleans up.

Exit codes: 0 all promises held, 1 one was broken, 78 something is not installed, 128 + N left by
signal N (so 130 for Ctrl-C).
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from watchdog.demo.play import Play
    from watchdog.demo.screens import Screen
    from watchdog.demo.stage import Stage

HELD, FAILED, NOT_INSTALLED = 0, 1, 78
_NEEDED = {"telegram.ext": "python-telegram-bot", "rich": "rich"}
_LOG_LINES = 12
_SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP")


class Left(BaseException):
    """The viewer leaves. No Exception: nothing on the way out may take it for a fault."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


class Exits:
    """Turns the first signal into Left, while armed; one that comes earlier is remembered, and on
    the way out they change nothing any more."""

    def __init__(self) -> None:
        self._armed = False
        self._heard = 0

    def watch(self) -> None:
        """Hear Ctrl-C, SIGTERM and a terminal that is closed."""
        for name in _SIGNALS:
            if hasattr(signal, name):  # Windows has no SIGHUP
                signal.signal(getattr(signal, name), self._hear)

    def arm(self) -> None:
        """From now on there is something to clear away, and somebody who does it."""
        self._armed = True
        if self._heard:
            self._leave()

    def disarm(self) -> None:
        """The way out is taken."""
        self._armed = False

    def _hear(self, number: int, frame: FrameType | None) -> None:
        self._heard = self._heard or number
        if self._armed:
            self._leave()

    def _leave(self) -> None:
        self._armed = False
        raise Left(self._heard)


def main(words: Sequence[str]) -> int:
    """Show the demonstration; the exit code."""
    options = _read(words)
    if obstacle := find_obstacle():
        print(f"watchdog: {obstacle}", file=sys.stderr)
        return NOT_INSTALLED
    exits = Exits()
    exits.watch()
    try:
        return _show(options, exits)
    except Left as left:
        return 128 + left.number


def find_obstacle() -> str | None:
    """Why the demonstration cannot be shown here, and what to do; None if it can."""
    missing = [package for module, package in _NEEDED.items() if not _is_installed(module)]
    if missing:
        return (
            f"the demonstration needs {' and '.join(missing)}, which this Python does not have;\n"
            'install the extra `all`:    pip install "watchdog-supervisor[all]"'
            '    (in a checkout: pip install -e ".[all]")'
        )
    if not hasattr(signal, "SIGSTOP"):
        return "the demonstration needs Linux or another Unix: it freezes a process with SIGSTOP"
    return None


def _is_installed(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ImportError:
        return False


def _read(words: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="watchdog demo",
        description="Show and judge the main job: a polling bot on an embedded Telegram sandbox,\n"
        "killed, hung, deaf, doubled, and shut down. It needs no token and takes half a minute.",
        epilog="Exit code: 0 if every promise held, 1 if one was broken.\n\n"
        "example:\n  watchdog demo\n  watchdog demo --plain > story.txt",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "--plain", action="store_true", help="lines instead of the live view (as with NO_COLOR)"
    )
    parser.add_argument(
        "--keep", action="store_true", help="keep the temporary directory, and say where it is"
    )
    return parser.parse_args(list(words))


def _show(options: argparse.Namespace, exits: Exits) -> int:
    from watchdog.demo.screens import choose
    from watchdog.demo.stage import Stage, StageError

    screen = choose(options.plain)
    try:
        stage = Stage()
    except (StageError, OSError) as error:
        print(f"watchdog: the demonstration cannot be set up: {error}", file=sys.stderr)
        return FAILED
    return _perform(stage, screen, options.keep, exits)


def _perform(stage: Stage, screen: Screen, keep: bool, exits: Exits) -> int:
    from watchdog.demo.play import Play
    from watchdog.demo.story import Broken, tell

    play = Play(stage, screen)
    logs: dict[str, list[str]] = {}
    failure = ""
    try:
        try:
            exits.arm()
            tell(play)
        finally:
            exits.disarm()
    except Broken as broken:
        failure = str(broken)
        logs = {name: _last_lines(path) for name, path in stage.logs.items()}
    finally:
        _clear(play, keep)
    return _conclude(play, failure, logs)


def _clear(play: Play, keep: bool) -> None:
    """End everything, whatever the terminal says to that."""
    play.witness.end()
    with contextlib.suppress(OSError):  # the terminal may be gone
        play.screen.close()
    play.stage.close(keep)
    if keep:
        with contextlib.suppress(OSError):
            print(f"The files are kept in {play.stage.place}", flush=True)


def _conclude(play: Play, failure: str, logs: dict[str, list[str]]) -> int:
    from watchdog.demo.story import explain_bounds

    for name, lines in logs.items():
        play.screen.show_log(name, lines)
    held = sum(row.held for row in play.rows)
    count = len(play.rows)
    verdict = f"All {count} promises held." if held == count else f"{held} of {count} held."
    play.screen.show_verdict(play.rows, explain_bounds(), f"{failure} {verdict}".strip())
    return HELD if held == count and not failure else FAILED


def _last_lines(path: Path) -> list[str]:
    try:
        return path.read_text(errors="replace").splitlines()[-_LOG_LINES:]
    except OSError:
        return ["(it wrote nothing)"]
