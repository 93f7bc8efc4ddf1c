"""`sockets`: what may be written, what is refused, and in which words."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from watchdog.config import Config
from watchdog.config.model import Address, SocketConfig

Read = Callable[..., Config]
Complaint = Callable[..., str]

WEB = '[programs.web]\ncommand = "x"\n'
API = '[programs.api]\ncommand = "x"\n'


@pytest.mark.parametrize(
    ("written", "host", "port"),
    [
        ("127.0.0.1:8000", "127.0.0.1", 8000),
        ("[::1]:8000", "::1", 8000),
        ("[0:0::1]:8000", "::1", 8000),
        (":8000", "0.0.0.0", 8000),
        ("0.0.0.0:65535", "0.0.0.0", 65535),
    ],
)
def test_addresses_are_taken_as_they_are(written: str, host: str, port: int, read: Read) -> None:
    """An address is literal; a bare port is every IPv4 address."""
    (socket,) = read(f'{WEB}sockets = ["{written}"]').program("web").sockets
    assert socket == SocketConfig(Address(host, port), "web")


def test_a_unix_socket_is_relative_to_the_file(read: Read, tmp_path: Path) -> None:
    """As every path; a URL's form is understood, too."""
    text = WEB + 'sockets = ["unix:a.sock", "unix:///run/b.sock"]'
    first, second = read(text).program("web").sockets
    assert first.key == f"unix:{tmp_path}/a.sock"
    assert second.key == "unix:/run/b.sock"


def test_a_table_says_more(read: Read) -> None:
    """Name, mode, owner and backlog have their place beside the address."""
    table = '{ listen = "unix:/run/a", name = "http", mode = "666", owner = "a:b", backlog = 9 }'
    (socket,) = read(f"{WEB}sockets = [{table}]").program("web").sockets
    assert socket == SocketConfig(Path("/run/a"), "http", 0o666, "a:b", 9)


def test_the_name_is_the_programs(read: Read) -> None:
    """The instances of a program have it from the program, without their numbers."""
    text = '[programs."web:web_1"]\ncommand = "x"\nsockets = [":8000"]'
    assert read(text).program("web:web_1").sockets[0].name == "web"


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ('sockets = ":8000"', 'sockets: found ":8000"; allowed: a list of addresses such as'),
        ("sockets = [8000]", 'a port alone is written as ":8000"'),
        ('sockets = ["localhost:80"]', "a name is not looked up: write the address"),
        ('sockets = ["[::x]:80"]', "there is no IPv6 address in the brackets"),
        ('sockets = [":0"]', "a port is from 1 to 65535"),
        ('sockets = [":65536"]', "a port is from 1 to 65535"),
        ('sockets = ["unix:"]', "the path of the socket is missing"),
        ('sockets = ["unix:@x"]', "a socket without a file is not supported"),
        ('sockets = ["/run/x.sock"]', 'sockets[0]: found "/run/x.sock"; allowed: a list of'),
        (f'sockets = ["unix:/{"a" * 107}"]', "found a path of 108 bytes"),
        ('sockets = [{ name = "x" }]', "listen is missing in the table"),
        ('sockets = [{ listen = ":1", port = 1 }]', 'the table has an unknown key "port"'),
        ('sockets = [{ listen = ":1", name = "a:b" }]', "without a colon"),
        ('sockets = [{ listen = ":1", mode = "660" }]', 'mode only for "unix:" sockets'),
        ('sockets = [{ listen = "unix:x", mode = "9" }]', "mode in the table must be octal"),
        ('sockets = [{ listen = ":1", backlog = 0 }]', "backlog in the table must be a whole"),
        ('sockets = [":80", "127.0.0.1:80"]', "127.0.0.1:80 is already taken by 0.0.0.0:80"),
        ('stdin = "socket"', 'stdin: found "socket" beside 0 sockets'),
        ('sockets = [":1", ":2"]\nstdin = "socket"', 'found "socket" beside 2 sockets'),
        (
            'sockets = [":80"]\nliveness.tcp = "127.0.0.1:80"',
            "liveness.tcp: found 127.0.0.1:80, which",
        ),
        (f'sockets = [":80"]\n{API}sockets = [":80"]', "0.0.0.0:80 is already that of programs"),
        (f'sockets = ["unix:x"]\n{API}sockets = ["unix:./x"]', "already that of programs.web"),
        ('sockets = [":9877"]\n[watchdog]\nhttp = "127.0.0.1:9877"', "the watchdog's own"),
        ('sockets = ["unix:c"]\n[watchdog]\nsocket = "c"', "the watchdog's own: [watchdog] socket"),
    ],
)
def test_mistakes_are_told(lines: str, said: str, complaint: Complaint) -> None:
    """Each with file, line and key, what was found, and what is allowed."""
    told = complaint(WEB + lines)
    assert said in told
    assert told.startswith("watchdog.toml:")
    assert "sockets" in told


def test_families_do_not_meet(read: Read) -> None:
    """Both families of a port may be listed: the IPv6 socket takes no IPv4 address."""
    assert len(read(f'{WEB}sockets = [":80", "[::]:80"]').program("web").sockets) == 2


def test_a_group_may_share(read: Read) -> None:
    """Programs of one group that have the same list have the same sockets."""
    lines = 'sockets = [":80"]\ngroup_name = "site"\n'
    assert read(WEB + lines + API + lines).program("api").sockets[0].key == "0.0.0.0:80"
