"""Linux: death by pidfd, the role of subreaper, and the family that follows from it."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable

from watchdog.core.events import Event
from watchdog.core.model import Exit
from watchdog.process import evidence, posix, trees
from watchdog.process.birth import Birth
from watchdog.process.exits import from_siginfo
from watchdog.process.ports import Adopted
from watchdog.process.spec import Mark

assert sys.platform == "linux"

launch, bury, group_lives = posix.launch, trees.bury, posix.group_lives
place_of, close = posix.place_of, posix.close
birth_of, is_our_child = evidence.birth_of, evidence.is_our_child


_PR_SET_CHILD_SUBREAPER = 36  # prctl(2), since Linux 3.4


def works() -> bool:
    """Whether this kernel (5.4 on) and its sandbox let us use pidfds."""
    try:
        descriptor = os.pidfd_open(os.getpid())
    except (AttributeError, OSError):
        return False
    os.close(descriptor)
    return True


def become_subreaper() -> bool:
    """Have the orphans of all that we start re-parented to us; False if the kernel refuses."""
    if os.getpid() == 1:
        return True
    import ctypes  # 1 MiB, and not needed by PID 1 nor by who only imports this

    libc = ctypes.CDLL(None, use_errno=True)
    return bool(libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0)


class Watch:
    """A pidfd on the running loop. It names this one process, whatever becomes of its number."""

    def __init__(self, pid: int, ended: Callable[[], None]) -> None:
        self._fd = os.pidfd_open(pid)
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._fd, ended)

    def send(self, number: int) -> None:
        """Send a signal; raises ProcessLookupError when it is gone."""
        signal.pidfd_send_signal(self._fd, number)

    def close(self) -> None:
        """Stop watching."""
        if self._fd >= 0:
            self._loop.remove_reader(self._fd)
            os.close(self._fd)
        self._fd = -1


watch = Watch


def peek(pid: int) -> Exit | None:
    """How our child ended, or None. It stays a zombie, which pins its number and its group's."""
    try:
        found = os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return Exit(detail="gone, and how is not known: its status was collected by others")
    return from_siginfo(found.si_code, found.si_status) if found else None


def on_child() -> None:
    """A SIGCHLD arrived. Our own children have told us by their pidfds already."""


def family() -> trees.Family:
    """A new, empty family; we become its subreaper."""
    return trees.Family(reaper=become_subreaper())


def find(mark: Mark) -> Birth | None:
    """The leader that carries the mark."""
    from watchdog.process import adoption  # only after an earlier watchdog was killed

    return adoption.find(mark)


def has_remains(mark: Mark) -> bool:
    """Whether anything that carries the mark lives."""
    from watchdog.process import adoption  # only after an earlier watchdog was killed

    return adoption.has_remains(mark)


def adopt(birth: Birth, post: Callable[[Event], None], over: Callable[[], None]) -> Adopted | None:
    """The tree, if its leader lives and is proved to be the one."""
    from watchdog.process import adoption

    return adoption.adopt(birth, post, over)


def bury_strays(
    mark: Mark, post: Callable[[Event], None], over: Callable[[], None]
) -> Adopted | None:
    """What a dead leader has left behind, to be killed."""
    from watchdog.process import adoption

    return adoption.strays_of(mark, post, over)
