"""The two locks between real processes: who is refused, what he is told, what cannot break it."""

from __future__ import annotations

import fcntl
import json
import os
import pwd
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from watchdog.locks import Holder, LockProblem, PairLock, sentence
from watchdog.locks import directory as directories
from watchdog.locks.abstract import BACKLOG, AbstractLock
from watchdog.locks.directory import lock_directory
from watchdog.locks.file import FileLock
from watchdog.locks.holders import has_open, inode_of, ourselves, timestamp

ROOT = Path(__file__).parents[2]
Start = Callable[..., "subprocess.Popen[str]"]


def says(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    assert process.stderr is not None
    return process.stdout.readline().strip() or process.stderr.read()


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.005)


def take(key: str) -> Holder | None:
    """Try for the lock and let go at once."""
    lock = PairLock(key)
    try:
        return lock.acquire(ourselves("bot", key))
    finally:
        lock.close()


def test_second_is_told_who_is_first(start: Start, key: str, place: Path) -> None:
    """The refused one learns pid, user, command and since when."""
    first = start(key)
    assert says(first) == "held 0"
    refused = take(key)
    assert refused is not None
    user = pwd.getpwuid(os.geteuid()).pw_name
    assert sentence(refused).startswith(f"held by pid {first.pid} (user {user}, ")
    assert sys.executable in refused.command
    assert refused.since[:2] == "20"
    assert says(start(key)) == f"refused {sentence(refused)}"


def test_lock_ends_with_its_holder(start: Start, key: str, place: Path) -> None:
    """After SIGKILL nothing needs to be cleaned up, and the file is the same one."""
    first = start(key)
    says(first)
    [file] = place.iterdir()
    inode = file.stat().st_ino
    first.kill()
    first.wait()
    assert take(key) is None
    assert file.stat().st_ino == inode


@pytest.mark.parametrize("what", ["pair", "file"])
def test_child_that_inherited_keeps_it(start: Start, key: str, place: Path, what: str) -> None:
    """SIGKILL of the holder leaves the lock with its child, which is the one named then."""
    first = start(key, what, "child")
    child = int(says(first).split()[1])
    first.kill()
    first.wait()
    try:
        refused = take(key)
        assert refused is not None
        assert refused.pid == child
        assert refused.command == "sleep 1000"
        assert "gone or has let go" in refused.note
    finally:
        os.kill(child, 9)
    until(lambda: take(key) is None)


@pytest.mark.parametrize("deed", ["rm", "mv", "replace", "hard link"])
def test_tampered_file_lets_nobody_in(start: Start, key: str, place: Path, deed: str) -> None:
    """Whatever is done to the file, the second lock refuses and names the holder."""
    first = start(key)
    says(first)
    [file] = place.iterdir()
    if deed == "rm":
        file.unlink()
    elif deed == "mv":
        file.rename(file.with_suffix(".old"))
    elif deed == "replace":
        (place / "new").write_text("{}")
        (place / "new").replace(file)
    else:
        (place / "link").hardlink_to(file)
        file.unlink()
    refused = take(key)
    assert refused is not None
    assert refused.pid == first.pid
    assert "does not hold the lock file" in refused.note


def test_tampering_is_noticed(key: str, place: Path) -> None:
    """The holder sees that its file is gone, and that it came back."""
    lock = PairLock(key)
    assert lock.acquire(ourselves("bot", key)) is None
    assert lock.tampering() == ""
    file = lock.file.path
    aside = file.with_suffix(".aside")
    file.rename(aside)
    assert "was removed, moved or replaced; the second lock still holds" in lock.tampering()
    file.touch()
    assert lock.tampering()
    aside.replace(file)
    assert lock.tampering() == ""
    lock.close()


def test_other_directory_is_refused_by_the_second_lock(
    start: Start, key: str, tmp_path: Path
) -> None:
    """Two that agree on no directory (two users, two checkouts) still meet at the socket."""
    first = start(key)
    says(first)
    second = start(key, WATCHDOG_LOCK_DIR=str(tmp_path / "elsewhere"))
    assert f"held by pid {first.pid} " in says(second)


def test_other_user_is_refused(start: Start, key: str, place: Path) -> None:
    """Another user, who may not even look at the holder, is refused and told who it is."""
    if os.geteuid() != 0:
        pytest.skip("only root may become another user")
    first = AbstractLock(key)
    assert first.take() is None
    done = subprocess.run(
        [
            "setpriv",
            "--reuid=65534",
            "--regid=65534",
            "--clear-groups",
            "perl",
            "-e",
            PERL,
            f"watchdog/{key}",
        ],
        capture_output=True,
        text=True,
    )
    first.close()
    assert done.stdout == f"98 {os.getpid()} 0", done.stderr


