"""Who supervises us here, and which optional packages there are."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from watchdog.cli.ports import Finding

_SUPERVISORS = {
    "supervisord": "see `watchdog service supervisord`: it starts us, we start the programs",
    "runsvdir": "a run script with `exec watchdog run`",
    "s6-supervise": "a run script with `exec watchdog run`",
    "tini": "", "dumb-init": "", "docker-init": "", "catatonit": "",
}  # fmt: skip
_PACKAGES = (
    ("apprise", "alerts", "alerts cannot be sent"),
    ("textual", "tui", "there is no `watchdog top`"),
)
_CONTAINERS = ("/.dockerenv", "/run/.containerenv")


def examine_above(environ: Mapping[str, str] = os.environ) -> Iterator[Finding]:
    """Process 1, what runs above us, and whether we would be in each other's way."""
    first = _name_of(1)
    container = any(Path(mark).exists() for mark in _CONTAINERS)
    yield judge_first(first, container)
    for name in _ancestors():
        if name in _SUPERVISORS and name != first:
            yield Finding("above", "ok", f"below {name}", _SUPERVISORS[name])
    if environ.get("INVOCATION_ID") and first == "systemd":
        yield Finding("above", "ok", "started by systemd: `watchdog service systemd` has the unit")


def judge_first(first: str, container: bool) -> Finding:
    """Pure: the finding for this name of process 1."""
    where = "in a container, " if container else ""
    text = f"{where}process 1 is {first or 'hidden'}"
    if first == "systemd":
        return Finding(
            "above", "ok", text, "started at boot by: watchdog service systemd --install"
        )
    if container and first not in ("watchdog", *_SUPERVISORS):
        advice = "as process 1 of a container `watchdog run` also collects what others leave behind"
        return Finding("above", "ok", text, advice)
    return Finding("above", "ok", text)


def examine_packages() -> Iterator[Finding]:
    """What is optional, and whether stacks of a hung program can be taken."""
    for module, extra, without in _PACKAGES:
        yield judge_package(module, importlib.util.find_spec(module) is not None, extra, without)
    yield judge_stacks(_finds_py_spy(), _may_trace())


def judge_package(module: str, there: bool, extra: str, without: str) -> Finding:
    """Pure."""
    if there:
        return Finding("extras", "ok", f"{module} is installed")
    advice = f"pip install 'watchdog-supervisor[{extra}]', if that is wanted"
    return Finding("extras", "warning", f"no {module}: {without}", advice)


def judge_stacks(installed: bool, allowed: bool) -> Finding:
    """Pure: whether the stacks of a hung Python program can be taken from outside."""
    other = "or set `evidence.signal`, at which the program prints its stacks itself"
    if not installed:
        advice = f"pip install 'watchdog-supervisor[incidents]', {other}"
        return Finding("stacks", "warning", "no py-spy: incidents have no Python stacks", advice)
    if not allowed:
        text = "py-spy may not look into other processes here (kernel.yama.ptrace_scope)"
        return Finding("stacks", "warning", text, f"sysctl kernel.yama.ptrace_scope=0, {other}")
    return Finding("stacks", "ok", "py-spy is installed, and allowed for our own children")


def _finds_py_spy() -> bool:
    beside = Path(sys.executable).with_name("py-spy")
    return beside.exists() or shutil.which("py-spy") is not None


def _may_trace() -> bool:
    """Scope 1 allows tracing one's own descendants only; py-spy is not above the program."""
    try:
        scope = int(Path("/proc/sys/kernel/yama/ptrace_scope").read_text())
    except (OSError, ValueError):
        return True
    return scope == 0 or (os.geteuid() == 0 and scope < 3)


def _ancestors() -> Iterator[str]:
    import psutil

    try:
        for parent in psutil.Process().parents():
            yield parent.name()
    except psutil.Error:
        return


def _name_of(pid: int) -> str:
    import psutil

    try:
        return psutil.Process(pid).name()
    except psutil.Error:
        return ""
