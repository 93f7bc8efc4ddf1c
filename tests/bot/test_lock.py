"""The lock between real processes: who gets it, who is told what, and what cannot break it."""

from __future__ import annotations

import fcntl
import json
import os
import pwd
import stat
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import lock_posix
from bot.exits import Exit, ExitCode
from bot.lock import UNKNOWN, BotLock, file_name, read_holder
from bot.lock_posix import Held, inherit, lock_directory, take

ROOT = Path(__file__).parents[2]
BOT_ID = 10**9 + uuid.uuid4().int % 10**9  # the abstract socket's name is the whole machine's
TOKEN = f"{BOT_ID}:AAExampleExampleExampleExampleExamp"
KEY = f"telegram:{BOT_ID}"
HOLD = (
    "import sys; from bot.lock import BotLock\n"
    f"with BotLock({BOT_ID}) as lock:\n"
    "    print(lock.origin, flush=True); sys.stdin.read()\n"
)

Holder = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {"WATCHDOG_LOCK_DIR": str(tmp_path / "locks"), "PYTHONPATH": str(ROOT)}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "locks" / f"telegram-{BOT_ID}.lock"


@pytest.fixture
def hold(environ: dict[str, str]) -> Iterator[Holder]:
    """Starts processes that hold the lock until their stdin is closed or they are killed."""
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: str, fd: int | None = None, **more: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", HOLD, *arguments],
            env=environ | more,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            pass_fds=() if fd is None else (fd,),
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def origin(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def refusal(environ: dict[str, str]) -> str:
    with pytest.raises(Exit) as caught, BotLock(BOT_ID, environ):
        raise AssertionError("got a lock that was held")
    assert caught.value.code is ExitCode.HELD
    return caught.value.reason


def test_a_second_process_is_told_who_holds_the_lock(hold: Holder, environ: dict[str, str]) -> None:
    """The refusal names pid, user, command and since when, without the token in the command."""
    process = hold(TOKEN)
    assert origin(process) == "taken"
    reason = refusal(environ)
    assert f"pid {process.pid} " in reason
    assert pwd.getpwuid(os.geteuid()).pw_name in reason
    assert "since 20" in reason
    assert sys.executable in reason
    assert TOKEN not in reason
    assert TOKEN not in (Path(environ["WATCHDOG_LOCK_DIR"]) / file_name(KEY)).read_text()


def test_a_killed_holder_frees_the_lock_and_leaves_the_file(
    hold: Holder, environ: dict[str, str], path: Path
) -> None:
    """After SIGKILL nothing has to be cleaned up: the same file is locked again."""
    process = hold()
    origin(process)
    inode = path.stat().st_ino
    process.kill()
    process.wait()
    with BotLock(BOT_ID, environ):
        assert path.stat().st_ino == inode
        assert json.loads(path.read_text())["pid"] == os.getpid()


def test_the_file_and_its_directory_are_private(environ: dict[str, str], path: Path) -> None:
    """Nobody else may lock the file by merely opening it, and no child inherits it by accident."""
    with BotLock(BOT_ID, environ):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    held = take(path, "{}\n")
    assert not os.get_inheritable(held.fd)
    held.close()


def test_the_record_has_the_fields_that_others_read(environ: dict[str, str], path: Path) -> None:
    """One JSON line with the agreed fields, and nothing left of a longer one before it."""
    path.parent.mkdir(mode=0o700)
    path.write_text("x" * 5000)
    path.chmod(0o600)
    with BotLock(BOT_ID, environ):
        record = json.loads(path.read_text())
    fields = {"key", "pid", "user", "command", "since", "program", "watchdog_pid"}
    assert set(record) == fields
    assert record["key"] == KEY
    assert (record["program"], record["watchdog_pid"]) == (None, None)


def test_a_holder_without_a_record_is_one_that_cannot_be_named(
    environ: dict[str, str], path: Path
) -> None:
    """A lock held by who knows whom still refuses, in words."""
    path.parent.mkdir(mode=0o700)
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert "a process that cannot be named" in refusal(environ)


@given(st.text() | st.sampled_from(["[]", '{"pid": null}', '{"pid": 1e999}', "[" * 99_999]))
def test_any_record_is_read(text: str) -> None:
    """No content of the file makes the refusal fail."""
    assert read_holder(text).describe()


def test_a_record_cannot_command_the_terminal() -> None:
    """Control codes that a stranger wrote into the file are not shown as such."""
    record = {"pid": 7, "user": "\x1b[2J", "command": "a\nb", "since": "\r"}
    assert read_holder(json.dumps(record)).describe().isprintable()


def test_a_record_of_a_watchdog_names_program_and_watchdog() -> None:
    """A bot that a watchdog started is described as such."""
    record = {"pid": 7, "user": "u", "command": f"bot {TOKEN}", "since": "s", "program": "bot"}
    text = read_holder(json.dumps(record | {"watchdog_pid": 6})).describe()
    assert "program 'bot' of the watchdog with pid 6" in text
    assert TOKEN not in text
    assert UNKNOWN.describe() == "a process that cannot be named"


def test_a_file_replaced_while_locking_is_not_trusted(path: Path) -> None:
    """A lock on a removed file protects nothing; the newcomer locks the file that is there."""
    first = take(path, "{}\n")
    path.unlink()
    second = take(path, "{}\n")
    assert path.exists()
    with pytest.raises(Held):
        take(path, "{}\n")
    first.close()
    second.close()


def test_a_lock_won_on_a_file_that_has_been_replaced_is_no_lock(path: Path) -> None:
    """Between open and flock the file may go: what was locked must be what is at the path."""
    path.parent.mkdir(mode=0o700)
    path.touch(0o600)
    with path.open("r+") as file:
        path.unlink()
        assert not lock_posix._lock(file.fileno(), path)
        path.touch(0o600)
        assert not lock_posix._lock(file.fileno(), path)
    with path.open("r+") as file:
        assert lock_posix._lock(file.fileno(), path)


def test_a_symbolic_link_is_refused(environ: dict[str, str], path: Path) -> None:
    """The lock file is never followed elsewhere."""
    path.parent.mkdir(mode=0o700)
    path.symlink_to("/dev/null")
    with pytest.raises(Exit) as caught, BotLock(BOT_ID, environ):
        pass
    assert caught.value.code is ExitCode.CONFIG
    assert str(path) in caught.value.reason


def test_a_directory_that_others_can_write_is_refused(environ: dict[str, str], path: Path) -> None:
    """In such a directory anyone could move the locked file away."""
    path.parent.mkdir()
    path.parent.chmod(0o777)
    with pytest.raises(Exit) as caught, BotLock(BOT_ID, environ):
        pass
    assert "written by other users" in caught.value.reason


def test_an_inherited_lock_is_recognised(hold: Holder, environ: dict[str, str], path: Path) -> None:
    """A child that was handed the locked descriptor is content with it, and keeps it held."""
    held = take(path, "{}\n")
    process = hold(fd=held.fd, WATCHDOG_LOCK_FD=str(held.fd), WATCHDOG_LOCK_KEY=KEY)
    assert origin(process) == "inherited from the supervisor"
    assert path.read_text() == "{}\n"
    os.close(held.fd)
    assert refusal(environ)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can start a bot as another user")
def test_a_lock_inherited_from_root_is_recognised_by_another_user(path: Path) -> None:
    """A supervisor as root, a bot as nobody: the bot cannot look into root's directory, and need
    not; but root's descriptor of another lock, or one that is not locked for it, is no use."""
    held, other = take(path, "{}\n"), take(path.with_name("telegram-1.lock"), "{}\n")
    second = os.open(path, os.O_RDWR)

    def recognised(fd: int) -> bool:
        if (child := os.fork()) == 0:
            os.setuid(65534)
            own = Path("/nonexistent") / path.name
            os._exit(0 if inherit(own, fd) else 1)
        return os.waitpid(child, 0)[1] == 0

    assert [recognised(fd) for fd in (held.fd, other.fd, second)] == [True, False, False]
    held.close()
    other.close()
    os.close(second)


@pytest.mark.parametrize(
    "claim",
    [
        {"WATCHDOG_LOCK_FD": "0", "WATCHDOG_LOCK_KEY": KEY},
        {"WATCHDOG_LOCK_FD": "999", "WATCHDOG_LOCK_KEY": KEY},
        {"WATCHDOG_LOCK_FD": "-1", "WATCHDOG_LOCK_KEY": KEY},
        {"WATCHDOG_LOCK_FD": "0", "WATCHDOG_LOCK_KEY": "telegram:1"},
        {"WATCHDOG_LOCK_KEY": KEY},
    ],
)
def test_a_false_claim_of_inheritance_takes_the_lock_itself(
    hold: Holder, claim: dict[str, str]
) -> None:
    """A stale environment variable never makes two copies: the ordinary way decides."""
    first = hold(**claim)
    assert origin(first) == "taken"
    second = hold(**claim)
    _, errors = second.communicate(timeout=30)
    assert f"pid {first.pid} " in errors


def test_an_open_file_that_is_not_locked_is_no_inheritance(
    hold: Holder, environ: dict[str, str], path: Path
) -> None:
    """A descriptor of the right file whose lock someone else holds is not accepted."""
    origin(hold())
    fd = os.open(path, os.O_RDWR)
    process = hold(fd=fd, WATCHDOG_LOCK_FD=str(fd), WATCHDOG_LOCK_KEY=KEY)
    os.close(fd)
    _, errors = process.communicate(timeout=30)
    assert "already running" in errors


def test_of_many_contenders_exactly_one_wins(hold: Holder) -> None:
    """Twelve processes that start together: one holds, eleven are refused."""
    processes = [hold() for _ in range(12)]
    assert sorted(origin(process) for process in processes) == [""] * 11 + ["taken"]


def test_the_directory_does_not_depend_on_home() -> None:
    """$HOME decides nothing: two shells with different homes meet at one lock."""
    found = lock_directory({"HOME": "/elsewhere"})
    home = Path(pwd.getpwuid(os.geteuid()).pw_dir)
    mine = home / ".local/state/watchdog/locks"
    assert found == (Path("/run/watchdog") if os.geteuid() == 0 else mine)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become a user without a name")
def test_a_user_without_a_home_is_told_so(environ: dict[str, str]) -> None:
    """No home directory on record means no place for the lock: 78, and no traceback."""
    script = (
        "import os; os.setuid(54321)\n"
        "from bot.exits import Exit; from bot.lock import BotLock\n"
        f"try: BotLock({BOT_ID})\n"
        "except Exit as ending: print(ending.code, ending.reason)\n"
    )
    script = "import bot.lock\n" + script  # before the user changes: it may not read our files
    without = {name: value for name, value in environ.items() if name != "WATCHDOG_LOCK_DIR"}
    done = subprocess.run(
        [sys.executable, "-c", script], env=without, capture_output=True, text=True, check=False
    )
    assert done.stdout.startswith("78 there is no place for the lock: the user with id 54321")


def test_the_file_is_named_after_the_key() -> None:
    """The name is the one that every other user of the lock derives too."""
    assert file_name(KEY) == f"telegram-{BOT_ID}.lock"
