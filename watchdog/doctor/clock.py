"""Whether the machine's clock is kept right: nothing measures with it, but people read logs."""

from __future__ import annotations

import ctypes
import sys

from watchdog.cli.ports import Finding

_UNSYNCHRONISED, _LARGEST_ERROR = 0x40, 5  # STA_UNSYNC and TIME_ERROR of <sys/timex.h>
_SIZE = 208  # at least sizeof(struct timex) on 64 bits
_STATUS_AT = 40  # offset of `status` there: an unsigned int, four longs, an int


def examine_clock() -> Finding:
    """By the kernel's own word, whichever of chrony, ntpd or systemd-timesyncd there is."""
    if sys.platform != "linux" or sys.maxsize < 2**32:
        return Finding("clock", "ok", "not looked at on this system")
    timex = ctypes.create_string_buffer(_SIZE)
    state = ctypes.CDLL(None).adjtimex(timex)  # with no mode set: it only reads
    if state < 0:
        return Finding("clock", "ok", "the kernel does not say whether it is synchronised")
    status = ctypes.c_int.from_buffer(timex, _STATUS_AT).value
    return judge_clock(state != _LARGEST_ERROR and not status & _UNSYNCHRONISED)


def judge_clock(is_synchronised: bool) -> Finding:
    """Pure."""
    if is_synchronised:
        return Finding("clock", "ok", "synchronised, says the kernel")
    text = (
        "nobody synchronises it, says the kernel: times in logs and incidents may be off;"
        " supervision itself uses a clock that never jumps"
    )
    return Finding("clock", "warning", text, "install chrony, or: timedatectl set-ntp true")
