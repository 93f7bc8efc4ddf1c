"""The units of the guide with three services: their names, their order, and what systemd says."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.systemd.test_exposure import AT_MOST, verify
from watchdog.config import load
from watchdog.config.errors import ConfigError
from watchdog.config.starters import load_starter
from watchdog.export import systemd
from watchdog.export.subject import Subject, Surroundings, describe, split


def make(tmp_path: Path, main: str) -> Subject:
    """What `watchdog init --from mimic` writes, as if it stood in a directory called mimic."""
    starter = load_starter("mimic")
    (tmp_path / ".env").write_text(starter.env)
    (tmp_path / "watchdog.toml").write_text(starter.config.replace("/var/www/mimic", "/opt"))
    config = load(tmp_path / "watchdog.toml")
    state = Path("/var/lib/watchdog/mimic")
    config = replace(
        config,
        path=Path("/opt/mimic/watchdog.toml"),
        state=state,
        socket=state / "control.sock",
        programs=tuple(replace(one, env_file=Path("/opt/mimic/.env")) for one in config.programs),
    )
    around = Surroundings(
        command=("/bin/true",),
        python="/bin/true",
        code=("/opt/mimic",),
        path="/usr/bin:/bin",
        system=True,
        main=main,
    )
    return describe(config, around)


def write(tmp_path: Path, subjects: list[Subject]) -> dict[str, str]:
    """The paths of the units by their names; their directory is one that this machine has."""
    files = [file for subject in subjects for file in systemd.render(subject)]
    paths = {Path(file.path).name: tmp_path / Path(file.path).name for file in files}
    for file in files:
        text = file.text.replace("WorkingDirectory=/opt/mimic", "WorkingDirectory=/opt")
        paths[Path(file.path).name].write_text(text)
    return {name: str(path) for name, path in paths.items()}


def test_names_and_order_are_those_of_the_guide(tmp_path: Path) -> None:
    """mimic, mimic-worker after it, and mimic-bot, which waits for nobody."""
    subjects = {one.name: one for one in split(make(tmp_path, "web"))}
    assert set(subjects) == {"mimic", "mimic-worker", "mimic-bot"}
    assert {name: one.after for name, one in subjects.items()} == {
        "mimic": (),
        "mimic-worker": ("mimic",),
        "mimic-bot": (),
    }
    (worker,) = systemd.render(subjects["mimic-worker"])
    assert "After=mimic.service\n" in worker.text
    assert worker.text.startswith("# Made by: watchdog service systemd -c /opt/mimic/watchdog.toml")
    assert "--per-program --main web\n" in worker.text


def test_systemd_likes_the_units_of_the_guide(tmp_path: Path) -> None:
    """`systemd-analyze verify` says nothing, and `security` at most 3.0 of each."""
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("systemd-analyze is not installed")
    units = write(tmp_path, split(make(tmp_path, "web")))
    assert verify(analyze, list(units.values())) == (0, [])
    for unit in units.values():
        words = [analyze, "security", "--offline=true", unit]
        shown = subprocess.run(words, capture_output=True, text=True).stdout
        score = re.search(r"Overall exposure level for \S+: ([0-9.]+)", shown)
        assert score and float(score[1]) <= AT_MOST, shown


@pytest.mark.parametrize(
    ("main", "name", "said"),
    [
        ("wed", "mimic", "there is no program wed to be the main one; there are: web, bot, worker"),
        ("web", "bot", "web cannot be called bot: there is a program of that name"),
    ],
)
def test_a_name_that_cannot_be_is_told(tmp_path: Path, main: str, name: str, said: str) -> None:
    """Neither a missing program nor one unit under two names is made."""
    subject = replace(make(tmp_path, main), name=name)
    with pytest.raises(ConfigError, match=said):
        split(subject)
