"""Who a process is to run as. Raises `UserProblem`, whose text is meant for the user."""

from __future__ import annotations

import os
import sys

from msgspec import Struct

from watchdog.process.spec import SpawnSpec

assert sys.platform != "win32"


class UserProblem(ValueError):
    """The user or group cannot be had; the message says why and what to do."""


class Account(Struct, frozen=True):
    """What a switch of user comes down to."""

    uid: int
    gid: int
    groups: tuple[int, ...]
    name: str
    home: str


def account_of(spec: SpawnSpec) -> Account | None:
    """The account to switch to, or None when none is asked for or we are it already."""
    if spec.user is None and spec.group is None:
        return None
    account = _account(spec.user if spec.user is not None else str(os.geteuid()), spec.group)
    if account.uid == os.geteuid() and account.gid == os.getegid():
        return None
    if os.geteuid() != 0:
        raise UserProblem(_only_root(account, spec))
    return account


def environment_of(
    account: Account, wanted: dict[str, str], ours: dict[str, str]
) -> dict[str, str]:
    """HOME, USER and LOGNAME of the account, unless the program was given its own.

    A value equal to ours was merely inherited from the watchdog, and would be the wrong user's.
    """
    theirs = {"HOME": account.home, "USER": account.name, "LOGNAME": account.name}
    given = {k: v for k, v in wanted.items() if k not in theirs or v != ours.get(k)}
    return {**theirs, **given}


def _account(user: str, group: str | None) -> Account:
    import pwd  # only where a user is configured

    try:
        found = pwd.getpwuid(int(user)) if user.isdigit() else pwd.getpwnam(user)
    except KeyError:
        raise UserProblem(
            f"there is no user {user!r} on this machine; create it or correct `user`"
        ) from None
    gid = found.pw_gid if group is None else _group(group)
    groups = tuple(os.getgrouplist(found.pw_name, gid))
    return Account(found.pw_uid, gid, groups, found.pw_name, found.pw_dir)


def _group(group: str) -> int:
    import grp

    try:
        return (grp.getgrgid(int(group)) if group.isdigit() else grp.getgrnam(group)).gr_gid
    except KeyError:
        raise UserProblem(
            f"there is no group {group!r} on this machine; create it or correct `group`"
        ) from None


def _only_root(account: Account, spec: SpawnSpec) -> str:
    whom = f"user {account.name!r}" if spec.user is not None else f"group {spec.group!r}"
    return (
        f"cannot run as {whom}: the watchdog itself runs as uid {os.geteuid()}, and only root may "
        "change users; start it as root, or remove `user` and `group`"
    )
