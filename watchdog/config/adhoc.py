"""The configuration of `watchdog run [OPTIONS] -- COMMAND`, which has no file.

The options come as a table in the shape of [programs.NAME] and are read by the same schema. The
same command in the same directory gets the same state directory, and so meets itself.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from watchdog.config.errors import Findings, KeyPath, dotted
from watchdog.config.loading import Origin, assemble
from watchdog.config.model import Config
from watchdog.config.runs import run_state

_INTERPRETER = re.compile(r"(python|pypy)[0-9.]*(\.exe)?")
_TAKES_VALUE = ("-W", "-X")  # options of the interpreter that eat the next word
_SUFFIX = re.compile(r"\.(py|pyz|sh|exe)$")
_FLAGS: dict[KeyPath, str] = {
    ("liveness", "http"): "--http",
    ("liveness", "tcp"): "--tcp",
    ("liveness", "exec"): "--exec",
    ("restart", "when"): "--restart",
    ("restart", "then"): "--then",
    ("command",): "the command after --",
}


def build_adhoc(
    command: Sequence[str],
    options: Mapping[str, Any],
    *,
    name: str | None = None,
    environ: Mapping[str, str] | None = None,
    directory: Path | None = None,
) -> Config:
    """The configuration for one command; `ConfigError` names the flags that are wrong.

    The words of the command are taken as they are, since a shell has already read them; in the
    other values `${VAR}` is expanded, so that a token can stay out of the arguments.
    """
    environ = os.environ if environ is None else environ
    base = (directory or Path()).absolute()
    name = name or name_for(command)
    state = run_state(name, command, base, environ)
    program = {**options, "command": [word.replace("$", "$$") for word in command]}
    program["restart"] = {"then": "exit", **program.get("restart", {})}
    findings = Findings("watchdog run", name=_flag)
    return assemble(
        {"programs": {name: program}}, Origin(None, base, environ, lambda: state), findings
    )


def name_for(command: Sequence[str]) -> str:
    """A name for a command: of Python's, the module's or script's; else the executable's."""
    if not command:
        return "program"
    executable = Path(command[0]).name
    word = executable
    if _INTERPRETER.fullmatch(executable):
        word = _python_target(command[1:]) or executable
    name = re.sub(r"[^A-Za-z0-9_.-]+", "-", _SUFFIX.sub("", Path(word).name)).strip("-.")
    return "program" if name in ("", "all") else name[:64]


def _python_target(words: Sequence[str]) -> str:
    """What the interpreter is told to run; nothing for -c or none."""
    rest = iter(words)
    for word in rest:
        if word == "-m":
            return next(rest, "")
        if word == "-c":
            return ""
        if word in _TAKES_VALUE:
            next(rest, None)
        elif not word.startswith("-"):
            return word
    return ""


def _flag(path: KeyPath) -> str:
    """The flag of a key: --when-held for programs.bot.when_held."""
    inner = path[2:]
    if len(path) == 2:
        return "--name"
    return _FLAGS.get(inner) or f"--{dotted(inner).replace('_', '-')}"
