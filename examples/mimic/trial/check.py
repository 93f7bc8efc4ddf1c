"""`make check`: the platform, from its start to its end. Exit code 0: all was as it should be.

python -m trial.check [--times 2] [--full-load]
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable

from trial import panics, restarts, steps
from trial.place import own_place
from trial.platform import Platform, Trouble, find_left, platform

Step = Callable[[Platform], str]


def main() -> int:
    """Do every step, also after one that failed; the verdict."""
    options = _read_options()
    failed = []
    with platform(own_place()) as one:
        for title, step in list_steps(options.times, not options.full_load):
            if not _try(title, step, one):
                failed.append(title)
                if step is steps.come_up:
                    break
        for title in failed:
            print(f"FAILED: {title}")
        if failed:
            _show_logs(one)
    print("verdict: " + ("not as it should be" if failed else "all as it should be"))
    return 1 if failed else 0


def list_steps(times: int, gentle: bool) -> list[tuple[str, Step]]:
    """All of them, in order."""
    return [
        ("it comes up, in order", steps.come_up),
        ("HTTP", steps.use_http),
        ("metrics over all workers", steps.read_metrics),
        ("a WebSocket", steps.use_websocket),
        ("jobs", steps.run_jobs),
        ("cron jobs", steps.see_cron),
        ("the bot", steps.ask_bot),
        ("a panic, cut off", panics.cut_off),
        ("the next panic", panics.complete),
        ("web, reloaded under load", lambda one: restarts.reload_web(one, times, gentle)),
        ("web, restarted under load", lambda one: restarts.restart_web(one, times, gentle)),
        ("web and who depends on it", restarts.restart_dependents),
        ("the worker, restarted", lambda one: restarts.restart_worker(one, times)),
        ("Redis, restarted", restarts.restart_redis),
        ("the bot, restarted", restarts.restart_bot),
        ("nobody polled twice", count_conflicts),
        ("it ends, in order", end),
    ]


def count_conflicts(one: Platform) -> str:
    """What Telegram would have complained of."""
    seen = one.sandbox.statistics()
    steps.expect(not seen["conflicts"], f"{seen['conflicts']} conflicts")
    return f"0 conflicts in {seen['polls']} polls"


def end(one: Platform) -> str:
    """SIGTERM: the watchdog ends with 0, and nothing is left."""
    code = one.stop()
    steps.expect(code == 0, f"the watchdog ended with {code}")
    left = find_left(one.place)
    steps.expect(not left, f"still there: {left}")
    return "exit code 0, nothing is left"


def _try(title: str, step: Step, one: Platform) -> bool:
    begun = time.monotonic()
    try:
        remark, well = step(one), True
    except Exception as error:  # whatever went wrong is one failed step
        kind = "" if isinstance(error, Trouble) else f"{type(error).__name__}: "
        remark, well = f"{kind}{error}", False
    took = time.monotonic() - begun
    print(f"{'ok  ' if well else 'FAIL'} {took:5.1f} s  {title}: {remark}", flush=True)
    return well


def _show_logs(one: Platform) -> None:
    """The last lines of everything: what failed is best explained there."""
    logs = [one.place.directory / "watchdog.out", *(one.place.state / "logs").glob("*")]
    for log in sorted(logs):
        lines = log.read_text(errors="replace").splitlines()[-15:]
        print("\n".join([f"--- {log.name}", *lines]))


def _read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m trial.check", description=__doc__)
    parser.add_argument("--times", type=int, default=2, help="restarts of each part (2)")
    parser.add_argument("--full-load", action="store_true", help="wrk without pauses")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
