"""The bot's own lock and the watchdog's are one lock, though neither knows the other's code."""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.exits import Exit, ExitCode
from bot.lock import BotLock
from watchdog.locks import PairLock, file_name, lock_directory, sentence
from watchdog.locks.file import FileLock
from watchdog.locks.holders import ourselves

if sys.platform == "win32":
    pytest.skip("the two lock by flock", allow_module_level=True)

linux = pytest.mark.skipif(sys.platform != "linux", reason="abstract sockets are Linux's")
ROOT = Path(__file__).parents[2]
BY_HAND = (
    "import sys\nfrom bot.lock import BotLock\nfrom bot.exits import Exit\n"
    "try:\n with BotLock(int(sys.argv[1])) as lock:\n"
    "  print(lock.origin, flush=True); sys.stdin.read()\n"
    "except Exit as refused:\n print(int(refused.code), refused.reason, flush=True)"
)


@pytest.fixture
def bot_id(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    """A bot of this test's own: the abstract socket's name is the whole machine's."""
    monkeypatch.setenv("WATCHDOG_LOCK_DIR", str(tmp_path / "locks"))
    return uuid.uuid4().int % 10**12


@pytest.fixture
def lock(bot_id: int) -> Iterator[PairLock]:
    made = PairLock(f"telegram:{bot_id}:AAExampleExampleExampleExampleExamp")
    yield made
    made.close()


def by_hand(bot_id: int, fds: tuple[int, ...] = (), **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", BY_HAND, str(bot_id)],
        cwd=ROOT,
        env={**os.environ, **environment},
        pass_fds=fds,
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )


def first_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def end(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate()


def test_both_name_the_same_file(bot_id: int, lock: PairLock) -> None:
    """Key, directory and file name agree, with and without the override."""
    own = BotLock(bot_id)
    assert own.path == lock.file.path
    assert own.key == lock.key
    assert BotLock(bot_id, {}).path == lock_directory({}) / file_name(own.key)


def test_bot_by_hand_is_refused_by_the_watchdogs_lock(bot_id: int, lock: PairLock) -> None:
    """While the watchdog has the lock, the bot exits 69 and names the holder."""
    assert lock.acquire(ourselves("bot", lock.key)) is None
    with pytest.raises(Exit) as caught, BotLock(bot_id):
        raise AssertionError("got a lock that was held")
    assert caught.value.code == ExitCode.HELD == 69
    assert f"pid {os.getpid()} " in caught.value.reason
    assert f"the program 'bot' of the watchdog with pid {os.getpid()}" in caught.value.reason


def test_watchdog_is_refused_by_a_bot_by_hand(bot_id: int, lock: PairLock) -> None:
    """While the bot has the lock, the watchdog names it, with its command and since when."""
    bot = by_hand(bot_id)
    try:
        assert first_line(bot) == "taken"
        refused = lock.acquire(ourselves("bot", lock.key))
        assert refused is not None
        text = sentence(refused)
        assert text.startswith(f"held by pid {bot.pid} (user ")
        assert ", since 20" in text
    finally:
        end(bot)
    assert lock.acquire(ourselves("bot", lock.key)) is None


@linux
def test_watchdog_is_refused_though_the_bots_lock_file_is_gone(bot_id: int, lock: PairLock) -> None:
    """A bot by hand has the socket, too: with its file removed it is still the only one."""
    bot = by_hand(bot_id)
    try:
        assert first_line(bot) == "taken"
        lock.file.path.unlink()
        refused = lock.acquire(ourselves("bot", lock.key))
        assert refused is not None
        assert refused.pid == bot.pid
        assert "bot.lock" in refused.command
    finally:
        end(bot)
    assert lock.acquire(ourselves("bot", lock.key)) is None


@linux
def test_bot_by_hand_is_refused_though_the_lock_file_is_gone(bot_id: int, lock: PairLock) -> None:
    """With the watchdog's file removed the bot exits 69, says who has the socket, keeps nothing."""
    assert lock.acquire(ourselves("bot", lock.key)) is None
    lock.file.path.unlink()
    with pytest.raises(Exit) as caught, BotLock(bot_id):
        raise AssertionError("got a lock that was held")
    assert caught.value.code == ExitCode.HELD
    assert f"pid {os.getpid()} (user " in caught.value.reason
    free = FileLock(lock.key)
    assert free.take() is None
    free.close()


def test_bot_accepts_the_inherited_lock(bot_id: int, lock: PairLock) -> None:
    """Started by the watchdog, the bot runs under the lock that it was given, and keeps it."""
    assert lock.acquire(ourselves("bot", lock.key)) is None
    bot = by_hand(bot_id, lock.descriptors(), **lock.environment())
    try:
        assert first_line(bot) == "inherited from the supervisor"
        lock.close()
        refused = PairLock(lock.key).acquire(ourselves("bot", lock.key))
        assert refused is not None
        assert refused.pid == bot.pid
        second = by_hand(bot_id)
        assert first_line(second).startswith("69 ")
        end(second)
    finally:
        end(bot)
    assert lock.acquire(ourselves("bot", lock.key)) is None


def test_bot_without_the_descriptors_is_refused(bot_id: int, lock: PairLock) -> None:
    """The variables alone, without the lock itself, are no right to run."""
    assert lock.acquire(ourselves("bot", lock.key)) is None
    bot = by_hand(bot_id, **lock.environment())
    try:
        assert first_line(bot).startswith("69 ")
    finally:
        end(bot)
