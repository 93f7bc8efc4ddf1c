"""The vocabulary that the kinds of probe share: what to probe, and how an attempt reports.

A kind is one coroutine function, `check(target, attempt) -> Verdict`. It is cancelled at the
deadline and must then free what it holds. It knows nothing of programs, roles, deadlines or events.
What it waits for it keeps in `attempt.waiting`, so that the reason can name it when time is up.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import Protocol

from msgspec import Struct

from watchdog.probes.names import Resolver


class Address(Protocol):
    """Where something listens. Its `str` is what a reason shows."""

    @property
    def host(self) -> str:
        """A name, or a numeric address without brackets."""

    @property
    def port(self) -> int:
        """1 to 65535."""


class ProbeTarget(Protocol):
    """What to probe. Only the fields of its kind are looked at."""

    @property
    def kind(self) -> str:
        """One of http, tcp, exec, telegram."""

    @property
    def url(self) -> str:
        """http: an absolute http:// URL."""

    @property
    def address(self) -> Address | None:
        """tcp: where to connect."""

    @property
    def command(self) -> Sequence[str]:
        """exec: the arguments, the command first."""

    @property
    def status(self) -> Collection[int]:
        """http: the status codes that count as well; empty means 200 to 299."""

    @property
    def mode(self) -> str:
        """telegram: polling, or webhook."""

    @property
    def headers(self) -> Mapping[str, str]:
        """http: further request headers. They may hold secrets and are never shown."""


class Surroundings(Struct, frozen=True):
    """What a command is run in: the program's own. None leaves it as the watchdog has it."""

    environment: Mapping[str, str] | None = None
    directory: str | None = None
    user: int | None = None
    group: int | None = None
    groups: tuple[int, ...] | None = None  # supplementary


class Verdict(Struct, frozen=True):
    """How an attempt ended. The texts are raw: whoever shows them bounds them."""

    ok: bool
    reason: str = ""
    note: str = ""  # of a pass: what is amiss although the program is not to blame
    rival: bool = False  # the note speaks of somebody else who does the program's work
    fatal: bool = False  # of a failure: no restart can cure it


class Attempt(Struct):
    """One attempt: what it may use, and how far it has come."""

    surroundings: Surroundings
    resolver: Resolver
    timeout: float = 1.0  # seconds that the whole of it may take
    memory: dict[str, int] = {}  # what attempts leave to later ones of the same incarnation
    waiting: str = "no answer"
    detail: str = ""
    excused: bool = False  # running out of time says nothing about the program


Check = Callable[[ProbeTarget, Attempt], Awaitable[Verdict]]
