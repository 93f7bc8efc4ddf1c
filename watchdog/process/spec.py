"""What is to be run, and the mark by which its tree is known. Plain values."""

from __future__ import annotations

from msgspec import Struct

MARKER = "WATCHDOG_INCARNATION"


class SpawnSpec(Struct, frozen=True):
    """One process to start. The environment is complete: nothing is added but the marker."""

    command: tuple[str, ...]
    directory: str | None = None
    environment: dict[str, str] = {}
    user: str | None = None  # a name or a number
    group: str | None = None
    umask: int = -1  # -1 keeps the watchdog's own
    limits: dict[str, tuple[int, int]] = {}  # "NOFILE" or "RLIMIT_NOFILE": soft, hard; -1 unlimited
    stdin: int | None = None  # a descriptor; None reads /dev/null
    stdout: int | None = None  # None keeps the watchdog's own
    stderr: int | None = None
    pass_fds: tuple[int, ...] = ()
    sockets: tuple[int, ...] = ()  # what the child finds at 3, 4, ..., whatever they are here
    socket_names: tuple[str, ...] = ()


class Mark(Struct, frozen=True):
    """What every process of one incarnation carries.

    Twice: as text in the environment, and as a number in a resource limit that no kernel has
    enforced since Linux 2.4.25 (see `limits.py`). Both are inherited over fork, exec and setsid;
    `env -i` removes only the first.
    """

    program: str
    incarnation: int
    nonce: int  # 61 random bits, so that a mark is never met twice

    @property
    def text(self) -> str:
        """The value of the environment variable."""
        return f"{self.program}:{self.incarnation}:{self.nonce:016x}"


class Usage(Struct, frozen=True):
    """What a tree of processes uses."""

    cpu_seconds: float  # with that of its dead children which were waited for
    resident_bytes: int  # shared pages are counted in every process that has them
    processes: int
    open_fds: int | None  # None: we may not look