# The tests' interpreter may be out of an ordinary user's reach; perl is in every Debian.
PERL = (
    "use Socket; socket(my $s, AF_UNIX, SOCK_STREAM, 0) or die; my $a = pack_sockaddr_un("
    "\"\\0\" . $ARGV[0]); bind($s, $a) and die 'bound'; print $!+0; connect($s, $a) or die $!;"
    "my ($p, $u) = unpack('iii', getsockopt($s, 1, 17)); print ' ', $p, ' ', $u;"
)


def test_visitors_are_sent_home(key: str, place: Path) -> None:
    """Any number of contenders can read the holder's name, as long as it drains."""
    first = AbstractLock(key)
    assert first.take() is None
    for _ in range(3 * BACKLOG):
        refused = AbstractLock(key).take()
        assert refused is not None
        assert refused.pid == os.getpid()
        first.drain()
    first.close()


def test_full_queue_still_refuses_and_names(key: str, place: Path) -> None:
    """With nobody to drain, the exclusion stays and /proc names the holder."""
    first = AbstractLock(key)
    assert first.take() is None
    for _ in range(BACKLOG + 20):
        refused = AbstractLock(key).take()
        assert refused is not None
        assert refused.pid == os.getpid()
    first.close()
    second = AbstractLock(key)
    assert second.take() is None
    second.close()


def test_never_two_in_many_rounds(start: Start, key: str, place: Path, tmp_path: Path) -> None:
    """Of four contenders in 200 rounds, there were never two at once."""
    code = (
        "import os,sys,time\nfrom watchdog.locks import PairLock\n"
        "from watchdog.locks.holders import ourselves\n"
        "wins = 0\nend = time.monotonic() + 60\n"
        "while wins < 50 and time.monotonic() < end:\n"
        " lock = PairLock(sys.argv[1])\n"
        " if lock.acquire(ourselves('bot', 'k')) is None:\n"
        "  fd = os.open(sys.argv[2], os.O_CREAT | os.O_EXCL)\n"  # two at once fail here
        "  os.unlink(sys.argv[2]); os.close(fd); wins += 1\n"
        "  if wins % 7 == 0: lock.file.path.unlink(missing_ok=True)\n"
        " lock.close(); time.sleep(0.0003)\n"
        "print(wins)"
    )
    command = [sys.executable, "-c", code, key, str(tmp_path / "alone")]
    contenders = [
        subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(4)
    ]
    assert [c.communicate()[0].strip() for c in contenders] == ["50"] * 4


def test_pair_is_all_or_nothing(key: str, place: Path) -> None:
    """Refused by the second lock, it has let go of the first."""
    socket = AbstractLock(key)
    assert socket.take() is None
    assert take(key) is not None
    file = FileLock(key)
    assert file.take() is None
    file.close()
    socket.close()


def test_bot_by_hand_holding_only_the_file_refuses_the_pair(key: str, place: Path) -> None:
    """The file alone is enough to refuse, and the socket is free afterwards."""
    file = FileLock(key)
    assert file.acquire(ourselves("", key)) is None
    assert take(key) is not None
    socket = AbstractLock(key)
    assert socket.take() is None
    socket.close()
    file.close()


def test_record_is_rewritten_in_place(key: str, place: Path) -> None:
    """The child's pid replaces ours, and nothing of a longer record is left."""
    lock = FileLock(key)
    assert lock.acquire(Holder(pid=os.getpid(), command="x" * 200)) is None
    lock.describe(Holder(pid=7, user="ann", command="short", program="bot", watchdog_pid=1))
    record = json.loads(lock.path.read_text())
    assert (record["key"], record["pid"], record["program"]) == (key, 7, "bot")
    lock.close()


def test_record_of_a_dead_child_yields_to_the_watchdog(key: str, place: Path) -> None:
    """Between two incarnations the watchdog itself is named, as the program's."""
    lock = FileLock(key)
    since = timestamp(0)
    mine = Holder(pid=1 << 22, since=since, program="bot", watchdog_pid=os.getpid())
    assert lock.acquire(mine) is None
    refused = FileLock(key).take()
    assert refused is not None
    assert (refused.pid, refused.program, refused.since) == (os.getpid(), "bot", since)
    lock.close()


def test_contender_is_never_taken_for_the_holder(key: str, place: Path) -> None:
    """Having the file open without the lock is not holding it."""
    lock = FileLock(key)
    assert lock.take() is None
    inode = inode_of(lock.fd)
    assert has_open(os.getpid(), inode, flock=True)
    with lock.path.open() as mere_reader:
        lock.close()
        assert has_open(os.getpid(), inode_of(mere_reader.fileno()), flock=False)
        assert not has_open(os.getpid(), inode, flock=True)


