"""The units as systemd's own tools judge them, without booting anything."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from msgspec.structs import replace

from watchdog.config import load
from watchdog.config.places import default_state, state_root
from watchdog.export import systemd
from watchdog.export.subject import Subject, Surroundings, describe, split

CONFIG = """
[watchdog]
state = "/var/lib/watchdog/w"
[programs.web]
command = "sleep 1000"
directory = "/opt"
[programs.bot]
command = "sleep 1000"
directory = "/opt"
depends_on = ["web"]
"""
AT_MOST = 3.0


@pytest.fixture
def analyze() -> str:
    """systemd-analyze."""
    found = shutil.which("systemd-analyze")
    if found is None:
        pytest.skip("systemd-analyze is not installed")
    return found


def make(tmp_path: Path, user: str = "", *options: str) -> Subject:
    """A watchdog that is installed as it should be: below /opt, for the whole machine."""
    (tmp_path / "watchdog.toml").write_text(CONFIG)
    config = replace(load(tmp_path / "watchdog.toml"), path=Path("/opt/w/watchdog.toml"))
    around = Surroundings(
        command=("/bin/true",),
        python="/bin/true",
        code=("/opt/w",),
        path="/usr/bin:/bin",
        system=True,
        user=user,
        home="/var/lib/w",
        options=dict.fromkeys(options, "yes"),
    )
    return describe(config, around)


def write(tmp_path: Path, *subjects: Subject) -> list[str]:
    """The paths of the units."""
    files = {file.path: file.text for subject in subjects for file in systemd.render(subject)}
    for path, text in files.items():
        (tmp_path / Path(path).name).write_text(text.replace("/opt/w\n", "/opt\n"))
    return [str(tmp_path / Path(path).name) for path in files]


def verify(analyze: str, units: list[str]) -> tuple[int, list[str]]:
    """What systemd has to say about these, and not about the machine's own units."""
    done = subprocess.run([analyze, "verify", *units], capture_output=True, text=True)
    names = [Path(unit).name for unit in units]
    said = [line for line in done.stderr.splitlines() if any(name in line for name in names)]
    return done.returncode, said


def test_systemd_finds_nothing_wrong(tmp_path: Path, analyze: str) -> None:
    """`systemd-analyze verify` has nothing to say about any form of the unit."""
    assert verify(analyze, write(tmp_path, make(tmp_path))) == (0, [])
    assert verify(analyze, write(tmp_path, make(tmp_path, "daemon"))) == (0, [])
    assert verify(analyze, write(tmp_path, make(tmp_path, "", "socket"))) == (0, [])
    assert verify(analyze, write(tmp_path, *split(make(tmp_path)))) == (0, [])


@pytest.mark.parametrize("user", ["", "daemon"])
def test_little_is_exposed(tmp_path: Path, analyze: str, user: str) -> None:
    """`systemd-analyze security` gives the unit at most 3.0, for root and for another user."""
    units = write(tmp_path, make(tmp_path, user))
    done = subprocess.run(
        [analyze, "security", "--offline=true", *units], capture_output=True, text=True
    )
    score = re.search(r"Overall exposure level for \S+: ([0-9.]+)", done.stdout)
    assert score, done.stdout + done.stderr
    assert float(score[1]) <= AT_MOST, done.stdout


def test_the_times_are_those_of_the_configuration(tmp_path: Path) -> None:
    """The time for a stop is the sum of the graces, stage after stage, and something on top."""
    subject = make(tmp_path)
    assert 2 * 15 < subject.stop_seconds < 2 * 15 + 20
    assert f"TimeoutStopSec={int(subject.stop_seconds)}s" in systemd.render(subject)[0].text


def test_the_state_is_that_of_the_user(tmp_path: Path) -> None:
    """Root installs for another user: a state directory that is not configured is that user's."""
    theirs, ours = make(tmp_path, "daemon").around, make(tmp_path).around
    config = load(tmp_path / "watchdog.toml")
    assert config.path is not None
    roots = default_state(config.path, state_root({}, 0))
    unnamed = replace(config, state=roots, socket=roots / "control.sock")
    subject = describe(unnamed, theirs)
    assert subject.state.startswith("/var/lib/w/.local/state/watchdog/")
    assert subject.socket == f"{subject.state}/control.sock"
    assert describe(unnamed, ours).state == str(roots)
