"""How a process ended: from what the kernel says to the core's Exit, and to words. Pure."""

from __future__ import annotations

import signal as signals

from watchdog.core.model import Exit

# What wait(2) puts into si_code, the same on every Unix (POSIX: CLD_EXITED, CLD_KILLED, ...).
CLD_EXITED, CLD_KILLED, CLD_DUMPED = 1, 2, 3

# What a shell and the core's default `fatal` list mean by these two.
SHELL_CODES = {126: "command not executable", 127: "command not found"}


def from_siginfo(code: int, status: int) -> Exit:
    """Decode the si_code and si_status of waitid(2)."""
    if code == CLD_EXITED:
        return with_words(Exit(code=status))
    return with_words(Exit(signal=status), dumped=code == CLD_DUMPED)


def from_wait(status: int) -> Exit:
    """Decode the status word of waitpid(2)."""
    number = status & 0x7F
    if number == 0:
        return with_words(Exit(code=(status >> 8) & 0xFF))
    return with_words(Exit(signal=number), dumped=bool(status & 0x80))


def with_words(exit: Exit, *, dumped: bool = False) -> Exit:
    """The same exit with its description filled in."""
    detail = words(exit) + (", core dumped" if dumped else "")
    return Exit(code=exit.code, signal=exit.signal, detail=detail)


def words(exit: Exit) -> str:
    """Say how it ended, as in "exit status 1" or "killed by SIGKILL (9)"."""
    if exit.detail:
        return exit.detail
    if exit.signal is not None:
        return f"killed by {signal_name(exit.signal)} ({exit.signal})"
    if exit.code in SHELL_CODES:
        return f"{SHELL_CODES[exit.code]} ({exit.code})"
    if exit.code is not None:
        return f"exit status {exit.code}"
    return "gone, and how is not known"


def signal_name(number: int) -> str:
    """SIGKILL for 9; real-time signals are counted from SIGRTMIN."""
    try:
        return signals.Signals(number).name
    except ValueError:
        return f"signal {number}" if number < 34 else f"SIGRTMIN+{number - 34}"


def signal_number(name: str) -> int:
    """Read a signal written as TERM, SIGTERM, sigterm or 15.

    Raises ValueError with a sentence when there is no such signal.
    """
    wanted = name.strip().upper()
    if wanted.isdigit() and 1 <= int(wanted) <= 64:
        return int(wanted)
    try:
        return signals.Signals[wanted if wanted.startswith("SIG") else f"SIG{wanted}"].value
    except KeyError:
        raise ValueError(
            f"there is no signal {name!r}; write a name such as TERM, HUP or USR1, or a number"
        ) from None
