"""One small process that outlives the watchdog by a moment, to end what must not outlive it.

It is a fork of the watchdog that keeps nothing but the read end of a pipe. The watchdog writes
down there what to end; when it dies, however it dies, the kernel closes its end, and the guardian
kills. It has no lock, no output, a session and a name of its own, and heeds no polite signal, so
that what is sent to the watchdog or to its terminal does not meet it. If the guardian itself dies,
a new one is started at once.

What it does not survive: SIGKILL to both, for example of their common cgroup.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import gc
import os
import signal
import sys
import time

import msgspec

from watchdog.process.birth import Birth
from watchdog.process.spec import Mark
from watchdog.process.sweep import Kin, kill_cgroup, strike, sweep

assert sys.platform == "linux"

NAME = "guardian"
SIG_IGN = ctypes.c_void_p(1)  # as <signal.h> has it everywhere
PATIENCE = 30.0  # seconds that it goes on killing what does not die (a process in state D)
PAUSE = 0.005  # seconds between two looks
SHORT_LIFE = 1.0  # seconds; a guardian that died sooner is replaced after so long


class Charge(msgspec.Struct, frozen=True):
    """What is to be ended for a program: a tree by its mark, and by its leader once that is known.

    Without a nonce: nothing any more.
    """

    program: str
    incarnation: int = 0
    nonce: int = 0
    birth: Birth | None = None
    cgroup: str = ""  # the path of the program's, if it has one


# Made before the fork, so that its pages are shared.
CHARGES = msgspec.json.Decoder(Charge)


class Guardian:
    """The watchdog's side. Started by the first charge; lives on the running loop."""

    def __init__(self) -> None:
        self._charges: dict[str, Charge] = {}
        self._pipe, self._pid, self._pidfd = -1, 0, -1
        self._since = 0.0

    @classmethod
    def resume(cls, pipe: int, pid: int) -> Guardian:
        """The guardian of before a re-execution, by what `hand_over` gave.

        It knows its charges; we do not, so `watch` each again, for the case that it is killed.
        """
        guardian = cls()
        os.set_inheritable(pipe, False)
        guardian._pipe, guardian._pid = pipe, pid
        guardian._attend()
        return guardian

    @property
    def pid(self) -> int:
        """The process; 0 while there is none."""
        return self._pid

    def expect(self, program: str, incarnation: int, nonce: int, cgroup: str = "") -> None:
        """Just before a spawn: end whatever will carry the mark. Raises OSError."""
        self._charge(Charge(program, incarnation, nonce, None, cgroup))

    def watch(self, program: str, birth: Birth, cgroup: str = "") -> None:
        """End the tree of this process, spawned or adopted. Raises OSError."""
        self._charge(Charge(program, birth.incarnation, birth.nonce, birth, cgroup))

    def forget(self, program: str) -> None:
        """Nothing is left of the program, or it may live on without us."""
        if self._charges.pop(program, None) is not None:
            self._tell(Charge(program))

    def hand_over(self) -> tuple[int, int]:
        """For a re-execution: the pipe, which will now survive it, and the process."""
        self._detach()
        os.set_inheritable(self._pipe, True)
        return self._pipe, self._pid

    def take_back(self) -> None:
        """The re-execution did not come about: go on as before."""
        os.set_inheritable(self._pipe, False)
        self._attend()

    def close(self) -> None:
        """Dismiss it: nothing is killed."""
        for program in list(self._charges):
            self.forget(program)
        self._detach()
        if self._pipe >= 0:
            os.close(self._pipe)
        self._pipe, self._pid = -1, 0

    def _charge(self, charge: Charge) -> None:
        if self._pid == 0:
            self._start()
        self._charges[charge.program] = charge
        self._tell(charge)

    def _start(self) -> None:
        read, self._pipe = os.pipe()
        title, self._since = f"{NAME} of {os.getpid()}", time.monotonic()
        self._pid = os.fork()
        if self._pid == 0:
            be_guardian(read, title)
        os.close(read)
        self._attend()

    def _tell(self, charge: Charge) -> None:
        # A dead guardian is replaced, and the next one told everything.
        with contextlib.suppress(BrokenPipeError):
            os.write(self._pipe, msgspec.json.encode(charge) + b"\n")

    def _attend(self) -> None:
        self._pidfd = os.pidfd_open(self._pid)
        asyncio.get_running_loop().add_reader(self._pidfd, self._on_end)

    def _detach(self) -> None:
        if self._pidfd >= 0:
            asyncio.get_running_loop().remove_reader(self._pidfd)
            os.close(self._pidfd)
        self._pidfd = -1

    def _on_end(self) -> None:
        """It was killed: another takes its place."""
        self._detach()
        with contextlib.suppress(ChildProcessError):
            os.waitpid(self._pid, os.WNOHANG)
        os.close(self._pipe)
        self._pipe, self._pid = -1, 0
        # At once, but no hot loop where it cannot live at all.
        wait = 0.0 if time.monotonic() - self._since > SHORT_LIFE else SHORT_LIFE
        asyncio.get_running_loop().call_later(wait, self._replace)

    def _replace(self) -> None:
        for charge in list(self._charges.values()):
            try:
                self._charge(charge)
            except OSError:  # no process or descriptor to be had just now
                asyncio.get_running_loop().call_later(SHORT_LIFE, self._replace)
                return


