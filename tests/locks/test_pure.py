"""The decisions that need no kernel: names, keys, sentences, records, filesystems."""

from __future__ import annotations

import json
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchdog.locks import Holder, file_name, reduce, sentence, socket_name
from watchdog.locks.directory import NETWORK, filesystem_of
from watchdog.locks.record import clean, from_line, to_line

TOKEN = "123456789:AAExampleExampleExampleExampleExamp"


@pytest.mark.parametrize(
    ("key", "reduced"),
    [
        (f"telegram:{TOKEN}", "telegram:123456789"),
        (f"Telegram: {TOKEN}", "telegram:123456789"),
        ("telegram:123456789", "telegram:123456789"),
        ("telegram:123456789:short", "telegram:123456789"),
        ("telegram:00123", "telegram:123"),
        (f"mine-{TOKEN}-b", "mine-123456789"),
        ("web", "web"),
    ],
)
def test_key_is_reduced_to_what_is_no_secret(key: str, reduced: str) -> None:
    """Of a bot token only the numeric id is left, wherever in the key it stands."""
    assert reduce(key) == reduced


@pytest.mark.parametrize("key", ["", "  "])
def test_empty_key_is_refused(key: str) -> None:
    """A lock without an identity would be everybody's."""
    with pytest.raises(ValueError, match="must not be empty"):
        reduce(key)


@pytest.mark.parametrize(
    ("key", "name"),
    [
        (f"telegram:{TOKEN}", "telegram-123456789.lock"),
        ("a.b_c-D", "a.b_c-D.lock"),
        ("x" * 100, "x" * 100 + ".lock"),
        ("x" * 101, "x" * 40 + "-" + sha256(b"x" * 101).hexdigest()[:16] + ".lock"),
        ("über/uns", "-ber-uns-" + sha256("über/uns".encode()).hexdigest()[:16] + ".lock"),
    ],
)
def test_file_name(key: str, name: str) -> None:
    """A plain short key stays readable; any other gets the hash of the whole."""
    assert file_name(key) == name


@given(st.text(min_size=1).filter(str.strip))
def test_names_are_names_for_any_key(key: str) -> None:
    """No key leaves the directory, is too long, or hides a NUL."""
    name = file_name(key)
    assert set(name) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")
    assert len(name) <= 105
    assert name.endswith(".lock")
    socket = socket_name(key)
    assert socket.startswith("watchdog/")
    assert len(socket.encode()) <= 107
    assert "\0" not in socket


@given(st.sets(st.text(alphabet="ab/ü ", min_size=1).filter(str.strip), min_size=2, max_size=9))
def test_strange_keys_do_not_meet(keys: set[str]) -> None:
    """Keys that need the hash have names of their own."""
    strange = {reduce(key) for key in keys if "/" in key or "ü" in key or " " in key}
    assert len({file_name(key) for key in strange}) == len(strange)


def test_sentence() -> None:
    """The sentence names pid, user, command and local time."""
    holder = Holder("k", 4242, "root", "python -m bot", "2026-11-21T14:02:11")
    assert sentence(holder) == (
        'held by pid 4242 (user root, "python -m bot", since 2026-11-21 14:02:11)'
    )
    via = Holder("k", 5, "", "", "", "bot", 4)
    assert sentence(via) == "held by pid 5, as program 'bot' of the watchdog with pid 4"
    assert sentence(Holder()) == "held by a process that cannot be named"
    assert sentence(Holder(user="ann", note="odd")) == (
        "held by a process of user ann that cannot be named; odd"
    )


def test_record_goes_there_and_back_without_secrets() -> None:
    """One JSON line with the agreed fields; a token in the command is masked."""
    holder = Holder("k", 1, "root", f"bot --token {TOKEN}", "2026-11-21T14:02:11", "bot", 2)
    line = to_line(holder)
    assert line.count(b"\n") == 1
    assert set(json.loads(line)) == {
        "key",
        "pid",
        "user",
        "command",
        "since",
        "program",
        "watchdog_pid",
    }
    assert TOKEN.encode() not in line
    assert from_line(line).pid == 1
    assert from_line(line).command == "bot --token 123456789:***"


@given(st.binary())
@pytest.mark.parametrize("start", [b"", b'{"pid": 1, "command": "', b'{"pid": '])
def test_any_content_of_the_file_is_survived(start: bytes, rest: bytes) -> None:
    """No lock file can make the refusal fail or reach the terminal raw."""
    text = sentence(from_line(start + rest))
    assert text.startswith("held by ")
    assert text.isprintable()


def test_foreign_text_is_tamed() -> None:
    """Control characters and length of a foreign command do no harm."""
    assert clean("a\x1b[31mb\n") == "a [31mb"
    assert len(clean("x" * 5000)) == 300


MOUNTS = """\
22 1 0:21 / / rw - ext4 /dev/root rw
23 22 0:22 / /proc rw shared:1 - proc proc rw
24 22 0:23 / /home rw shared:2 master:1 - nfs4 server:/home rw
25 24 0:24 / /home/ann/my\\040disk rw - ext4 /dev/sdb rw
26 22 0:25 / /mnt rw - ext4 /dev/sdc rw
27 22 0:26 / /mnt rw - fuse.sshfs host: rw
garbage
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/run/watchdog", "ext4"),
        ("/home/ann/.local", "nfs4"),
        ("/homework", "ext4"),
        ("/home/ann/my disk/locks", "ext4"),
        ("/mnt/x", "fuse.sshfs"),
    ],
)
def test_filesystem_is_found(path: str, kind: str) -> None:
    """The deepest and latest mount above a path decides."""
    assert filesystem_of(path, MOUNTS) == kind
    assert (kind in NETWORK) == (kind != "ext4")
