"""All that is looked at, in the order in which it is told."""

from __future__ import annotations

import os
import shutil
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

from watchdog.cli.ports import Finding
from watchdog.config.errors import ConfigError
from watchdog.config.find import VARIABLE, find
from watchdog.config.loading import load
from watchdog.config.model import Config, ProgramConfig
from watchdog.doctor import above, bots, clock, copies, places, reach


def examine(given: str | None, other_package: Path | None) -> list[Finding]:
    """Every finding. `given` is the configuration that was named; without one, it is looked for."""
    findings = [
        *_examine_system(),
        clock.examine_clock(),
        *above.examine_above(),
        _judge_package(other_package),
        *above.examine_packages(),
        places.examine_locks(),
    ]
    config = _load(given, findings)
    if config is None:
        return [*findings, reach.examine_limits(1)]
    watchdog = copies.watchdog_of(config)
    return [
        *findings,
        *_examine_programs(config),
        *places.examine_state(config.state),
        reach.examine_limits(len(config.programs)),
        *reach.examine_ports(config, watchdog is not None),
        *copies.examine_copies(config, watchdog),
        *bots.examine_bots(config),
    ]


def _examine_system() -> Iterator[Finding]:
    version = ".".join(map(str, sys.version_info[:3]))
    yield Finding("python", "ok", f"Python {version} at {sys.executable}")
    if sys.platform == "linux":
        from watchdog.doctor import kernel

        yield from kernel.examine_kernel()
        yield from kernel.examine_tree()
    else:
        text = f"{sys.platform}: trees end by process group; only the lock file keeps copies away"
        yield Finding("kernel", "warning", text, "on Linux all promises hold")


def _judge_package(other: Path | None) -> Finding:
    """The package index's `watchdog` and this one cannot share an environment."""
    if other is None:
        return Finding("package", "ok", "no other package named watchdog is in the way")
    text = f"another package named watchdog (file-system events) is in {other}"
    advice = "install this one into an environment of its own: pipx install watchdog-supervisor"
    return Finding("package", "wrong", text, advice)


def _load(given: str | None, findings: list[Finding]) -> Config | None:
    """The configuration; what became of it is added to the findings."""
    try:
        path = find(given, os.environ)
    except ConfigError as error:
        level = "wrong" if given is not None or os.environ.get(VARIABLE) else "warning"
        text, _, _ = str(error).partition("; ")
        advice = "name one with -c, or write one with `watchdog init`"
        findings.append(Finding("config", level, text, advice))  # type: ignore[arg-type]
        return None
    try:
        config = load(path)
    except ConfigError as error:
        findings.append(Finding("config", "wrong", str(error), "mend it; then: watchdog check"))
        return None
    findings.append(Finding("config", "ok", f"{path} is usable"))
    return config


def _examine_programs(config: Config) -> Iterator[Finding]:
    for program in config.programs:
        if not can_be_found(program):
            text = f"{program.name}: there is no command {program.command[0]}"
            advice = "install it, or write its whole path into `command`"
            yield Finding("config", "wrong", text, advice)
    for file in {program.env_file for program in config.programs if program.env_file}:
        if file.exists() and stat.S_IMODE(file.stat().st_mode) & 0o077:
            text = f"{file}, which may hold secrets, can be read by others"
            yield Finding("config", "warning", text, f"chmod 600 {file}")


def can_be_found(program: ProgramConfig) -> bool:
    """Whether there is such a command, on the path that the program will have."""
    command = program.command[0]
    if "/" in command:
        return os.access(program.directory / command, os.X_OK)
    path = program.environment.get("PATH", os.environ.get("PATH", os.defpath))
    return shutil.which(command, path=path) is not None
