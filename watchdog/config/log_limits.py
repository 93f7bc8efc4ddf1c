"""What the limits of a program's logs must agree on."""

from __future__ import annotations

from typing import Any

from watchdog.config.errors import Findings
from watchdog.config.model import LogsConfig
from watchdog.config.units import format_size


def check_limits(logs: LogsConfig, path: tuple[Any, ...], findings: Findings) -> None:
    """A total that the logs alone may exceed limits nothing; two who write into one file cannot
    both know when it may be packed."""
    if logs.total:
        _check_total(logs, path, findings)
    if logs.compress and logs.shared:
        hint = "another program may still write into a file when this one packs it"
        findings.add((*path, "compress"), "found together with shared", "false", hint)


def _check_total(logs: LogsConfig, path: tuple[Any, ...], findings: Findings) -> None:
    sizes = [logs.maximum] + ([logs.stderr_maximum] if logs.stderr == "separate" else [])
    if 0 in sizes:
        hint = "a log that is never rotated has no limit"
        findings.add((*path, "total"), "found without a maximum", "a maximum above 0", hint)
    elif sum(sizes) > logs.total:
        found = f"found {format_size(logs.total)}, which the logs alone may exceed"
        allowed = f"at least maximum, of each stream: {format_size(sum(sizes))}"
        findings.add((*path, "total"), found, allowed)
