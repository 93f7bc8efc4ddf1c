"""What the daemon adds to the reports of its adapters."""

from __future__ import annotations

from watchdog.core.events import Exited, Probed, Spawned
from watchdog.core.model import Exit, Role
from watchdog.daemon.remarks import Remarks

KILLED = Exited(1, Exit(signal=9, detail="killed by SIGKILL (9)"))
RIVAL = Probed(1, Role.LIVENESS, True, note="Someone else is polling this token.", rival=True)


class Count:
    """The kernel's count."""

    def __init__(self) -> None:
        self.killed = self.noted = 0

    def note(self) -> None:
        self.noted = self.killed

    def grew(self) -> bool:
        before, self.noted = self.noted, self.killed
        return self.killed > before


def remarks(oom: Count, *, up: bool = True, singleton: str = "telegram:7") -> Remarks:
    """Remarks about one program."""
    return Remarks(lambda _: up, lambda _: singleton, lambda _: "Killed me softly", oom)


def told(given: Remarks, event: Exited) -> str:
    """The words of an exit."""
    found = given.on_process("bot", event)
    assert isinstance(found, Exited)
    return found.exit.detail


def test_a_sigkill_of_nobody_is_the_kernels_if_it_killed_meanwhile() -> None:
    """Only while the count grew since the process began, and only once for each growth."""
    oom = Count()
    given = remarks(oom)
    oom.killed = 1
    given.on_process("bot", Spawned(1, 100))
    assert told(given, KILLED) == "killed by SIGKILL (9)"
    oom.killed = 2
    assert told(given, KILLED).endswith("(9), probably by the kernel: out of memory")
    assert told(given, KILLED) == "killed by SIGKILL (9)"


def test_a_sigkill_of_ours_is_ours() -> None:
    """Whoever is being ended by the watchdog was killed by it."""
    oom = Count()
    given = remarks(oom, up=False)
    oom.killed = 1
    assert told(given, KILLED) == "killed by SIGKILL (9)"


def test_an_exit_code_comes_with_the_last_words() -> None:
    """What it said last explains a code, and no signal."""
    oom = Count()
    assert told(remarks(oom), Exited(1, Exit(1, detail="exit status 1"))) == (
        "exit status 1: Killed me softly"
    )
    term = Exited(1, Exit(signal=15, detail="killed by SIGTERM (15)"))
    assert told(remarks(oom), term) == "killed by SIGTERM (15)"


def test_a_rival_has_no_lock_if_it_is_held_here() -> None:
    """It is elsewhere, or an old copy that takes none; without a singleton nothing is known."""
    placed = remarks(Count()).on_probe("bot", RIVAL)
    assert isinstance(placed, Probed) and placed.note == (
        "Someone else is polling this token, on another machine or without a lock "
        "(the lock of telegram:7 is held here)"
    )
    assert remarks(Count(), singleton="").on_probe("bot", RIVAL) is RIVAL
    plain = Probed(1, Role.LIVENESS, True, note="slow")
    assert remarks(Count()).on_probe("bot", plain) is plain