# --- the guardian's own side: it never returns into the watchdog's code -------------------------


def be_guardian(pipe: int, title: str) -> None:
    """Wait for the watchdog's end, then kill what it had in its charge, and exit."""
    code = 1
    try:
        become_nobody(pipe, title)
        end(listen(0))
        code = 0
    finally:
        os._exit(code)


def become_nobody(pipe: int, title: str) -> None:
    """Let go of everything that makes this process look, or hold on, like the watchdog.

    The pipe becomes descriptor 0, the only one.
    """
    gc.disable()  # it would write to every page that we share with the watchdog
    os.setsid()
    signal.set_wakeup_fd(-1)
    if pipe != 0:
        os.dup2(pipe, 0)
    os.closerange(1, os.sysconf("SC_OPEN_MAX"))
    with contextlib.suppress(OSError):
        os.chdir("/")
    libc = ctypes.CDLL(None)
    ignore_signals(libc)
    rename(libc, title)


def ignore_signals(libc: ctypes.CDLL) -> None:
    """All that can be ignored; by the C library, since Python's own way writes to 0.6 MiB more."""
    for number in range(1, signal.NSIG):
        libc.signal(number, SIG_IGN)


def listen(pipe: int) -> list[Charge]:
    """Everything that is in our charge when the watchdog's end of the pipe is closed."""
    charges: dict[str, Charge] = {}
    rest = b""
    while data := os.read(pipe, 65536):
        *lines, rest = (rest + data).split(b"\n")
        for line in lines:
            charge = CHARGES.decode(line)
            charges.pop(charge.program, None)
            if charge.nonce:
                charges[charge.program] = charge
    return list(charges.values())


def end(charges: list[Charge]) -> None:
    """Kill until nothing is left of any tree."""
    kins = [Kin(Mark(c.program, c.incarnation, c.nonce), c.birth, c.cgroup) for c in charges]
    until = time.monotonic() + PATIENCE
    while kins and time.monotonic() < until:
        kins = [kin for kin in kins if not _strike_all(kin)]
        time.sleep(PAUSE if kins else 0)


def _strike_all(kin: Kin) -> bool:
    """Kill what one pass meets; True if it proves that there was nothing."""
    kill_cgroup(kin)
    swept = sweep(kin, lambda pid: strike(kin, pid))
    return swept.complete and not swept.alive


def rename(libc: ctypes.CDLL, title: str) -> None:
    """Show another name in ps, so that what is aimed at the watchdog's name misses us."""
    libc.prctl(15, title.encode()[:15], 0, 0, 0)  # PR_SET_NAME
    with open("/proc/self/stat", "rb") as stat:  # noqa: PTH123
        fields = stat.read().rpartition(b")")[2].split()
    start, stop = int(fields[45]), int(fields[46])  # arg_start, arg_end: fields 48 and 49
    if 0 < start < stop:
        text = title.encode()[: stop - start - 1]
        ctypes.memmove(start, text.ljust(stop - start, b"\0"), stop - start)
