"""Values in units: what is written is read as it was meant."""

from __future__ import annotations

import plistlib
from pathlib import Path

import pytest

from tests.systemd.test_exposure import make
from watchdog.export import launchd
from watchdog.export.systemd_words import quote_command, quote_value, quote_words


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["/usr/bin/x", "-c", "/a b"], '/usr/bin/x -c "/a b"'),
        (["100%", "a$b"], "100%% a$$b"),
        (['say "hi"', "back\\slash"], '"say \\"hi\\"" "back\\\\slash"'),
    ],
)
def test_a_command_is_quoted(words: list[str], text: str) -> None:
    """Spaces, quotes, percent and dollar signs reach the program as they are."""
    assert quote_command(words).replace('"a$$b"', "a$$b") == text


def test_a_value_has_one_line() -> None:
    """No name can put a line of its own into a unit."""
    assert "\n" not in quote_value("a\nExecStart=/bin/evil")
    assert "\n" not in quote_words(["a\nb"])


def test_the_property_list_is_one(tmp_path: Path) -> None:
    """launchd's file parses, and its keys are those that launchd.plist(5) names."""
    subject = make(tmp_path, "daemon")
    (file,) = launchd.render(subject)
    job = plistlib.loads(file.text.encode())
    assert file.path == f"/Library/LaunchDaemons/{job['Label']}.plist"
    assert job["ProgramArguments"] == list(subject.command)
    assert job["KeepAlive"] is job["RunAtLoad"] is job["AbandonProcessGroup"] is True
    assert job["ExitTimeOut"] >= 30
    assert job["UserName"] == "daemon"
