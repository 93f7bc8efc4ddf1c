"""Linux: the leader of an adopted tree. It is no child of ours, so its pidfd has to tell all.

The descriptor names this one process for ever, also when it is dead and its number is another's;
and the group that it led, which keeps it so when it is the only thing left.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import signal
import struct
import sys
from collections.abc import Callable

from watchdog.core.model import Exit
from watchdog.process import evidence, proc
from watchdog.process.birth import Birth
from watchdog.process.exits import from_wait

assert sys.platform == "linux"

NOT_OURS = "ended; how is not known, it was not our child"

# From <linux/pidfd.h>: the flag since Linux 6.9, the request since 6.13, its exit code since 6.15.
_PROCESS_GROUP = 1 << 2
_INFO = struct.Struct("QQ11Ii")  # struct pidfd_info: mask, cgroup, eleven ids, exit code
_INFO_EXIT = 1 << 3
_GET_INFO = 3 << 30 | _INFO.size << 16 | 0xFF << 8 | 11  # _IOWR(PIDFS_IOCTL_MAGIC, 11, ...)

_EXIT_CODE = 49  # of proc.stat(): field 52, readable for who might trace it


class Leader:
    """A living process that was proved to be the one."""

    def __init__(self, birth: Birth, descriptor: int) -> None:
        self.birth = birth
        self._fd = descriptor
        self._watching = False

    def watch(self, ended: Callable[[], None]) -> None:
        """Call `ended` on the running loop when it is dead."""
        asyncio.get_running_loop().add_reader(self._fd, ended)
        self._watching = True

    def unwatch(self) -> None:
        """Watch no more; signals to its group still go out."""
        if self._watching:
            asyncio.get_running_loop().remove_reader(self._fd)
        self._watching = False

    def send(self, number: int) -> None:
        """Signal it alone; raises ProcessLookupError when it is gone."""
        signal.pidfd_send_signal(self._fd, number)

    def send_group(self, number: int) -> None:
        """Signal the group that it leads or led; raises ProcessLookupError when that is empty."""
        try:
            signal.pidfd_send_signal(self._fd, number, None, _PROCESS_GROUP)
        except OSError as error:
            if isinstance(error, ProcessLookupError | PermissionError):
                raise
            self._send_group_by_number(number)

    def exit(self) -> Exit:
        """How it ended, as far as anybody but its parent can know."""
        # Its parent may collect it between the two, so the kernel is asked again.
        status = self._kept_status()
        if status is None:
            status = self._zombies_status()
        if status is None:
            status = self._kept_status()
        return Exit(detail=NOT_OURS) if status is None else from_wait(status)

    def close(self) -> None:
        """Let go of it."""
        self.unwatch()
        if self._fd >= 0:
            os.close(self._fd)
        self._fd = -1

    def _send_group_by_number(self, number: int) -> None:
        """For older kernels: while it lives nobody else can have its number."""
        signal.pidfd_send_signal(self._fd, 0)
        os.killpg(self.birth.pid, number)

    def _kept_status(self) -> int | None:
        """What the kernel keeps with the descriptor, once the parent has collected it."""
        answer = bytearray(_INFO.pack(_INFO_EXIT, *[0] * 13))
        with contextlib.suppress(OSError):
            fcntl.ioctl(self._fd, _GET_INFO, answer)
            fields = _INFO.unpack(answer)
            return fields[-1] if fields[0] & _INFO_EXIT else None
        return None

    def _zombies_status(self) -> int | None:
        """What a zombie shows as long as nobody has collected it."""
        pid = self.birth.pid
        fields = proc.stat(pid)
        if len(fields) <= _EXIT_CODE or not evidence.is_same(self.birth) or not _may_look(pid):
            return None  # who may not look is shown 0, which would pass for success
        return int(fields[_EXIT_CODE])


def take(birth: Birth) -> Leader | None:
    """The leader, if it lives and is proved to be the one."""
    if not evidence.is_the_one(birth):
        return None
    try:
        leader = Leader(birth, os.pidfd_open(birth.pid))
    except OSError:
        return None
    # The number may have changed hands before the descriptor was there; it cannot any more.
    if evidence.is_the_one(birth):
        return leader
    leader.close()
    return None


def _may_look(pid: int) -> bool:
    """Whether we are root, or the same user as the dead process."""
    if os.geteuid() == 0:
        return True
    with contextlib.suppress(OSError):
        return os.stat(f"/proc/{pid}").st_uid == os.geteuid()  # noqa: PTH116
    return False
