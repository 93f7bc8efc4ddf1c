"""One door: start the bot from here, and note how that ended. `python -m trial.door NAME`.

The doors are the places from which a bot is started by mistake. `MIMIC_DOOR_BOT` says which bot:
ours, or one without a lock, to see the difference.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from mimic.settings import read_settings

OURS = ("run_bot.py",)
BARE = ("-m", "trial.bare")
BOT = "MIMIC_DOOR_BOT"


def start(name: str) -> None:
    """Open the door, and leave it: what a program does that also starts a bot."""
    subprocess.Popen([sys.executable, "-m", "trial.door", name], stdin=subprocess.DEVNULL)


def main(name: str) -> int:
    """Run the bot; a document tells that it runs, and later how it ended."""
    report = places_of(read_settings().state) / f"{name}-{os.getpid()}.json"
    write(report, {"door": name, "code": None, "said": ""})
    words = BARE if os.environ.get(BOT) == "bare" else OURS
    done = subprocess.run([sys.executable, *words], capture_output=True, text=True)
    said = (done.stderr.strip().splitlines() or [""])[-1]
    write(report, {"door": name, "code": done.returncode, "said": said})
    return done.returncode


def places_of(state: Path) -> Path:
    """Where the doors' documents are."""
    place = state / "doors"
    place.mkdir(parents=True, exist_ok=True)
    return place


def write(path: Path, document: dict[str, object]) -> None:
    """Replace it in one go: it is read meanwhile."""
    draft = path.with_suffix(".part")
    draft.write_text(json.dumps(document))
    draft.replace(path)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
