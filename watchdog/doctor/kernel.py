"""What the kernel offers: each feature is used once, since its version alone says little.

A sandbox (a container's seccomp filter above all) may forbid what the kernel has.
"""

from __future__ import annotations

import contextlib
import os
import socket
import sys
import tempfile
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

from watchdog.cli.ports import Finding
from watchdog.process import cgroup

assert sys.platform == "linux"

_CLEAR_SUBREAPER = 36  # PR_SET_CHILD_SUBREAPER


def examine_kernel() -> Iterator[Finding]:
    """One finding for each feature."""
    yield from (_try(*trial) for trial in _TRIALS)
    yield _look_at_yama()


def examine_tree() -> Iterator[Finding]:
    """By which means a program's whole tree of processes is ended, and proved to be gone."""
    if _is_subreaper():
        text = "trees end by process group, subreaper and the mark that each process carries"
        yield Finding("tree", "ok", text)
    else:
        text = "trees end by process group and a search of /proc: the role of subreaper is refused"
        yield Finding("tree", "warning", text, "allow prctl(2) in the sandbox around it")
    yield judge_cgroup(cgroup.home(), cgroup.trouble)


def _try(name: str, works: Callable[[], bool], without: str) -> Finding:
    try:
        fine = works()
    except (OSError, AttributeError):
        fine = False
    if fine:
        return Finding("kernel", "ok", name)
    advice = "a newer kernel has it; in a container, its seccomp filter may forbid it"
    return Finding("kernel", "warning", f"no {name}: {without}", advice)


def _has_pidfd() -> bool:
    from watchdog.process import linux

    return linux.works()


def _is_subreaper() -> bool:
    from watchdog.process import linux

    fine = linux.become_subreaper()
    if fine and os.getpid() != 1:
        import ctypes

        ctypes.CDLL(None).prctl(_CLEAR_SUBREAPER, 0, 0, 0, 0)
    return fine


def _keeps_exit() -> bool:
    """Whether a pidfd tells how a process ended that somebody else has collected (Linux 6.15)."""
    import fcntl
    import struct

    info = struct.Struct("QQ11Ii")  # struct pidfd_info of <linux/pidfd.h>: mask, ids, exit code
    request = 3 << 30 | info.size << 16 | 0xFF << 8 | 11
    wanted = 1 << 3  # PIDFD_INFO_EXIT
    pid = os.posix_spawn(sys.executable, [sys.executable, "-Sc", "raise SystemExit(7)"], {})
    descriptor = os.pidfd_open(pid)
    try:
        os.waitpid(pid, 0)
        answer = bytearray(info.pack(wanted, *[0] * 13))
        fcntl.ioctl(descriptor, request, answer)
        fields = info.unpack(answer)
        return bool(fields[0] & wanted) and os.waitstatus_to_exitcode(fields[-1]) == 7
    finally:
        os.close(descriptor)


def _fetches() -> bool:
    """Whether a descriptor can be had from another process of ours (pidfd_getfd, Linux 5.6)."""
    from watchdog.locks import borrow

    reader, writer = os.pipe()
    try:
        return _is_told(borrow.fetch(os.getpid(), writer), reader)
    except borrow.Forbidden:
        return False
    finally:
        os.close(reader)
        os.close(writer)


def _is_told(copy: int, reader: int) -> bool:
    os.write(copy, b"x")
    os.close(copy)
    return os.read(reader, 1) == b"x"


def _binds_abstract() -> bool:
    with socket.socket(socket.AF_UNIX) as trial:
        trial.bind(f"\0watchdog-doctor/{uuid.uuid4().hex}")
        return True


def _watches_files() -> bool:
    from watchdog import inotify

    descriptor = inotify.watch(Path("/"), inotify.GONE)
    if descriptor >= 0:
        os.close(descriptor)
    return descriptor >= 0


def _splices() -> bool:
    """From a pipe into a file, which is how output is captured without being copied."""
    reader, writer = os.pipe()
    with contextlib.closing(tempfile.TemporaryFile()) as file:
        try:
            os.write(writer, b"x")
            return os.splice(reader, file.fileno(), 1, offset_dst=0) == 1
        finally:
            os.close(reader)
            os.close(writer)


_TRIALS: tuple[tuple[str, Callable[[], bool], str], ...] = (
    ("pidfd", _has_pidfd, "ends are learned from SIGCHLD, and nothing can be adopted"),
    ("PIDFD_GET_INFO exit info", _keeps_exit, "how an adopted program ended may stay unknown"),
    ("pidfd_getfd", _fetches, "the lock of an adopted program cannot be shared, only watched"),
    ("abstract sockets", _binds_abstract, "only the lock file keeps a second copy away"),
    ("inotify", _watches_files, "a removed lock file is noticed late"),
    ("splice", _splices, "captured output is copied by the watchdog itself"),
)


def _look_at_yama() -> Finding:
    try:
        scope = int(Path("/proc/sys/kernel/yama/ptrace_scope").read_text())
    except (OSError, ValueError):
        scope = 0
    if scope == 0 or (os.geteuid() == 0 and scope < 3):
        return Finding("kernel", "ok", "locks of programs that are adopted can be fetched")
    text = f"kernel.yama.ptrace_scope is {scope}: an adopted program's lock can only be watched"
    advice = "nothing is lost by it; sysctl kernel.yama.ptrace_scope=0 lets it be shared"
    return Finding("kernel", "warning", text, advice)


def judge_cgroup(place: str | None, trouble: Callable[[str | None], str]) -> Finding:
    """Whether each program gets a cgroup of its own, and if not, why."""
    why = trouble(place)
    if not why:
        text = f"and by a cgroup of each program, below {place}: it holds what sheds every mark"
        return Finding("tree", "ok", text)
    text = f"and by no cgroup ({why}): a process that sheds every mark and its parents escapes"
    return Finding("tree", "ok", text)
