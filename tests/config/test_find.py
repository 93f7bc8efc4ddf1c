"""Which file is the configuration, and where its watchdog listens."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from watchdog.config import Config, ConfigError
from watchdog.config.adhoc import build_adhoc
from watchdog.config.endpoint import control_socket
from watchdog.config.find import find
from watchdog.config.runs import live_runs, run_root

MINIMAL = '[programs.a]\ncommand = "x"\n'


def places(root: Path) -> tuple[dict[str, str], list[Path]]:
    """An environment, and one file in each place, in the order of precedence."""
    files = [
        root / "named.toml",
        root / "variable.toml",
        root / "here/watchdog.toml",
        root / "xdg/watchdog/watchdog.toml",
        root / "etc/watchdog/watchdog.toml",
    ]
    for file in files:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(MINIMAL)
    return {"WATCHDOG_CONFIG": str(files[1]), "XDG_CONFIG_HOME": str(root / "xdg")}, files


def test_each_place_comes_before_the_next(tmp_path: Path) -> None:
    """-c, $WATCHDOG_CONFIG, the directory, the user's and the system's place, in this order."""
    environ, files = places(tmp_path)
    here, system = tmp_path / "here", tmp_path / "etc"
    assert find(str(files[0]), environ, here, system) == files[0]
    assert find(None, environ, here, system) == files[1]
    del environ["WATCHDOG_CONFIG"]
    for file in files[2:]:
        assert find(None, environ, here, system) == file
        file.unlink()


def test_the_home_directory_serves_without_xdg(tmp_path: Path) -> None:
    """~/.config is the user's place when XDG_CONFIG_HOME is unset or relative."""
    file = tmp_path / ".config/watchdog/watchdog.toml"
    file.parent.mkdir(parents=True)
    file.write_text(MINIMAL)
    for xdg in ({}, {"XDG_CONFIG_HOME": "relative"}):
        assert find(None, {"HOME": str(tmp_path), **xdg}, tmp_path, tmp_path / "etc") == file


def test_nothing_found_lists_the_places(tmp_path: Path) -> None:
    """The error lists every place that was looked at."""
    with pytest.raises(ConfigError) as caught:
        find(None, {"HOME": "/h"}, Path("here"), Path("/e"))
    assert str(caught.value) == (
        "no configuration found; give one with -c or $WATCHDOG_CONFIG, "
        "or write one with `watchdog init`; looked at:\n"
        "    here/watchdog.toml\n"
        "    /h/.config/watchdog/watchdog.toml\n"
        "    /e/watchdog/watchdog.toml"
    )


def test_a_named_file_has_no_substitute(tmp_path: Path) -> None:
    """A file that was named and is missing is an error, although another would be found."""
    environ, _ = places(tmp_path)
    with pytest.raises(ConfigError, match=r"nope: no such file \(named by -c\)"):
        find("nope", environ, tmp_path / "here")
    with pytest.raises(ConfigError, match=r"nope: no such file \(named by \$WATCHDOG_CONFIG\)"):
        find(None, {**environ, "WATCHDOG_CONFIG": "nope"}, tmp_path / "here")


@pytest.mark.parametrize(
    "watchdog",
    ["", 'state = "s"', 'state = "s"\nsocket = "x.sock"', 'socket = "${S}"', 'state = "~/s"'],
)
def test_the_quick_way_to_the_socket_agrees(
    watchdog: str, read: Callable[..., Config], tmp_path: Path
) -> None:
    """A client finds the same socket as the watchdog that loads the whole file."""
    text = f"[watchdog]\n{watchdog}\n{MINIMAL}"
    config = read(text, {"S": "/run/x"})
    environ = {"HOME": str(tmp_path), "S": "/run/x"}
    assert control_socket(tmp_path / "watchdog.toml", environ) == config.socket


def test_the_socket_is_found_in_a_broken_file(tmp_path: Path) -> None:
    """Mistakes among the programs do not keep a client from the watchdog that runs."""
    file = tmp_path / "watchdog.toml"
    file.write_text('[watchdog]\nstate = "s"\n[programs.a]\nnonsense = 1')
    assert control_socket(file, {}) == tmp_path / "s/control.sock"


def test_a_socket_that_is_too_long_is_told_to_clients_too(tmp_path: Path) -> None:
    """A client says why it cannot connect, instead of the system's own words."""
    (tmp_path / "w.toml").write_text(f'watchdog.socket = "/{"s" * 110}"\n{MINIMAL}')
    with pytest.raises(ConfigError, match="at most 107 bytes"):
        control_socket(tmp_path / "w.toml", {"HOME": str(tmp_path)})


@pytest.mark.parametrize("text", ["[watchdog\n", "watchdog = 1", "watchdog.state = 1"])
def test_a_file_that_does_not_tell_the_socket(text: str, tmp_path: Path) -> None:
    """When the socket cannot be known, everything that is wrong is told."""
    (tmp_path / "watchdog.toml").write_text(text)
    with pytest.raises(ConfigError, match=r"watchdog\.toml:1: "):
        control_socket(tmp_path / "watchdog.toml", {"HOME": str(tmp_path)})


def test_only_runs_that_listen_are_live(monkeypatch: pytest.MonkeyPatch) -> None:
    """A socket that a dead watchdog left behind is not listed."""
    import tempfile  # a short path: pytest's own are near the limit of a socket's

    with tempfile.TemporaryDirectory() as root:
        environ = {"XDG_STATE_HOME": root}
        monkeypatch.setattr("watchdog.config.runs.current_uid", lambda: 1000)
        sockets = [build_adhoc([word], {}, environ=environ).socket for word in ("a", "b")]
        servers = [socket.socket(socket.AF_UNIX) for _ in sockets]
        for path, server in zip(sockets, servers, strict=True):
            path.parent.mkdir(parents=True)
            server.bind(str(path))
            server.listen()
        servers[0].close()
        assert live_runs(environ) == (sockets[1],)
        servers[1].close()
        assert live_runs(environ) == ()
        assert run_root(environ) == Path(root) / "watchdog/run"
