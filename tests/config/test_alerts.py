"""The table [alerts]: what is read, and that its URLs are never shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from watchdog.config import ConfigError, load

SECRET = "123456789:AAExampleExampleExampleExampleExamp"
PROGRAM = '[programs.a]\ncommand = "true"\n'


def write(place: Path, text: str, name: str = "watchdog.toml") -> Path:
    path = place / name
    path.write_text(text)
    return path


def test_urls_come_from_variables_and_a_file(tmp_path: Path) -> None:
    """In their order, each once; comments and empty lines of the file are left out."""
    (tmp_path / "more").write_text(f"# mail\n\ntgram://{SECRET}/1\njson://example.org\n")
    path = write(tmp_path, f'[alerts]\nurls = ["tgram://${{T}}/1"]\nurls_file = "more"\n{PROGRAM}')
    config = load(path, {"T": SECRET, "HOME": "/"})
    assert config.alerts is not None
    assert config.alerts.urls == (f"tgram://{SECRET}/1", "json://example.org")
    assert "adopted" not in config.alerts.on and "down" in config.alerts.on
    assert SECRET not in repr(config)


def test_without_the_table_nobody_is_told(tmp_path: Path) -> None:
    """Alerts are nothing that happens by itself."""
    assert load(write(tmp_path, PROGRAM), {"HOME": "/"}).alerts is None


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            f'urls = ["tgram:{SECRET}"]',
            "watchdog.toml:2: alerts.urls[0]: found a string (not shown)",
        ),
        ('urls = ["tgram://${T}/1"]', "alerts.urls: the variable T is not set"),
        ('on = ["dwn"]', 'alerts.on[0]: found "dwn"'),
        ('urls_file = "none"', "no such file; write the URLs into it"),
        ('urls_file = "broken"', "a line that is no URL (not shown)"),
        ('after = "1s"', "alerts: there are neither urls nor urls_file"),
    ],
)
def test_a_mistake_is_told_without_secrets(tmp_path: Path, text: str, told: str) -> None:
    """With the key, and what to do."""
    (tmp_path / "broken").write_text(f"{SECRET}\n")
    with pytest.raises(ConfigError) as caught:
        load(write(tmp_path, f"[alerts]\n{text}\n{PROGRAM}"), {"HOME": "/"})
    assert told in str(caught.value) and SECRET not in str(caught.value)


def test_a_supervisord_conf_has_them_with_our_own_keys(tmp_path: Path) -> None:
    """`alerts.urls` in [watchdog]; a mistake there is told with its line."""
    house = '[watchdog]\nalerts.urls = ["json://example.org"]\nalerts.after = {}\n'
    text = house + "[program:a]\ncommand=x\n"
    config = load(write(tmp_path, text.format("3s"), "s.conf"), {"HOME": "/"})
    assert config.alerts is not None
    assert (config.alerts.urls, config.alerts.after) == (("json://example.org",), 3.0)
    with pytest.raises(ConfigError, match=r"s\.conf:3: \[watchdog\] alerts\.after: found"):
        load(write(tmp_path, text.format("soon"), "s.conf"), {"HOME": "/"})
