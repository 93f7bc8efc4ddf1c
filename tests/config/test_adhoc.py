"""The configuration of a command that has no file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from watchdog.config import ConfigError
from watchdog.config.adhoc import build_adhoc, name_for
from watchdog.core.model import Role


def build(
    command: list[str], directory: Path, options: dict[str, Any] | None = None, **more: Any
) -> Any:
    return build_adhoc(
        command,
        options or {},
        environ={"HOME": "/h", "T": "5:secret-half"},
        directory=directory,
        **more,
    )


@pytest.mark.parametrize(
    ("command", "name"),
    [
        (["python", "-m", "bot"], "bot"),
        (["/usr/bin/python3.11", "-u", "-X", "dev", "-m", "pkg.bot", "-m", "no"], "pkg.bot"),
        (["python", "dir/x.py"], "x"),
        (["python", "-c", "pass"], "python"),
        (["python"], "python"),
        (["./run me.sh", "x"], "run-me"),
        (["/bin/sleep", "5"], "sleep"),
        (["all"], "program"),
        (["..."], "program"),
        ([], "program"),
    ],
)
def test_a_command_has_a_name(command: list[str], name: str) -> None:
    """Python's module or script, else the executable, as far as a name may have its letters."""
    assert name_for(command) == name


def test_the_command_is_taken_as_it_is(tmp_path: Path) -> None:
    """A shell has already read the command: no dollar in it is ours; other values are expanded."""
    config = build(["echo", "${T} $$ $X"], tmp_path, {"singleton": "telegram:${T}"})
    program = config.programs[0]
    assert program.command == ("echo", "${T} $$ $X")
    assert program.singleton.key == "telegram:5"
    assert "secret-half" in program.secrets
    assert program.directory == tmp_path
    assert config.path is None


def test_the_end_of_the_command_ends_the_watchdog(tmp_path: Path) -> None:
    """Without a file `then` is exit, unless it is given; other defaults are the schema's."""
    assert build(["x"], tmp_path).programs[0].policy.restart.then == "exit"
    given = build(["x"], tmp_path, {"restart": {"then": "hold", "when": "never"}})
    assert given.programs[0].policy.restart.then == "hold"
    assert given.programs[0].policy.restart.when == "never"


def test_options_are_those_of_the_schema(tmp_path: Path) -> None:
    """A URL gives a liveness probe and the startup probe that it implies."""
    program = build(["x"], tmp_path, {"liveness": {"http": "http://h/"}}).programs[0]
    assert set(program.probes) == {Role.LIVENESS, Role.STARTUP}


def test_the_same_command_meets_itself(tmp_path: Path) -> None:
    """The state depends on the directory, the command and the name, and on nothing else."""
    (tmp_path / "other").mkdir()
    same = build(["x", "1"], tmp_path).state
    assert build(["x", "1"], tmp_path, {"memory": "5MB"}).state == same
    others = [
        build(["x", "2"], tmp_path),
        build(["x 1"], tmp_path),
        build(["x", "1"], tmp_path / "other"),
        build(["x", "1"], tmp_path, name="y"),
    ]
    assert len({same, *(config.state for config in others)}) == 5


def test_mistakes_name_the_flags(tmp_path: Path) -> None:
    """A person who typed flags is told about flags."""
    options = {"when_held": "q", "liveness": {"http": "x"}, "restart": {"when": "x"}, "memory": "x"}
    with pytest.raises(ConfigError) as caught:
        build([], tmp_path, options, name="a b")
    told = str(caught.value)
    flags = ["--when-held", "--http", "--restart", "--memory", "--name", "the command after --"]
    assert all(f"watchdog run: {flag}: " in told for flag in flags)
