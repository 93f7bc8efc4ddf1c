"""`make say TEXT=...` and `make panic`: write to the bot as the sandbox's user, and see its answer.

python -m trial.say /status
python -m trial.say --panic
"""

from __future__ import annotations

import sys
import time

from bot.sandbox import SandboxClient, SandboxError
from trial.place import Place, usual_place

QUIET = 3.0  # seconds without another message: that was all
PATIENCE = 15.0


def main(words: list[str]) -> int:
    """Send the words; 1 if nothing is answered."""
    place = usual_place()
    text = f"/panic_close_all {place.code()}" if words == ["--panic"] else " ".join(words)
    try:
        answers = talk(place, text)
    except SandboxError as error:
        print(f"mimic: {error}; is it running? Start it with `make`.", file=sys.stderr)
        return 1
    print("\n".join(answers) or "(no answer)")
    return 0 if answers else 1


def talk(place: Place, text: str) -> list[str]:
    """What the bot says to a text, message by message, until it is silent for a moment."""
    sandbox = SandboxClient(place.sandbox)
    update = sandbox.send(text)
    end, seen = time.monotonic() + PATIENCE, 0
    while time.monotonic() < end:
        wait = QUIET if seen else PATIENCE
        found = sandbox.wait_for_replies(update, count=seen + 1, timeout=wait)
        if len(found) == seen:
            break
        seen = len(found)
    return [str(message.get("text", "")) for message in sandbox.wait_for_replies(update, timeout=0)]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
