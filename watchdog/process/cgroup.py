"""Linux: the cgroup of one program (version 2), as the kernel offers it.

Whatever else a process sheds, its cgroup it keeps, and so does all that it forks; only who may
write to the files of another cgroup can leave. The kernel itself says whether anything lives in it.

The process is born inside, since moving one later takes 11 ms (a grace period of the kernel's RCU,
measured on Linux 6.18), in which it may have forked. Instead the watchdog's own thread goes in for
the length of a spawn: a thread that moves itself waits for nobody (35 us in, 30 us out). Only the
*threaded* kind of cgroup lets single threads in. That kind has no `cgroup.kill`; but it can be
frozen, and what is frozen does not fork, so everything in it is killed by number.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Iterator

from watchdog.process import proc

assert sys.platform == "linux"

PASSES = 100  # at most so many looks in one kill; a frozen process appears in the first or second


class Cgroup:
    """One directory below the watchdog's own cgroup. It need not exist."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._leaf = b"/" + os.fsencode(os.path.basename(path))  # noqa: PTH119

    def exists(self) -> bool:
        """Whether there is such a directory, and it is ours."""
        try:
            return os.stat(self.path).st_uid == os.geteuid()  # noqa: PTH116
        except OSError:
            return False

    def make(self) -> None:
        """Make it, and make it a threaded one. Raises OSError."""
        with contextlib.suppress(FileExistsError):
            os.mkdir(self.path)  # noqa: PTH102
        if not self.exists():
            raise PermissionError(f"{self.path} belongs to another user")
        if proc.read(f"{self.path}/cgroup.type") != b"threaded\n":
            write(f"{self.path}/cgroup.type", b"threaded")

    @contextlib.contextmanager
    def visited(self, home: str) -> Iterator[bool]:
        """Be inside with this thread alone, so that what it forks is born there; False: refused."""
        back = self._enter(home)
        try:
            yield back >= 0
        finally:
            if back >= 0:
                _write_and_close(back, b"0")

    def is_populated(self) -> bool:
        """Whether anything lives in it or below; zombies do not count."""
        events = proc.read(f"{self.path}/cgroup.events")
        # A file that could not be read (no descriptor to spare) proves nothing.
        return b"populated 1" in events or (not events and self.exists())

    def members(self) -> list[int]:
        """The processes that live in it or below, without ourselves."""
        threads = [t for place in self._places() for t in threads_in(place)]
        found = {process for t in threads if (process := proc.process_of(t)) is not None}
        return sorted(found - {os.getpid()})

    def holds(self, pid: int) -> bool:
        """Whether the process is in it or below."""
        line = proc.read(f"/proc/{pid}/cgroup").rpartition(b"0::")[2]
        _, _, rest = line.partition(self._leaf)
        return rest[:1] in (b"/", b"\n", b" ")  # a space: it was removed, and only zombies are left

    def kill(self) -> None:
        """SIGKILL everything in it. Their deaths take a moment; a setuid program may refuse."""
        struck: set[int] = set()
        self._freeze(b"1")
        try:
            for _ in range(PASSES):
                fresh = set(self.members()) - struck
                if not fresh:
                    break
                struck |= fresh
                for pid in fresh:
                    self._strike(pid)
        finally:
            self._freeze(b"0")

    def remove(self) -> bool:
        """Remove it if nothing lives in it: the kernel refuses otherwise."""
        with contextlib.suppress(OSError):
            for place in reversed(list(self._places())):
                os.rmdir(place)  # noqa: PTH106
            return True
        return False

    def _enter(self, home: str) -> int:
        """The descriptor by which to leave again, or -1."""
        try:
            # First the way back: once inside, nothing may be lacking.
            back = os.open(f"{home}/cgroup.threads", os.O_WRONLY | os.O_CLOEXEC)
        except OSError:
            return -1
        try:
            write(f"{self.path}/cgroup.threads", b"0")
        except OSError:
            os.close(back)
            return -1
        return back

    def _places(self) -> Iterator[str]:
        """The directory and those that the program has made below it, parents first."""
        yield self.path
        for place, directories, _ in os.walk(self.path):
            yield from (f"{place}/{name}" for name in directories)

    def _strike(self, pid: int) -> None:
        try:
            descriptor = os.pidfd_open(pid)
        except OSError:
            return
        try:
            # The number may have become another's since it was listed; it cannot any more.
            if self.holds(pid):
                signal.pidfd_send_signal(descriptor, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            pass
        finally:
            os.close(descriptor)

    def _freeze(self, state: bytes) -> None:
        with contextlib.suppress(OSError):
            write(f"{self.path}/cgroup.freeze", state)


def threads_in(place: str) -> list[int]:
    """The living threads in one cgroup; 0 stands for those of which we may not know."""
    return [
        int(thread) for thread in proc.read(f"{place}/cgroup.threads").split() if thread != b"0"
    ]


def home() -> str | None:
    """The directory of the cgroup that we are in; None where version 2 is not mounted."""
    texts = (proc.read(f"/proc/self/{name}") for name in ("cgroup", "mountinfo"))
    return locate(*(os.fsdecode(text) for text in texts))


def locate(membership: str, mountinfo: str) -> str | None:
    """The same, from the texts of the two files of /proc."""
    inside = [line[3:] for line in membership.splitlines() if line.startswith("0::")]
    for line in mountinfo.splitlines():
        left, _, right = line.partition(" - ")
        if inside and right.split()[:1] == ["cgroup2"]:
            root, point = left.split()[3:5]
            below = inside[0].removeprefix(root.rstrip("/")).strip("/")
            return f"{point}/{below}" if below else point
    return None


def trouble(place: str | None) -> str:
    """Why no program's cgroup may be made below ours; empty if it may, which is then proved."""
    if place is None:
        return "cgroup v2 is not mounted"
    if not _is_left_to_us(place):
        return "cgroup v2 is systemd's here, and not delegated to us"
    trial = Cgroup(f"{place}/watchdog-trial.{os.getpid()}")
    try:
        trial.make()
        with trial.visited(place) as inside:
            return "" if inside else "cgroup v2 is mounted, and no thread may be moved in it"
    except OSError as error:
        return f"cgroup v2 is mounted, and {place} is not delegated to us ({error.strerror})"
    finally:
        trial.remove()


def write(path: str, data: bytes) -> None:
    """One write to a file of the kernel's. Raises OSError."""
    _write_and_close(os.open(path, os.O_WRONLY | os.O_CLOEXEC), data)


def _write_and_close(descriptor: int, data: bytes) -> None:
    try:
        os.write(descriptor, data)
    finally:
        os.close(descriptor)


def _is_left_to_us(place: str) -> bool:
    """Where systemd runs, the tree is its own, but for what it has marked as delegated."""
    if not os.path.isdir("/run/systemd/system"):  # noqa: PTH112
        return True
    return is_delegated(place)


def is_delegated(place: str) -> bool:
    """Whether systemd has left this cgroup, or one above, to whoever is in it (Delegate=)."""
    while place.startswith("/sys/fs/cgroup/"):
        for name in ("user.delegate", "trusted.delegate"):
            with contextlib.suppress(OSError):
                if os.getxattr(place, name) == b"1":
                    return True
        place = os.path.dirname(place)  # noqa: PTH120
    return False
