"""Each part is restarted while it is used: what is lost?"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import httpx
from simple_websocket import Client

from trial.load import load
from trial.platform import Platform, Trouble, wait_for
from trial.steps import await_close, count_buys, expect, signal

GOING_AWAY = 1001


def restart_web(one: Platform, times: int, gentle: bool = True) -> str:
    """`watchdog restart web`: no request is refused or cut off, and nobody else is touched."""
    before = one.pids()
    said = _under_load(one, times, gentle, lambda: one.order("restart", "web"))
    changed = _compare(before, one.pids())
    expect(changed == ["web"], f"restarting web has changed {changed}")
    return f"{said}; worker, bot and Redis were left alone"


def reload_web(one: Platform, times: int, gentle: bool = True) -> str:
    """SIGHUP to gunicorn: four new workers, the same master; WebSockets are asked to come again."""
    before = one.program("web")["pid"]
    for _ in range(8):  # those that have come and gone must not be on anybody's account
        Client(f"ws://{one.place.web}/ws").close()
    connection = Client(f"ws://{one.place.web}/ws")
    said = _under_load(one, times, gentle, lambda: _reload(one))
    code = await_close(connection)
    expect(code == GOING_AWAY, f"a WebSocket was closed with {code}")
    expect(one.program("web")["pid"] == before, "gunicorn's master is another one")
    return f"{said}; a WebSocket was asked to go (1001)"


def restart_dependents(one: Platform) -> str:
    """`watchdog restart --with-dependents web` takes the worker along, and nobody else."""
    before = one.pids()
    one.order("restart", "--with-dependents", "web")
    wait_for("all programs to be ready", one.all_ready)
    changed = _compare(before, one.pids())
    expect(changed == ["web", "worker"], f"{changed} were restarted")
    return "web and worker; bot and Redis were left alone"


def restart_worker(one: Platform, times: int) -> str:
    """`watchdog restart worker` while signals come in: each is traded, once."""

    def act() -> None:
        for _ in range(times):
            one.order("restart", "worker")

    return _with_signals(one, "w", act)


def restart_redis(one: Platform) -> str:
    """`watchdog restart redis` while signals come in: what was accepted is traded."""
    return _with_signals(one, "r", lambda: one.order("restart", "redis"))


def restart_bot(one: Platform) -> str:
    """`watchdog restart bot`: what was written meanwhile is answered, and never do two poll."""
    updates: list[int] = []
    writing = threading.Thread(target=lambda: updates.extend(_write(one, 8)))
    writing.start()
    one.order("restart", "bot")
    writing.join()
    for update in updates:
        expect(one.sandbox.wait_for_replies(update, timeout=30), "a message was not answered")
    return f"{len(updates)} messages, all answered"


def _compare(before: dict[str, int], after: dict[str, int]) -> list[str]:
    """Whose process is another one."""
    return sorted(name for name in before if before[name] != after[name])


def _under_load(one: Platform, times: int, gentle: bool, act: Callable[[], None]) -> str:
    with load(one.place, gentle) as tally:
        time.sleep(0.5)
        for _ in range(times):
            act()
        time.sleep(0.5)
    expect(tally.requests > 100, f"only {tally.requests} requests were answered")
    if tally.failures:
        raise Trouble(f"{tally.failures} of {tally.requests} failed:\n" + "".join(tally.reports))
    return f"{times} times; {tally.requests} requests, 0 refused or failed"


def _reload(one: Platform) -> None:
    """Done when none of the workers of before is left."""
    master = one.program("web")["pid"]
    before = _workers(master)
    one.order("reload", "web")
    wait_for("new workers", lambda: len(now := _workers(master)) == 4 and not now & before)


def _workers(master: int) -> set[int]:
    """The pids of gunicorn's workers."""
    text = Path(f"/proc/{master}/task/{master}/children").read_text()
    return set(map(int, text.split()))


def _with_signals(one: Platform, part: str, act: Callable[[], object]) -> str:
    over, sent = threading.Event(), list[str]()
    sending = threading.Thread(target=_send_signals, args=(one, part, over, sent))
    sending.start()
    try:
        act()
    finally:
        over.set()
        sending.join()
    wait_for("all programs to be ready", one.all_ready)
    wait_for(
        f"{len(sent)} signals to be traded",
        lambda: count_buys(one, f"signal-{part}-") == len(sent),
        120,
    )
    return f"{len(sent)} signals accepted meanwhile, all traded, none twice"


def _send_signals(one: Platform, part: str, over: threading.Event, sent: list[str]) -> None:
    number = 0
    while not over.wait(0.1):
        job, number = f"{part}-{number}", number + 1
        try:
            signal(one, job)
        except httpx.HTTPError:
            continue  # not accepted, so nothing was promised
        sent.append(job)


def _write(one: Platform, count: int) -> list[int]:
    updates = []
    for _ in range(count):
        updates.append(one.sandbox.send("/start"))
        time.sleep(0.2)
    return updates