def test_files_and_directory_are_private(key: str, place: Path) -> None:
    """0600 in 0700, also when the file was there with other rights; closed at exec."""
    lock = FileLock(key)
    place.mkdir(mode=0o700)
    lock.path.write_text("")
    lock.path.chmod(0o644)
    assert lock.take() is None
    assert stat.S_IMODE(lock.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(place.stat().st_mode) == 0o700
    assert not any(os.get_inheritable(fd) for fd in lock.descriptors())
    lock.close()


def test_symbolic_link_is_refused(key: str, place: Path, tmp_path: Path) -> None:
    """A link in place of the lock file is never followed."""
    place.mkdir(mode=0o700)
    lock = FileLock(key)
    lock.path.symlink_to(tmp_path / "target")
    with pytest.raises(LockProblem, match="is a symbolic link; remove it"):
        lock.take()
    lock.path.unlink()
    lock.path.mkdir()
    with pytest.raises(LockProblem, match="cannot be used: Is a directory"):
        lock.take()
    lock.path.rmdir()
    os.mkfifo(lock.path)
    with pytest.raises(LockProblem, match="is no plain file"):
        lock.take()


def test_directory_that_others_can_write_is_refused(key: str, place: Path) -> None:
    """Who can write the directory could move the file away."""
    place.mkdir()
    place.chmod(0o770)
    with pytest.raises(LockProblem, match="can be written by others"):
        FileLock(key).take()
    place.rmdir()
    place.write_text("")
    with pytest.raises(LockProblem, match="cannot be made: File exists"):
        FileLock(key).take()
    place.unlink()
    place.symlink_to("/tmp")
    with pytest.raises(LockProblem, match="is no directory"):
        FileLock(key).take()


def test_foreign_directory_and_file_are_refused(key: str, place: Path) -> None:
    """What belongs to another user is not used."""
    if os.geteuid() != 0:
        pytest.skip("only root can give things away")
    place.mkdir(mode=0o700)
    lock = FileLock(key)
    lock.path.write_text("")
    os.chown(lock.path, 65534, -1)
    with pytest.raises(LockProblem, match="belongs to another user"):
        lock.take()
    os.chown(place, 65534, -1)
    with pytest.raises(LockProblem, match="belongs to the user with id 65534"):
        lock.take()


def test_network_filesystem_is_refused(
    key: str, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where flock is emulated, there is no lock."""
    kind = directories.filesystem_of(str(place), Path("/proc/self/mountinfo").read_text())
    monkeypatch.setattr(directories, "NETWORK", {kind})
    with pytest.raises(LockProblem, match=f"on a network filesystem \\({kind}\\)"):
        FileLock(key).take()


def test_directory_depends_on_the_user_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither HOME nor the current directory changes where the locks are."""
    monkeypatch.setenv("HOME", "/nowhere")
    assert str(lock_directory({"WATCHDOG_LOCK_DIR": "/x"})) == "/x"
    found = lock_directory({"HOME": "/nowhere"})
    if os.geteuid() == 0:
        assert found == Path("/run/watchdog")
    monkeypatch.setattr(os, "geteuid", lambda: pwd.getpwnam("nobody").pw_uid)
    home = pwd.getpwnam("nobody").pw_dir
    assert lock_directory({}) == Path(home) / ".local/state/watchdog/locks"
    monkeypatch.setattr(os, "geteuid", lambda: 4_000_000)
    with pytest.raises(LockProblem, match="has no home directory on record"):
        lock_directory({})


def test_closing_leaves_the_lock_to_who_inherited_it(key: str, place: Path) -> None:
    """To let go is to close, which frees nothing that a child still has."""
    lock = FileLock(key)
    assert lock.take() is None
    child = subprocess.Popen(["sleep", "1000"], pass_fds=lock.descriptors())
    lock.close()
    refused = FileLock(key).take()
    child.kill()
    child.wait()
    assert refused is not None
    assert refused.pid == child.pid


def test_file_replaced_while_it_is_being_locked(
    key: str, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A lock on a file that is no longer at the path is no lock: it is taken anew."""
    real, lock, replaced = fcntl.flock, FileLock(key), []

    def replace_first(descriptor: int, how: int) -> None:
        if not replaced:
            replaced.append(os.fstat(descriptor).st_ino)
            (place / "new").write_text("")
            (place / "new").replace(lock.path)
        real(descriptor, how)

    monkeypatch.setattr(fcntl, "flock", replace_first)
    assert lock.take() is None
    assert lock.is_intact()
    assert os.fstat(lock.fd).st_ino == lock.path.stat().st_ino
    lock.close()
