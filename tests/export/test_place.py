"""Where the state of a service is."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.export.subjects import make_subject
from watchdog.config import ConfigError, load
from watchdog.config.places import default_state
from watchdog.export.subject import ROOT_STATES, place_state


def test_a_user_that_nobody_knows_is_named(tmp_path: Path) -> None:
    """It is not said that somebody has no home directory."""
    file = tmp_path / "watchdog.toml"
    file.write_text('[programs.bot]\ncommand = "true"\n')
    config = replace(load(file, {"HOME": "/home/me"}), state=default_state(file, ROOT_STATES))
    around = replace(make_subject("/srv/bots").around, user="nobody-such", home="~nobody-such")
    with pytest.raises(ConfigError, match="there is no user nobody-such on this machine"):
        place_state(config, around)
