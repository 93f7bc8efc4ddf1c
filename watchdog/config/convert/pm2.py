"""A pm2 ecosystem file as TOML: .json as it is; .js and .cjs are programs, which node runs."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from watchdog.config.convert.draft import Draft, literal
from watchdog.config.errors import ConfigError, Problem

_PRINT = "console.log(JSON.stringify(require(process.argv[1])))"
_PATIENCE = 20.0  # seconds that the file may take to be evaluated
# fmt: off
_KNOWN = frozenset({
    "name", "script", "args", "cwd", "interpreter", "node_args", "interpreter_args",
    "instances", "exec_mode", "env", "autorestart", "max_memory_restart", "max_restarts",
    "cron_restart", "min_uptime", "kill_timeout", "out_file", "output", "error_file", "error",
})
# fmt: on


def convert(file: Path, text: str, environ: Mapping[str, str]) -> Draft:
    """The draft; `ConfigError` if it has no apps, or node is needed and missing."""
    data = _evaluate(file, environ) if file.suffix in (".js", ".cjs") else _parse(file, text)
    apps = data.get("apps") if isinstance(data, dict) else data
    if not isinstance(apps, list) or not all(isinstance(app, dict) for app in apps) or not apps:
        raise ConfigError(Problem(str(file), None, "apps", "found none", "a list of apps"))
    programs: dict[str, Any] = {}
    remarks: list[str] = []
    for app in apps:
        _add(app, file.absolute().parent, programs, remarks)
    return Draft({"programs": programs}, tuple(remarks))


def _parse(file: Path, text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise ConfigError(Problem(str(file), None, "", f"no JSON: {error}")) from None


def _evaluate(file: Path, environ: Mapping[str, str]) -> Any:
    import subprocess

    try:
        done = subprocess.run(
            ["node", "-e", _PRINT, str(file.absolute())],
            capture_output=True,
            text=True,
            timeout=_PATIENCE,
            env=dict(environ),
        )
    except FileNotFoundError:
        hint = "install node, or save what it exports as ecosystem.json"
        found = "it is a program of JavaScript, and there is no node to run it"
        raise ConfigError(Problem(str(file), None, "", found, hint=hint)) from None
    except subprocess.TimeoutExpired:
        found = f"node did not finish within {_PATIENCE:g} s"
        raise ConfigError(Problem(str(file), None, "", found)) from None
    if done.returncode:
        found = f"node ended with {done.returncode}"
        raise ConfigError(Problem(str(file), None, "", found, hint="try `node` with it by hand"))
    return _parse(file, done.stdout)


def _add(app: dict[str, Any], base: Path, programs: dict[str, Any], remarks: list[str]) -> None:
    name = str(app.get("name") or Path(str(app.get("script", "program"))).stem)
    count = app.get("instances", 1)
    if not isinstance(count, int) or count < 1:
        remarks.append(f"{name}: instances = {count!r} is 1 here; write as many programs as wanted")
        count = 1
    if app.get("exec_mode") in ("cluster", "cluster_mode"):
        remarks.append(f"{name}: no cluster: its instances do not share a port")
    remarks += [f"{name}: {key}: not carried over" for key in sorted(set(app) - _KNOWN)]
    for number in range(count):
        key = name if count == 1 else f"{name}:{name}-{number}"
        extra = {} if count == 1 else {"NODE_APP_INSTANCE": str(number)}
        programs[key] = _program(app, base, extra)


def _program(app: dict[str, Any], base: Path, extra: dict[str, str]) -> dict[str, Any]:
    environment = {key: literal(str(value)) for key, value in (app.get("env") or {}).items()}
    table: dict[str, Any] = {
        "command": _command(app),
        "directory": literal(str(base / str(app.get("cwd") or ""))),
        "stop": {"signal": "INT", "grace": app.get("kill_timeout", 1600) / 1000},
        "restart": {"when": "always" if app.get("autorestart", True) else "never"},
    }
    if environment or extra:
        table["environment"] = {**environment, **extra}
    if "max_restarts" in app:
        table["restart"]["limit"] = app["max_restarts"]
    if memory := app.get("max_memory_restart"):
        table["memory"] = memory
    if schedule := app.get("cron_restart"):
        table["restart_at"] = literal(str(schedule))
    out, err = app.get("out_file", app.get("output")), app.get("error_file", app.get("error"))
    logs = {"path": literal(str(out))} if out else {}
    logs |= {"stderr": literal(str(err))} if err else {}
    return {**table, "logs": {**logs, "shared": bool(extra)}} if logs else table


def _command(app: dict[str, Any]) -> list[str]:
    script, interpreter = str(app.get("script", "")), app.get("interpreter")
    if interpreter is None:
        interpreter = {".py": "python3", ".sh": "bash"}.get(Path(script).suffix, "node")
    words = [] if interpreter == "none" else [str(interpreter)]
    words += _words(app.get("node_args", app.get("interpreter_args")))
    return [literal(word) for word in (*words, script, *_words(app.get("args")))]


def _words(value: Any) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list) else shlex.split(value or "")
