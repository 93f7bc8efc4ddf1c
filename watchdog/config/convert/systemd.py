"""A systemd unit (.service) as TOML. Pure."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from watchdog.config.convert.draft import Draft, literal
from watchdog.config.errors import ConfigError, Problem

_DIRECT = {"WorkingDirectory": "directory", "User": "user", "Group": "group", "UMask": "umask"}
_LIMITS = {"LimitNOFILE": "open_files", "LimitNPROC": "processes", "LimitCORE": "core"}
_HOOKS = {"ExecStartPre": "pre_start", "ExecStartPost": "post_start", "ExecStop": "pre_stop",
          "ExecStopPost": "post_exit"}  # fmt: skip
_WHEN = {"no": "never", "always": "always"}  # every other word is a kind of failure
_IGNORED = ("Description", "Documentation", "WantedBy", "NotifyAccess")
_PREFIXES = "-@:+!"
_UNITS = {"us": 1e-6, "ms": 1e-3, "s": 1, "sec": 1, "m": 60, "min": 60, "h": 3600, "hr": 3600,
          "d": 86400, "w": 604800}  # fmt: skip
_DOLLARS = re.compile(r"\$\$|\$\{\w+\}|\$")
Settings = dict[str, list[str]]


def convert(file: Path, text: str, environ: Mapping[str, str]) -> Draft:
    """The draft; `ConfigError` if the unit starts nothing."""
    settings = _read(text)
    if not settings.get("ExecStart"):
        found = "there is no ExecStart: only services can be converted"
        raise ConfigError(Problem(str(file), None, "", found))
    taken: set[str] = set()
    table = _program(settings, taken)
    name = re.sub(r"[^A-Za-z0-9_.-]", "-", file.stem).strip("-.") or "program"
    return Draft({"programs": {name: table}}, tuple(_remarks(settings, taken)))


def _read(text: str) -> Settings:
    """Every setting with its values; an empty one begins the list anew, as in systemd."""
    settings: Settings = {}
    for line in re.sub(r"\\\n\s*", " ", text).splitlines():
        key, equals, value = line.strip().partition("=")
        if not equals or line.lstrip()[:1] in "#;[":
            continue
        values = settings.setdefault(key.strip(), [])
        values[:] = [*values, value.strip()] if value.strip() else []
    return settings


def _program(settings: Settings, taken: set[str]) -> dict[str, Any]:
    def last(key: str, default: str = "") -> str:
        taken.add(key)
        return (settings.get(key) or [default])[-1]

    table: dict[str, Any] = {"command": _words(last("ExecStart"))}
    table |= {ours: literal(last(key).lstrip("-")) for key, ours in _DIRECT.items() if last(key)}
    taken.add("Environment")
    if pairs := dict(_pairs(settings.get("Environment", []))):
        table["environment"] = pairs
    if last("EnvironmentFile"):
        table["env_file"] = literal(last("EnvironmentFile").lstrip("-"))
    table["restart"] = _restart(last)
    table["stop"] = {
        "signal": last("KillSignal", "SIGTERM"),
        "grace": _seconds(last("TimeoutStopSec", "90")),
        "scope": "group" if last("KillMode", "control-group") == "control-group" else "main",
    }
    if last("WatchdogSec"):
        table["heartbeat"] = _seconds(last("WatchdogSec"))
    if last("Type") == "notify":
        table["startup"] = {"heartbeat": True, "period": "1s", "failure_threshold": 90}
    if re.fullmatch(r"\d+[KMGT]?", last("MemoryMax")):
        table["memory"] = last("MemoryMax")
    if last("RuntimeMaxSec") not in ("", "infinity"):
        table["maximum_age"] = _seconds(last("RuntimeMaxSec"))
    if hooks := {_HOOKS[key]: _hook(key, settings, last) for key in _HOOKS if _fits(key, settings)}:
        table["hooks"] = hooks
    limits = {ours: last(key) for key, ours in _LIMITS.items() if last(key).isdecimal()}
    table |= {"limits": {key: int(value) for key, value in limits.items()}} if limits else {}
    return table


def _fits(key: str, settings: Settings) -> bool:
    """A hook is one command, and what systemd itself fills in, nobody does here."""
    commands = settings.get(key, [])
    return len(commands) == 1 and "$MAINPID" not in commands[0].replace("{", "").replace("}", "")


def _hook(key: str, settings: Settings, last: Any) -> dict[str, Any]:
    command = last(key)
    starts = key.startswith("ExecStart")
    limit = last("TimeoutStartSec") if starts else last("TimeoutStopSec")
    hook: dict[str, Any] = {"command": _words(command), "timeout": _seconds(limit or "90")}
    if starts:
        careless = command[: len(command) - len(command.lstrip(_PREFIXES))].count("-")
        hook["on_failure"] = "ignore" if careless else "fail"
    return hook


def _restart(last: Any) -> dict[str, Any]:
    policy: dict[str, Any] = {"when": _WHEN.get(last("Restart", "no"), "on-failure")}
    policy["initial"] = _seconds(last("RestartSec", "0.1"))
    if last("StartLimitBurst").isdecimal():
        policy["limit"] = int(last("StartLimitBurst"))
        policy["within"] = _seconds(last("StartLimitIntervalSec", "10"))
    return policy


def _words(command: str) -> list[str]:
    """`${VAR}` means the same to us; another dollar is a dollar, `%%` a percent sign."""
    words = shlex.split(command.lstrip(_PREFIXES))
    return [_DOLLARS.sub(_dollar, word).replace("%%", "%") for word in words]


def _dollar(match: re.Match[str]) -> str:
    return "$$" if match[0] == "$" else match[0]


def _pairs(lines: list[str]) -> list[tuple[str, str]]:
    words = (word.partition("=") for line in lines for word in shlex.split(line))
    return [(name, literal(value)) for name, equals, value in words if equals]


def _seconds(text: str) -> float:
    """systemd's spans: `90`, `1min 30s`, `infinity` (a day here)."""
    if text == "infinity":
        return 86400.0
    found = re.findall(r"([\d.]+)\s*([a-z]*)", text)
    return float(sum(float(number) * _UNITS.get(unit, 1) for number, unit in found))


def _remarks(settings: Settings, taken: set[str]) -> list[str]:
    remarks = [
        f"{key}={' '.join(values)}: not carried over"
        for key, values in settings.items()
        if key not in taken and key not in _IGNORED
    ]
    if len(settings["ExecStart"]) > 1:
        remarks.append("only the last of several ExecStart is run")
    if re.search(r"%[a-zA-Z]", settings["ExecStart"][-1]):
        remarks.append("a specifier such as %i in ExecStart is not filled in: write what it means")
    return remarks
