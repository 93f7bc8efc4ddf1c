"""The evidence of living processes, in the time there is: what the kernel tells, and py-spy.

Whatever becomes of it, an answer comes in time: the core's kill waits for nobody beyond that. What
is there by then is kept.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from collections.abc import Awaitable, Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

if sys.platform == "linux":
    from watchdog.incidents import kernel_linux as kernel
else:
    from watchdog.incidents import kernel_other as kernel

MOST_PROCESSES = 12  # of a tree; a fork bomb must not fill the evidence
MOST_STACKS = 4  # processes whose Python stacks are taken
MOST_BYTES = 2**20  # of one such
LOOK = 0.06  # seconds over which the use of CPU is measured: six of the kernel's ticks

Run = Callable[[Sequence[str], int], Awaitable[bytes]]
"""Run a command, and keep so many bytes of what it prints. OSError: it cannot run."""


async def examine(pids: Sequence[int], within: float, run: Run) -> list[dict[str, Any]]:
    """What is seen of each process, the leader first."""
    pids = pids[:MOST_PROCESSES]
    before = {pid: kernel.cpu_seconds(pid) for pid in pids}
    loop = asyncio.get_running_loop()
    began = loop.time()
    wanted = [pid for pid in pids if kernel.is_python(pid)][:MOST_STACKS] if find_spy() else []
    spies = {pid: loop.create_task(spy_on(pid, run)) for pid in wanted}
    sockets = kernel.read_sockets(pids[0]) if pids else {}
    seen = [kernel.describe(pid, sockets) for pid in pids]
    look = loop.create_task(asyncio.sleep(min(LOOK, within / 2)))
    left = within - (loop.time() - began)
    _, late = await asyncio.wait([look, *spies.values()], timeout=max(left, 0.0))
    passed = max(loop.time() - began, 1e-3)
    for task in late:
        task.cancel()
    for entry in seen:
        spy = spies.get(entry["pid"])
        entry["stacks"] = spy.result() if spy is not None and spy not in late else []
        used = kernel.cpu_seconds(entry["pid"]) - before[entry["pid"]]
        entry["cpu_share"] = round(max(used, 0.0) / passed, 2)
    return seen


def outline(pid: int) -> dict[str, Any]:
    """One process, as far as it can be told at once: of what `examine` tells, what costs little."""
    return kernel.outline(pid)


def catches(pid: int, name: str) -> bool:
    """Whether a process has a handler for a signal; one that has none would die of it."""
    return kernel.catches(pid, signal.Signals[f"SIG{name.removeprefix('SIG')}"])


async def spy_on(pid: int, run: Run) -> list[dict[str, Any]]:
    """The stacks of every thread of a Python process, innermost frame first; empty for others."""
    command = (find_spy(), "dump", "--json", "--pid", str(pid))
    with contextlib.suppress(OSError, KeyError, TypeError, msgspec.MsgspecError):
        printed = await run(command, MOST_BYTES)
        return [thread_of(thread) for thread in msgspec.json.decode(printed)]
    return []


def thread_of(thread: dict[str, Any]) -> dict[str, Any]:
    """What is kept of a thread: no variables, which may hold secrets."""
    frames = [
        {"function": frame["name"], "file": frame["filename"], "line": frame["line"]}
        for frame in thread["frames"]
    ]
    return {
        "name": thread.get("thread_name") or "",
        "running": bool(thread.get("active")),
        "has_gil": bool(thread.get("owns_gil")),
        "frames": frames,
    }


@cache
def find_spy() -> str:
    """Where py-spy is: beside this interpreter, or on the path; empty if it is not installed."""
    import shutil  # it loads every compression there is, and once is enough

    beside = Path(sys.executable).with_name("py-spy")
    return str(beside) if beside.is_file() else shutil.which("py-spy") or ""
