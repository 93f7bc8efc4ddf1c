"""One short command, run without a thread: Popen, a pidfd and a pipe on the event loop.

What it keeps true: the command is the leader of a session and group of its own; once it has ended
or was told to, the whole group is killed, and its leader is always reaped, even long afterwards.
A process that has left the group on purpose escapes.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
from collections.abc import Callable, Sequence
from typing import IO, cast

from watchdog.probes.attempt import Surroundings

KEPT = 1024  # bytes of the output that are kept by default; the rest is read and dropped
CHUNK = 64 * 1024  # bytes read at once: a pipe's capacity
BREATH = 0.02  # seconds between two reads of a command that floods, so that it costs us little


class Command:
    """A running command. `ended` gives its exit code, minus the signal, or None if unknown."""

    def __init__(
        self,
        argv: Sequence[str],
        around: Surroundings,
        heard: Callable[[bytes], None],
        told: bytes = b"",
        kept: int = KEPT,
    ) -> None:
        """Start it, with `told` (less than a page) to read. OSError, ValueError or
        SubprocessError: it does not run."""
        self._kept = kept
        self._loop = asyncio.get_running_loop()
        self.ended: asyncio.Future[int | None] = self._loop.create_future()
        self._heard = heard
        self._output = b""
        self._pause: asyncio.TimerHandle | None = None
        self._popen = _spawn(argv, around, told)
        self._pipe = cast(IO[bytes], self._popen.stdout)
        self._pidfd = _open_pidfd(self._popen)
        os.set_blocking(self._pipe.fileno(), False)
        self._loop.add_reader(self._pipe, self._read)
        self._loop.add_reader(self._pidfd, self._reap)

    def end(self) -> None:
        """Kill what is left of it and listen no more. Reaping follows when the kernel says so."""
        self._hang_up()
        if self._popen.returncode is None:
            self._kill()

    def _read(self) -> None:
        self._pause = None
        with contextlib.suppress(BlockingIOError):
            data = os.read(self._pipe.fileno(), CHUNK)
            if not data:
                return self._hang_up()
            if len(self._output) < self._kept:
                self._output = (self._output + data)[: self._kept]
                self._heard(self._output)
            else:
                self._loop.remove_reader(self._pipe)
                self._pause = self._loop.call_later(BREATH, self._read_on)
        return None

    def _read_on(self) -> None:
        self._loop.add_reader(self._pipe, self._read)
        self._read()

    def _reap(self) -> None:
        # Killed before it is reaped: until then its pid, and so the group's, cannot be another's.
        self._kill()
        self._loop.remove_reader(self._pidfd)
        code = _wait(self._pidfd)
        os.close(self._pidfd)
        self._popen.returncode = code if code is not None else -1
        if not self._pipe.closed:
            self._read()
        self._hang_up()
        if not self.ended.done():
            self.ended.set_result(code)

    def _kill(self) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._popen.pid, signal.SIGKILL)

    def _hang_up(self) -> None:
        if self._pause:
            self._pause.cancel()
            self._pause = None
        if not self._pipe.closed:
            self._loop.remove_reader(self._pipe)
            self._pipe.close()


def _spawn(argv: Sequence[str], around: Surroundings, told: bytes) -> subprocess.Popen[bytes]:
    stdin = _pipe_with(told) if told else subprocess.DEVNULL
    try:
        return _start(argv, around, stdin)
    finally:
        if told:
            os.close(stdin)


def _pipe_with(told: bytes) -> int:
    """The end to read of a pipe in which all of it lies already."""
    reading, writing = os.pipe()
    try:
        os.write(writing, told)  # up to a page always finds room, so this never waits
    finally:
        os.close(writing)
    return reading


def _start(argv: Sequence[str], around: Surroundings, stdin: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        list(argv),
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        bufsize=0,
        start_new_session=True,
        env=around.environment,
        cwd=around.directory,
        user=around.user,
        group=around.group,
        extra_groups=around.groups,
    )


def _open_pidfd(popen: subprocess.Popen[bytes]) -> int:
    try:
        return os.pidfd_open(popen.pid)
    except OSError:  # no descriptor left: better no probe than a process nobody watches
        popen.kill()
        popen.communicate()
        raise


def _wait(pidfd: int) -> int | None:
    """Reap by the pidfd. None if somebody else did: Popen would take that for a success."""
    try:
        result = os.waitid(os.P_PIDFD, pidfd, os.WEXITED | os.WNOHANG)
    except ChildProcessError:
        return None
    if result is None:
        return None
    return result.si_status if result.si_code == os.CLD_EXITED else -result.si_status
