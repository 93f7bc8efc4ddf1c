"""Many deaths at one moment must not cost the event loop its composure (Unix)."""

from __future__ import annotations

import operator
import signal
import sys

assert sys.platform != "win32"


def withstand_bursts() -> None:
    """Make the running loop's handling of SIGCHLD stand a thousand deaths at once.

    To be called after the loop's `add_signal_handler`, whose own handler is written in Python: a
    signal that arrives while it runs nests another call of it, down to a RecursionError in whatever
    was interrupted, and a minute of nothing else. A function in C cannot be interrupted; this one
    does nothing. What wakes the loop is a byte in a socket: once that is full, one more is not
    missed, nor a complaint about it on standard error.
    """
    signal.signal(signal.SIGCHLD, operator.is_)
    signal.siginterrupt(signal.SIGCHLD, False)
    signal.set_wakeup_fd(signal.set_wakeup_fd(-1), warn_on_full_buffer=False)
