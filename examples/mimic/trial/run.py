"""`make`: the platform on a sandbox, in the foreground, until Ctrl-C."""

from __future__ import annotations

import signal
import sys

from trial.place import HOME, Place, usual_place
from trial.platform import Platform, Trouble, platform, wait_for

TEXT = """
The platform is up, {seconds:.1f} s after `watchdog run`. In another terminal, in this folder:

  make status                       what runs
  make say TEXT=/status             write to the bot, as the sandbox's user
  make panic                        /panic_close_all, with the code of this half minute
  make resume                       trade again after a panic

  web      http://{web}  with / /health /positions /metrics and the WebSocket /ws
  worker   http://127.0.0.1:{METRICS_PORT}/metrics
  bot      http://127.0.0.1:{HEALTH_PORT}/health
  logs     {state}/logs

Ctrl-C stops it, in order.
"""


def main() -> int:
    """Start it, say where it is, and wait."""
    place = usual_place()
    try:
        with platform(place) as one:
            return _stay(one, place)
    except Trouble as trouble:
        print(f"mimic: {trouble}", file=sys.stderr)
        return 1


def _stay(one: Platform, place: Place) -> int:
    # Ctrl-C reaches the watchdog, too, which then stops its programs: that is all that is needed.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    one.start_watchdog()
    assert one.watchdog is not None
    seconds = wait_for("all programs to be ready", lambda: _ready_after(one), 120)
    state = place.state.relative_to(HOME)
    print(TEXT.format(seconds=seconds, web=place.web, state=state, **place.ports), flush=True)
    return one.watchdog.wait()


def _ready_after(one: Platform) -> float | None:
    return one.uptime() if one.all_ready() else None


if __name__ == "__main__":
    sys.exit(main())
