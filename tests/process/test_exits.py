"""What the kernel says of an end, as the core's Exit and in words."""

from __future__ import annotations

import os
import signal

import pytest

from watchdog.core.model import Exit
from watchdog.process.exits import from_siginfo, from_wait, signal_name, signal_number, words


@pytest.mark.parametrize(
    ("exit", "said"),
    [
        (Exit(code=0), "exit status 0"),
        (Exit(code=1), "exit status 1"),
        (Exit(code=127), "command not found (127)"),
        (Exit(code=126), "command not executable (126)"),
        (Exit(signal=9), "killed by SIGKILL (9)"),
        (Exit(signal=36), "killed by SIGRTMIN+2 (36)"),
        (Exit(code=127, detail="cannot run 'x'"), "cannot run 'x'"),
        (Exit(), "gone, and how is not known"),
    ],
)
def test_words(exit: Exit, said: str) -> None:
    """Every exit has a short description."""
    assert words(exit) == said


def test_both_decoders_agree_with_the_kernel() -> None:
    """waitid's and waitpid's answers for real children decode to the same Exit."""
    for end in (lambda: os._exit(7), lambda: os.kill(os.getpid(), signal.SIGKILL)):
        pid = os.fork()
        if pid == 0:
            end()
        info = os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
        assert info is not None
        status = os.waitpid(pid, 0)[1]
        assert from_siginfo(info.si_code, info.si_status) == from_wait(status)
        assert os.waitstatus_to_exitcode(status) in (7, -9)


def test_core_dump_is_mentioned() -> None:
    """A dumped core is part of the description, by either way of asking."""
    assert from_siginfo(3, 11) == from_wait(0x80 | 11)
    assert from_wait(0x80 | 11).detail == "killed by SIGSEGV (11), core dumped"


@pytest.mark.parametrize("name", ["TERM", "SIGTERM", "term", " sigterm ", "15"])
def test_signal_names(name: str) -> None:
    """A signal may be written in each of the usual ways."""
    assert signal_number(name) == 15


@pytest.mark.parametrize("name", ["", "TERMINATE", "0", "65", "-9", "SIG_DFL"])
def test_unknown_signal_is_refused(name: str) -> None:
    """What is no signal is refused with a hint."""
    with pytest.raises(ValueError, match="there is no signal"):
        signal_number(name)


def test_every_number_has_a_name() -> None:
    """No signal number is without a name."""
    assert signal_name(15) == "SIGTERM"
    assert signal_name(33) == "signal 33"
