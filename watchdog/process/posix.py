"""Any Unix: starting a process, and the least that can be known of its tree.

`launch` serves Linux too. The rest is for systems without pidfd: deaths are learnt from SIGCHLD,
and a tree is the leader's process group. What calls setsid there is beyond our sight.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from typing import Any

from watchdog.core.events import Event
from watchdog.core.model import Exit
from watchdog.process import limits, users
from watchdog.process.birth import Birth
from watchdog.process.exits import from_wait
from watchdog.process.ports import Adopted, Sight
from watchdog.process.spec import MARKER, Mark, SpawnSpec

assert sys.platform != "win32"

STRAY_POLL = 0.1  # seconds between two looks at a group that outlived its leader


def launch(spec: SpawnSpec, mark: Mark) -> int:
    """Start the process in a session of its own and return its pid; raises OSError, ValueError."""
    if not spec.command:
        raise FileNotFoundError(errno.ENOENT, "empty command")
    limits.check(spec.limits)
    account = users.account_of(spec)
    environment = {**spec.environment, MARKER: mark.text}
    if account is not None:
        environment = users.environment_of(account, environment, dict(os.environ))
    with limits.marked(mark.nonce), limits.around(spec.limits):
        child = _popen(spec, environment, account)
    # From here on the status is ours to collect: with a returncode Popen never waits by itself.
    child.returncode = 0
    _limit_or_kill(child.pid, spec)
    return child.pid


def _popen(
    spec: SpawnSpec, environment: dict[str, str], account: users.Account | None
) -> subprocess.Popen[bytes]:
    options = _options(spec, environment, account)
    if not spec.sockets:
        return subprocess.Popen(spec.command, **options)
    from watchdog.process.passing import placed  # only where sockets are held

    given = (spec.command, environment, spec.sockets, spec.socket_names, spec.pass_fds)
    try:
        with placed(*given) as before_exec:
            return subprocess.Popen(spec.command, preexec_fn=before_exec, **options)
    except subprocess.SubprocessError:
        text = "its sockets cannot be given to it; is its limit of open files too low?"
        raise ValueError(text) from None


def _options(
    spec: SpawnSpec, environment: dict[str, str], account: users.Account | None
) -> dict[str, Any]:
    options: dict[str, Any] = {
        "cwd": spec.directory,
        "env": environment,
        "stdin": subprocess.DEVNULL if spec.stdin is None else spec.stdin,
        "stdout": spec.stdout,
        "stderr": spec.stderr,
        "pass_fds": spec.pass_fds,
        "umask": spec.umask,
        "start_new_session": True,  # no preexec_fn unless need be: it would forbid vfork
    }
    if account is not None:
        options |= {"user": account.uid, "group": account.gid, "extra_groups": account.groups}
    return options


def _limit_or_kill(pid: int, spec: SpawnSpec) -> None:
    try:
        limits.on_child(pid, spec.limits)
    except ProcessLookupError:
        return
    except (OSError, ValueError):
        abandon(pid)
        raise


def abandon(pid: int) -> None:
    """End a child that cannot be supervised, as if it had never been started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)
    os.waitpid(pid, 0)


# --- without pidfd ----------------------------------------------------------------------------

_watched: dict[int, Callable[[], None]] = {}  # our children, asked one by one at each SIGCHLD


class ChildWatch:
    """Watches a child through SIGCHLD; its pid cannot be reused before we collect it."""

    def __init__(self, pid: int, ended: Callable[[], None]) -> None:
        self._pid = pid
        _watched[pid] = ended

    def send(self, number: int) -> None:
        """Send a signal."""
        os.kill(self._pid, number)

    def close(self) -> None:
        """Stop watching."""
        _watched.pop(self._pid, None)


class GroupWatch:
    """Watches a group that outlived its leader. Only polling can tell its end here."""

    def __init__(self, group: int, ended: Callable[[], None]) -> None:
        self._group, self._ended = group, ended
        self._timer = asyncio.get_running_loop().call_later(STRAY_POLL, self._look)

    def send(self, number: int) -> None:
        """Send a signal to the group."""
        os.killpg(self._group, number)

    def close(self) -> None:
        """Stop watching."""
        self._timer.cancel()

    def _look(self) -> None:
        if group_lives(self._group):
            self._timer = asyncio.get_running_loop().call_later(STRAY_POLL, self._look)
        else:
            self._ended()


def watch(pid: int, ended: Callable[[], None]) -> ChildWatch | GroupWatch:
    """Watch a child, or, with a negative number as for kill(2), a group."""
    return GroupWatch(-pid, ended) if pid < 0 else ChildWatch(pid, ended)


def peek(pid: int) -> Exit | None:
    """How our child ended, or None. It is collected by this; the group's number lives on."""
    try:
        found, status = os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return Exit(detail="gone, and how is not known: its status was collected by others")
    return from_wait(status) if found else None


def bury(pid: int) -> None:
    """Nothing is left to do: `peek` has collected it."""


def group_lives(pid: int) -> bool:
    """Whether any process is left in the group."""
    try:
        os.killpg(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def on_child() -> None:
    """A SIGCHLD arrived: ask every child."""
    for ended in list(_watched.values()):
        ended()


class GroupFamily:
    """Takes the process group for the tree; a stray is named by the group's negative number."""

    def __init__(self) -> None:
        self.unclaimed: set[int] = set()
        self._leaders: set[int] = set()

    def join(self, leader: int, mark: Mark) -> None:
        """A tree begins."""
        self._leaders.add(leader)

    def leave(self, leader: int) -> None:
        """The tree was proved empty."""
        self._leaders.discard(leader)

    def look(self) -> Sight:
        """Each group that outlived its leader."""
        dead = [pid for pid in self._leaders if pid not in _watched]
        for pid in dead:
            _collect_group(pid)
        return Sight({pid: [-pid] for pid in dead if group_lives(pid)}, settled=True)

    def members(self, leader: int) -> list[int]:
        """The leader alone is known here."""
        return [leader]

    def weight(self, leader: int) -> int:
        """Not known here without reading other processes' memory tables."""
        return 0

    def strike(self, leader: int, pid: int) -> None:
        """SIGKILL the group."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)

    def collect(self, pids: set[int]) -> None:
        """Nobody is re-parented to us here."""


def _collect_group(group: int) -> None:
    """Collect those of its dead that were re-parented to us, as they are to PID 1."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-group, os.WNOHANG)[0]:
            pass


def family() -> GroupFamily:
    """A new, empty family."""
    return GroupFamily()


def place_of(program: str) -> str:
    """There are no cgroups here, or they are not used."""
    return ""


def close() -> None:
    """Nothing was made that would have to be removed."""


# --- without /proc nothing proves that a process is the one of before ---------------------------


def birth_of(pid: int, mark: Mark) -> Birth | None:
    """Not to be had here."""
    return None


def find(mark: Mark) -> Birth | None:
    """Not to be had here."""
    return None


def has_remains(mark: Mark) -> bool:
    """Nobody can know: there are no marks."""
    return False


def is_our_child(birth: Birth) -> bool:
    """Not known here."""
    return False


def adopt(birth: Birth, post: Callable[[Event], None], over: Callable[[], None]) -> Adopted | None:
    """Nothing is adopted here; the lock that the process holds still bars a second one."""
    return None


def bury_strays(
    mark: Mark, post: Callable[[Event], None], over: Callable[[], None]
) -> Adopted | None:
    """Nothing is known of strays here."""
    return None
