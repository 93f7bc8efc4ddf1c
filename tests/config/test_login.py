"""Who may use the control sockets, as a configuration says it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from watchdog.config import Config
from watchdog.config.model import Login
from watchdog.config.reread import compare

PROGRAM = '[programs.a]\ncommand = "x"\n'
SHA = "{SHA}" + "5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8"


def watchdog(*lines: str) -> str:
    return "\n".join(("[watchdog]", *lines, PROGRAM))


def test_a_login_comes_from_the_environment(read: Callable[..., Config]) -> None:
    """A password may be a variable, and is in no repr."""
    text = watchdog('http = "127.0.0.1:1"', 'username = "u"', 'password = "${THEIR_PASSWORD}"')
    config = read(text, {"THEIR_PASSWORD": "hunter2hunter2"})
    assert config.login == Login("u", "hunter2hunter2")
    assert "hunter2" not in repr(config)


def test_a_login_comes_from_a_file(read: Callable[..., Config], tmp_path: Path) -> None:
    """The first line of the file counts, without its end."""
    (tmp_path / "secret").write_text("first line\r\nsecond\n")
    text = watchdog('http = "127.0.0.1:1"', 'username = "u"', 'password_file = "secret"')
    assert read(text).login == Login("u", "first line")


def test_the_socket_may_have_a_login_too(read: Callable[..., Config]) -> None:
    """As unix_http_server's; supervisor's digest is taken."""
    config = read(watchdog('socket_username = "u"', f'socket_password = "{SHA}"'))
    assert config.socket_login == Login("u", SHA)
    assert config.login is None


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (['http = "0.0.0.0:1"'], "loopback"),
        (['http = "[::]:1"'], "add username and password"),
        (['http = "example.org:1"'], "loopback"),
        (['http = "127.0.0.1:1"', 'username = "u"'], "watchdog.username: found without password"),
        (['http = "127.0.0.1:1"', 'password = "secret7"'], "found without username"),
        (['username = "u"', 'password = "secret7"'], "found without http"),
        (['http = "127.0.0.1:1"', 'username = "u:v"', 'password = "secret7"'], "a colon"),
        (['http = "127.0.0.1:1"', 'username = "u"', 'password = "{SHA}12"'], "40 hex digits"),
        (['http = "127.0.0.1:1"', 'username = "u"', 'password_file = "no"'], "no: no such file"),
        (['http = "127.0.0.1:1"', 'username = "u"', 'password_file = "empty"'], "is empty"),
        (['socket_username = "u"'], "found without socket_password"),
    ],
)
def test_what_does_not_fit_is_refused(
    lines: list[str], expected: str, complaint: Callable[..., str], tmp_path: Path
) -> None:
    """Each mistake is told with what to do, and without the password."""
    (tmp_path / "empty").write_text("\n")
    told = complaint(watchdog(*lines))
    assert expected in told
    assert "secret7" not in told


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.1", "localhost", "[::1]"])
def test_loopback_needs_no_password(host: str, read: Callable[..., Config]) -> None:
    """Nobody but this machine's users can reach it."""
    assert read(watchdog(f'http = "{host}:1"')).login is None


def test_with_a_password_any_address_is_allowed(read: Callable[..., Config]) -> None:
    """Then it is for the user to say who may reach it."""
    text = watchdog('http = "0.0.0.0:1"', 'username = "u"', 'password = "secret7"')
    assert str(read(text).http) == "0.0.0.0:1"


def test_a_new_password_needs_a_new_start(read: Callable[..., Config]) -> None:
    """A reload says so."""
    old, new = (
        read(watchdog('http = "127.0.0.1:1"', 'username = "u"', f'password = "{word}"'))
        for word in ("one", "two")
    )
    assert compare(old, new).watchdog == ("username and password",)
