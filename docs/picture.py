"""Draws the picture of the README: `watchdog demo` in a real terminal (tmux), to docs/demo.svg.

    python -m docs.picture

Nothing is staged: the picture is the screen a moment before the last fault, and the table at the
end follows below it.
"""

from __future__ import annotations

import io
import subprocess
import sys
import time
from pathlib import Path

SESSION = "watchdog-picture"
WIDTH, HEIGHT = 100, 30
LONGEST = 90.0
"""Seconds; the demo promises to end within a minute."""


def main() -> int:
    """Run the demo, keep its busiest screen and its last, and draw both."""
    command = f"{sys.executable} -m watchdog demo; tmux wait-for -S {SESSION}; sleep 5"
    size = ["-x", str(WIDTH), "-y", str(HEIGHT)]
    tmux("new-session", "-d", "-s", SESSION, *size, command)
    try:
        live = wait_for("✓ Deaf")
        table = wait_for("promises held")
    finally:
        tmux("kill-session", "-t", SESSION)
    draw(f"{live.rstrip()}\n\n{table.strip()}", Path(__file__).with_name("demo.svg"))
    return 0


def wait_for(words: str) -> str:
    """The screen, with its colours, once it shows these words."""
    deadline = time.monotonic() + LONGEST
    while time.monotonic() < deadline:
        if words in tmux("capture-pane", "-p", "-t", SESSION):
            return tmux("capture-pane", "-e", "-p", "-t", SESSION)
        time.sleep(0.2)
    raise SystemExit(f"the demo never showed {words!r}")


def tmux(*words: str) -> str:
    """What one tmux command prints."""
    return subprocess.run(["tmux", *words], capture_output=True, text=True, check=True).stdout


def draw(screen: str, path: Path) -> None:
    """Turn the terminal's own colours into a picture."""
    from rich.console import Console
    from rich.text import Text

    console = Console(record=True, width=WIDTH, file=io.StringIO())
    console.print(Text.from_ansi(screen))
    console.save_svg(str(path), title="watchdog demo")


if __name__ == "__main__":
    sys.exit(main())
