"""The same file, read by supervisor and by us, means the same. supervisor itself is the judge."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.config.supervisor_itself import (
    Refused,
    facts_of_ours,
    facts_of_supervisor,
    without_a_look,
)
from watchdog.config import ConfigError, load

__all__ = ["without_a_look"]

GALLERY = sorted((Path(__file__).parent / "gallery").glob("*.conf"))
VARIABLES = {
    "DJANGO_KEY": "no-real-key-at-all",
    "PROXY_TOKEN": "0123456789abcdef",
    "MINIO_USER": "root",
    "MINIO_PASSWORD": "made-up-password",
    "HEAP": "512",
    "TELEGRAM_BOT_TOKEN": "123456789:AAExampleExampleExampleExampleExamp",
    "WITH_BLANK": "two words",
    "WITH_DOLLAR": "a$b${HOME}",
}


@pytest.fixture(autouse=True)
def surroundings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, without_a_look: None) -> None:
    """The variables that the files use; supervisord would be started in this directory."""
    for name, value in VARIABLES.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)


def ours(path: Path) -> Any:
    """What we read."""
    return facts_of_ours(load(path, os.environ))


def test_there_are_enough_files() -> None:
    """At least fifteen typical configurations are compared."""
    assert len(GALLERY) >= 15


@pytest.mark.parametrize("path", GALLERY, ids=lambda path: path.stem)
def test_a_typical_file(path: Path) -> None:
    """A file as other projects document it loads unchanged, and means what supervisor reads."""
    assert ours(path) == facts_of_supervisor(path)


def _pick(*texts: str) -> st.SearchStrategy[str]:
    return st.sampled_from(texts)


KEYS: dict[str, st.SearchStrategy[str]] = {
    "process_name": _pick(
        "%(program_name)s", "%(group_name)s-%(process_num)02d", "x%(process_num)d"
    ),
    "numprocs": _pick("1", "2", "3", "%(ENV_HEAP)s", "two"),
    "numprocs_start": _pick("0", "1", "7"),
    "directory": _pick("/srv", "sub/dir", "%(here)s/x", "/srv/%(process_num)d"),
    "umask": _pick("022", "77", "0o7", "9"),
    "priority": _pick("1", "10", "999", "-1", "1.5"),
    "autostart": _pick("true", "no", "ON", "0", "maybe"),
    "autorestart": _pick("true", "false", "unexpected", "Unexpected", "1", "never"),
    "startsecs": _pick("0", "1", "10", " 5", "1s"),
    "startretries": _pick("0", "3", "100"),
    "exitcodes": _pick("0", "0,2", "", "0, 1", "256", "a"),
    "stopsignal": _pick("TERM", "hup", "SIGINT", "9", "USR1", "NOPE", "QUIT "),
    "stopwaitsecs": _pick("0", "10", "600"),
    "stopasgroup": _pick("true", "false"),
    "killasgroup": _pick("true", "false"),
    "user": _pick("root", "0", "nobody"),
    "redirect_stderr": _pick("true", "false"),
    "stdout_logfile": _pick("NONE", "auto", "/var/log/%(program_name)s.log", "rel.log", "off"),
    "stdout_logfile_maxbytes": _pick("0", "10MB", "1gb", "10 KB", "5XB"),
    "stdout_logfile_backups": _pick("0", "3", "x"),
    "stderr_logfile": _pick("NONE", "AUTO", "/var/log/%(process_num)s.err"),
    "environment": _pick(
        'A="1",B="two words"',
        "A=1,B=2",
        "PATH=/a/b:/c,N=%(process_num)d",
        "KEY='with, comma'",
        "H=%(ENV_HOME)s",
        "A=",
        "=x",
        'A="%(ENV_WITH_DOLLAR)s"',
        "A=1;B=2",
        "A=1,\n  B=3",
        'A="%%d"',
    ),
    "unknown_key": _pick("whatever", "%(nothing)s"),
}
COMMANDS = _pick(
    "/bin/cat",
    "sh -c 'exec sleep 1' ; a comment",
    "cat  %(program_name)s\\ x",
    'echo "a # b" c;d',
    "x %(ENV_WITH_BLANK)s --key=%(ENV_PROXY_TOKEN)s",
    "x $HOME ${HOME} %(ENV_WITH_DOLLAR)s",
    "long\n  line of\n  words",
    "%(here)s/bin/x %(host_node_name)s %(group_name)s",
    "date +%%s",
    "date +%H",
)


@st.composite
def files(draw: st.DrawFn) -> str:
    """A file of up to three programs, some of them in a group, most of it well formed."""
    names = draw(st.lists(_pick("web", "worker", "beat"), min_size=1, max_size=3, unique=True))
    lines = [
        "[supervisord]",
        *draw(st.lists(_pick("environment=G=1,A=0", "nodaemon=true"), max_size=1)),
    ]
    for name in names:
        lines += [f"[program:{name}]", f"command={draw(COMMANDS)}"]
        for key in draw(st.lists(_pick(*KEYS), max_size=5, unique=True)):
            assign = draw(_pick("=", " = ", ": "))
            lines.append(f"{key}{assign}{draw(KEYS[key])}{draw(_pick('', ' ; note', ' # note'))}")
    if draw(st.booleans()):
        members = draw(st.lists(_pick(*names, "other"), min_size=1, max_size=2, unique=True))
        lines += ["[group:team]", f"programs={', '.join(members)}"]
        lines += draw(st.lists(_pick("priority=5"), max_size=1))
    return "\n".join(lines) + "\n"


@settings(
    max_examples=100,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),  # what fails is short as it is
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(text=files())
def test_any_file(text: str, tmp_path: Path) -> None:
    """What supervisor takes we take, with the same meaning; what it refuses we refuse."""
    path = tmp_path / "any.conf"
    path.write_text(text)
    try:
        theirs = facts_of_supervisor(path)
    except (Refused, ValueError):
        theirs = None
    try:
        found = ours(path)
    except ConfigError:
        found = None
    assert found == theirs, text
