"""The section for a supervisord.conf, as supervisord itself reads it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.export.subjects import make_subject
from watchdog.export import supervisord
from watchdog.export.subject import Subject

SHIPPED = Path(__file__).parents[2] / "conf" / "supervisord.conf"


def read(text: str, place: Path) -> list[dict[str, object]]:
    """The programs of a configuration, read by supervisord's own parser."""
    options = pytest.importorskip("supervisor.options")
    (place / "log").mkdir(exist_ok=True)
    text = re.sub(r"(logfile)=/var/log/.*$", rf"\1={place}/log/x", text, flags=re.MULTILINE)
    (place / "s.conf").write_text(f"[supervisord]\n{text}")
    reader = options.ServerOptions()
    reader.realize(["-c", str(place / "s.conf"), "-n"])
    return [vars(one) for group in reader.process_group_configs for one in group.process_configs]


def read_one(subject: Subject, place: Path) -> dict[str, object]:
    """The only program that the section for this subject makes."""
    found = read(supervisord.section_of(subject), place)
    assert len(found) == 1
    return found[0]


@pytest.mark.parametrize(
    "directory",
    [
        "/srv/bots",
        "/srv/my bots",
        "/srv/it's",
        '/srv/"so"',
        "/srv/100%",
        "/srv/%(here)s",
        "/srv/a ;b",
        "/srv/a #b",
        "/srv/a ; b # c",
        "/srv/$HOME `id`",
        "/srv/größer",
    ],
)
def test_supervisord_reads_every_path_as_it_is(directory: str, tmp_path: Path) -> None:
    """Spaces, quotes, expansions and comments in a path reach the watchdog as they are."""
    import shlex

    found = read_one(make_subject(directory), tmp_path)
    assert shlex.split(str(found["command"])) == [
        "/opt/watchdog/bin/watchdog",
        "run",
        "--take-over",
        "-c",
        f"{directory}/watchdog.toml",
    ]


def test_the_section_and_the_shipped_configuration_agree(tmp_path: Path) -> None:
    """Whoever takes either has the same supervision; only the time to stop is added up."""
    ours = read_one(make_subject("/etc/watchdog"), tmp_path)
    section = SHIPPED.read_text().partition("[program:watchdog]")[2].partition("[include]")[0]
    shipped = read(f"[program:watchdog]{section}", tmp_path)[0]
    keys = (
        "autostart autorestart startsecs startretries exitcodes stopsignal stopasgroup killasgroup"
        " redirect_stderr stdout_logfile_maxbytes stdout_logfile_backups"
    )
    for key in keys.split():
        assert ours[key] == shipped[key], key
    assert ours["stopwaitsecs"] == 27
    assert ours["exitcodes"] == [0, 69, 77, 78]
    assert ours["stopasgroup"] is ours["killasgroup"] is False


def test_a_user_has_the_environment_of_a_login(tmp_path: Path) -> None:
    """supervisord changes the user only; HOME and the rest are in the section."""
    import getpass

    subject = make_subject("/srv/bots", user=getpass.getuser(), path="/opt/100%/bin:/usr/bin")
    found = read_one(subject, tmp_path)
    assert found["environment"] == {
        "PATH": "/opt/100%/bin:/usr/bin",
        "HOME": f"/home/{getpass.getuser()}",
        "USER": getpass.getuser(),
        "LOGNAME": getpass.getuser(),
    }
    assert found["uid"] is not None


def test_places_can_be_given(tmp_path: Path) -> None:
    """Other systems keep their sections and logs elsewhere."""
    options = {"conf-dir": "/etc/supervisord.d", "log-dir": "/var/log/s"}
    subject = make_subject("/srv/bots", options=options)
    file = supervisord.render(subject)[0]
    assert file.path == "/etc/supervisord.d/bots.conf"
    assert "stdout_logfile=/var/log/s/" in file.text
    assert supervisord.install(subject)[0].words == ("mkdir", "-p", "/var/log/s")
