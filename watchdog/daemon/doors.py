"""The held sockets of a program on their way to its process, and what its states mean to them."""

from __future__ import annotations

import contextlib
import os
import sys

from msgspec.structs import replace

from watchdog.config.model import ProgramConfig
from watchdog.core.model import State
from watchdog.core.program import Program
from watchdog.process import SpawnSpec
from watchdog.process.users import account_of
from watchdog.sockets import Sockets
from watchdog.sockets.opening import NOBODY, Owner

AT_REST = (State.STOPPED, State.EXITED, State.FATAL)
"""Whoever connects is refused then: there is nobody to wait for."""


def with_sockets(
    spec: SpawnSpec,
    config: ProgramConfig,
    sockets: Sockets,
    ours: contextlib.ExitStack,
) -> SpawnSpec:
    """The start of a process, with the sockets of its program. Raises OSError."""
    if not config.sockets:
        sockets.drop(config.name)  # a reload may have taken them out
        return spec
    found = sockets.open(config.name, config.sockets, account_for(spec))
    if config.stdin == "socket":
        return replace(spec, stdin=found[0])
    names = tuple(socket.name for socket in config.sockets)
    return replace(out_of_the_way(spec, len(found), ours), sockets=found, socket_names=names)


def account_for(spec: SpawnSpec) -> Owner:
    """The account of the process, for the files of unix sockets."""
    try:
        account = account_of(spec)
    except ValueError:  # the spawn meets the same problem, and says so in words
        account = None
    return NOBODY if account is None else (account.uid, account.gid)


def out_of_the_way(spec: SpawnSpec, count: int, ours: contextlib.ExitStack) -> SpawnSpec:
    """The same with what else is passed at numbers above those of so many sockets."""
    from watchdog.process.passing import lift

    copies = {str(one): lift(one, count) for one in spec.pass_fds}
    for copy in copies.values():
        ours.callback(os.close, copy)
    told = spec.environment.get("WATCHDOG_LOCK_FD", "")
    number = {"WATCHDOG_LOCK_FD": str(copies[told])} if told in copies else {}
    environment = {**spec.environment, **number}
    return replace(spec, pass_fds=tuple(copies.values()), environment=environment)


def watch_rest(sockets: Sockets, before: Program, after: Program) -> None:
    """The fleet's observer calls this after every step."""
    if before.state is not after.state:
        name = after.policy.name
        (sockets.rest if after.state in AT_REST else sockets.wake)(name)


if sys.platform == "linux":

    def fetch(pid: int, number: int) -> int:
        """A copy of another process's descriptor; raises OSError."""
        from watchdog.locks import borrow  # only after an earlier watchdog was killed

        try:
            return borrow.fetch(pid, number)
        except borrow.Forbidden as error:
            raise PermissionError(0, f"the system does not allow it: {error}") from None

else:

    def fetch(pid: int, number: int) -> int:
        """There is no way here."""
        raise PermissionError(0, "this system has no way to fetch it")
