"""A machine within the machine, where this one allows it: its own process numbers and mounts.

Inside, process numbers come round after a few hundred births, so every record of a pid soon means
somebody else; a disk of a few hundred KiB can be full; and whatever happens, the kernel ends all
that was started there together with its first process. Without the right to make one, chaos runs in
the open, without these two faults.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

NEWNS, NEWUSER, NEWPID = 0x20000, 0x10000000, 0x20000000  # from <sched.h>
MS_NOSUID, MS_NODEV, MS_REC, MS_PRIVATE = 2, 4, 0x4000, 0x40000  # from <sys/mount.h>
PR_SET_PDEATHSIG = 1  # from <sys/prctl.h>
NUMBERS = 700  # process numbers inside: 300 are reserved, so 400 go round
ENCLOSED = "WATCHDOG_TEST_ENCLOSED"

_libc = ctypes.CDLL(None, use_errno=True)


def _check(result: int, what: str) -> None:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def mount(kind: str, target: Path | str, flags: int = MS_NOSUID | MS_NODEV, data: str = "") -> None:
    """mount(2); raises OSError."""
    text = data.encode() or None
    _check(_libc.mount(kind.encode(), os.fsencode(target), kind.encode(), flags, text), "mount")


def unmount(target: Path | str) -> None:
    """umount2(2), also of a filesystem that is in use."""
    _libc.umount2(os.fsencode(target), 2)  # MNT_DETACH


def is_enclosed() -> bool:
    """Whether we are inside."""
    return ENCLOSED in os.environ


def enclose(work: Callable[[], int]) -> int:
    """Do the work inside, in a process of its own, or in the open; its exit code."""
    started = os.fork()
    if started == 0:
        code = 70
        try:
            # With us ends also what we enclose, however we end.
            _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
            code = _be_outermost(work)
        finally:
            _leave(code)
    return _exit_code(os.waitpid(started, 0)[1])


def _be_outermost(work: Callable[[], int]) -> int:
    try:
        _unshare()
    except OSError as error:
        print(f"in the open, without reused pids and full disks: {error}", file=sys.stderr)
        return work()
    first = os.fork()
    if first == 0:
        code = 70
        try:
            _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
            code = _be_first(work)
        finally:
            _leave(code)
    return _exit_code(os.waitpid(first, 0)[1])


def _unshare() -> None:
    user, group = os.geteuid(), os.getegid()
    if user == 0:
        _check(_libc.unshare(NEWNS | NEWPID), "unshare")
        return
    _check(_libc.unshare(NEWUSER | NEWNS | NEWPID), "unshare")
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
    Path("/proc/self/gid_map").write_text(f"{group} {group} 1")


def _be_first(work: Callable[[], int]) -> int:
    """The process with number 1: it collects every orphan, as an init does."""
    _check(_libc.mount(None, b"/", None, MS_REC | MS_PRIVATE, None), "mount")
    mount("proc", "/proc")
    if _numbers_are_our_own():
        with contextlib.suppress(OSError):
            Path("/proc/sys/kernel/pid_max").write_text(str(NUMBERS))
    worker = os.fork()
    if worker == 0:
        code = 70
        try:
            os.environ[ENCLOSED] = "1"
            code = work()
        finally:
            _leave(code)
    while True:
        pid, status = os.wait()
        if pid == worker:
            return _exit_code(status)


def _numbers_are_our_own() -> bool:
    """Before Linux 6.14 there was one limit for the whole machine, which we leave alone."""
    major, minor = os.uname().release.split(".")[:2]
    return (int(major), int(minor)) >= (6, 14)


def _leave(code: int) -> None:
    error = sys.exc_info()[0]
    if error is not None and error is not SystemExit:
        import traceback

        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _exit_code(status: int) -> int:
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code
