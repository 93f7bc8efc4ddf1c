"""Resource limits around a spawn.

The soft limits are set in the watchdog itself just before the fork, which inherits them, and put
back just after. The other ways are worse: a `preexec_fn` forbids vfork (1.56 ms instead of 0.16 ms
a spawn) and runs Python between fork and exec; a prlimit(2) on the child comes after its exec,
when the size of its stack is settled and it may have looked at its limits already.

The hard limits are set by prlimit(2) on the child, because lowering one in the watchdog could not
be undone without privileges. And so are all limits of the kinds that would hit the watchdog while
it forks: CPU (it may have used more already, and would get SIGXCPU), AS, DATA, RSS (an allocation
of its own would fail), NPROC (the kernel would count the watchdog's user, not the child's), and
NOFILE where the value is smaller than the descriptors that the spawn itself needs.

STACK is the exception: execve writes both values back at its end (finalize_exec in fs/exec.c), so
a prlimit at that moment is lost. `Processes` repeats it for that one.
"""

from __future__ import annotations

import contextlib
import os
import resource
import sys
from collections.abc import Iterator, Mapping

assert sys.platform != "win32"

Limits = Mapping[str, tuple[int, int]]

_ON_THE_CHILD = frozenset({"CPU", "AS", "DATA", "RSS", "NPROC"})
_SPAWN_NEEDS = 4  # subprocess's pipe for the child's exec error, twice moved out of 0..2

# The mark of a tree. RLIMIT_LOCKS is 10 on Linux, not named by Python, still inherited and
# still readable in /proc/PID/limits, and without any effect since 2.4.25 (getrlimit(2)).
RLIMIT_LOCKS = 10


def number_of(name: str) -> int:
    """The RLIMIT number of "NOFILE" or "RLIMIT_NOFILE"; raises ValueError with a sentence."""
    bare = name.upper().removeprefix("RLIMIT_")
    number = getattr(resource, f"RLIMIT_{bare}", None)
    if number is None:
        known = sorted(n.removeprefix("RLIMIT_") for n in dir(resource) if n.startswith("RLIMIT_"))
        raise ValueError(f"there is no limit {name!r}; this machine knows {', '.join(known)}")
    return int(number)


def fits_around(name: str, soft: int) -> bool:
    """Whether the watchdog itself can stand this soft limit for the length of a spawn."""
    bare = name.upper().removeprefix("RLIMIT_")
    if bare == "NOFILE" and soft != resource.RLIM_INFINITY:
        return _lowest_free_descriptor() + _SPAWN_NEEDS < soft
    return bare not in _ON_THE_CHILD


@contextlib.contextmanager
def around(limits: Limits) -> Iterator[None]:
    """Hold the soft limits while the child is started."""
    fitting = {number_of(n): soft for n, (soft, _) in limits.items() if fits_around(n, soft)}
    with contextlib.ExitStack() as undo:
        for number, soft in fitting.items():
            _lower(number, soft, undo)
        yield


@contextlib.contextmanager
def marked(nonce: int) -> Iterator[None]:
    """Hold the mark of a tree while its leader is started."""
    with contextlib.ExitStack() as undo:
        # A machine that forbids it (a hard limit was set on us) has the environment's marker.
        with contextlib.suppress(OSError, ValueError):
            _lower(RLIMIT_LOCKS, nonce, undo)
        yield


def on_child(pid: int, limits: Limits) -> None:
    """Set both values of each limit on the running child.

    Root in a container often lacks CAP_SYS_RESOURCE, and then may not do this to a process of
    another user: the soft value, which the child inherited, must do. Raises ValueError with a
    sentence for a limit that could not be inherited.
    """
    # macOS has no prlimit(2): there the soft limits alone hold.
    prlimit = getattr(resource, "prlimit", lambda *_: None)
    for name, pair in limits.items():
        try:
            prlimit(pid, number_of(name), pair)
        except PermissionError:
            if not fits_around(name, pair[0]):
                raise ValueError(
                    f"limit {name} cannot be set on a process of another user: this watchdog "
                    "lacks CAP_SYS_RESOURCE; grant it, or take out the limit or the user"
                ) from None


def need_repeating(limits: Limits) -> bool:
    """Whether a limit may be lost if it is set while the child is still in execve."""
    return any(number_of(name) == resource.RLIMIT_STACK for name in limits)


def check(limits: Limits) -> None:
    """Raise ValueError with a sentence if a limit is unknown or above what we may give."""
    for name, (soft, hard) in limits.items():
        if _above(soft, hard):
            raise ValueError(f"limit {name}: the soft value {soft} is above the hard value {hard}")
        _check_allowed(name, hard)


def _check_allowed(name: str, hard: int) -> None:
    number = number_of(name)
    old = resource.getrlimit(number)
    if not _above(hard, old[1]):
        return
    try:
        # Trying is the only sure test: in a container root may lack CAP_SYS_RESOURCE.
        resource.setrlimit(number, (old[0], hard))
        resource.setrlimit(number, old)
    except (ValueError, OSError):
        raise ValueError(
            f"limit {name}: {_shown(hard)} is above this watchdog's own hard limit of "
            f"{_shown(old[1])}; lower it, or start the watchdog with a higher one"
        ) from None


def _shown(value: int) -> str:
    return "unlimited" if value == resource.RLIM_INFINITY else str(value)


def _above(value: int, bound: int) -> bool:
    if bound == resource.RLIM_INFINITY:
        return False
    return value == resource.RLIM_INFINITY or value > bound


def _lower(number: int, soft: int, undo: contextlib.ExitStack) -> None:
    old = resource.getrlimit(number)
    # Root may ask for more than its own hard limit; the child then gets the rest by prlimit.
    undo.callback(resource.setrlimit, number, old)
    resource.setrlimit(number, (old[1] if _above(soft, old[1]) else soft, old[1]))


def _lowest_free_descriptor() -> int:
    descriptor = os.dup(0) if _is_open(0) else 0
    if descriptor:
        os.close(descriptor)
    return descriptor


def _is_open(descriptor: int) -> bool:
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True
