"""BotLock: one live copy of a bot on this machine, whoever started it and however.

The locks are the same that a supervisor takes for the singleton `telegram:<bot id>`: same key,
same directory, same file, same kernel lock, and on Linux the same abstract socket. Each is held by
the kernel for as long as the process lives, so a crash frees it and nothing has to be cleaned up;
the file itself is never removed, because removing a locked file lets a second copy lock a new one.
"""

import json
import os
import re
import shlex
import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.exits import Exit, ExitCode
from bot.lock_types import Held
from bot.redaction import redact

if sys.platform == "win32":
    from bot.lock_windows import Hold, inherit, lock_directory, take, user_name
else:
    from bot.lock_posix import Hold, inherit, lock_directory, take, user_name

if sys.platform == "linux":
    from bot.lock_abstract import Taken, take_second

# Set by a supervisor that took the lock itself and let this process inherit it.
INHERITED_FD = "WATCHDOG_LOCK_FD"
INHERITED_KEY = "WATCHDOG_LOCK_KEY"


@dataclass(frozen=True)
class Holder:
    """Who holds a lock, as the holder itself wrote it down."""

    pid: int | None
    user: str
    command: str
    since: str
    program: str | None = None
    watchdog_pid: int | None = None

    @property
    def advice(self) -> str:
        """What stops it, if that can be told."""
        if self.program is not None:
            return f"; `watchdog stop {self.program}` stops it"
        return f"; `kill {self.pid}` stops it in order" if self.pid is not None else ""

    def describe(self) -> str:
        """The holder as the end of a sentence."""
        if self.pid is None:
            return "a process that cannot be named"
        who = f"pid {self.pid} (user {self.user}, since {self.since}, command: {self.command})"
        if self.watchdog_pid is None:
            return who
        return f"{who}, the program {self.program!r} of the watchdog with pid {self.watchdog_pid}"


UNKNOWN = Holder(pid=None, user="", command="", since="")


class BotLock:
    """Hold the lock of one bot while in the `with` block; `Exit` 69 if someone else has it."""

    def __init__(self, bot_id: int, environ: Mapping[str, str] = os.environ) -> None:
        self.key = f"telegram:{bot_id}"
        self._environ = environ
        try:
            self.path = lock_directory(environ) / file_name(self.key)
        except OSError as error:
            raise Exit(ExitCode.CONFIG, f"there is no place for the lock: {error}") from None
        self._hold: Hold | None = None
        self._second: socket.socket | None = None

    @property
    def origin(self) -> str:
        """How the lock came to be held, for the log."""
        inherited = self._hold is not None and self._hold.inherited
        return "inherited from the supervisor" if inherited else "taken"

    def __enter__(self) -> "BotLock":
        self._hold = self._inherit() or self._take()
        if sys.platform == "linux" and not self._hold.inherited:
            self._second = self._take_second()
        return self

    def __exit__(self, *exception: object) -> None:
        self._let_go()

    def _inherit(self) -> Hold | None:
        number = self._environ.get(INHERITED_FD, "")
        if self._environ.get(INHERITED_KEY) != self.key:
            return None
        return inherit(self.path, int(number)) if number.isdecimal() else None

    def _take(self) -> Hold:
        try:
            return take(self.path, _own_record(self.key))
        except Held as held:
            raise self._refusal(read_holder(held.text)) from None
        except OSError as error:
            raise Exit(
                ExitCode.CONFIG,
                f"the lock file {self.path} cannot be used: {error.strerror or error}; "
                "it must be a plain file in a directory that only this user can write",
            ) from None

    if sys.platform == "linux":

        def _take_second(self) -> socket.socket:
            """The lock that no `rm` can remove; who has it has lost the file."""
            try:
                return take_second(self.key)
            except Taken as taken:
                self._let_go()
                user, command = _clean(taken.user), _clean(taken.command)
                holder = Holder(taken.pid, user, command, since="a time that is not known")
                raise self._refusal(holder) from None
            except OSError as error:
                self._let_go()
                reason = f"the socket for the lock {self.key} cannot be bound: {error.strerror}"
                raise Exit(ExitCode.CONFIG, reason) from None

    def _refusal(self, holder: Holder) -> Exit:
        return Exit(
            ExitCode.HELD,
            f"this bot is already running: the lock {self.key} is held by "
            f"{holder.describe()}; the lock file is {self.path}{holder.advice}",
        )

    def _let_go(self) -> None:
        if self._hold is not None:
            self._hold.close()
        if self._second is not None:
            self._second.close()
        self._hold = self._second = None


def file_name(key: str) -> str:
    """The name of the lock file for `key`; a bot's key has at most 29 characters."""
    return re.sub(r"[^A-Za-z0-9._-]", "-", key) + ".lock"


def read_holder(text: str) -> Holder:
    """The holder named in a lock file's text; `UNKNOWN` when the text makes no sense."""
    try:
        record = json.loads(text)
        return Holder(
            pid=int(record["pid"]),
            user=_clean(record["user"]),
            command=_clean(record["command"]),
            since=_clean(record["since"]),
            program=_clean(record["program"]) if record.get("program") else None,
            watchdog_pid=record.get("watchdog_pid"),
        )
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
        return UNKNOWN


def _clean(value: object) -> str:
    """Fit to be shown: a record is written by strangers, and a terminal obeys control codes."""
    shown = "".join(char if char.isprintable() else "?" for char in str(value))
    return redact(shown)[:300]


def _own_record(key: str) -> str:
    record = {
        "key": key,
        "pid": os.getpid(),
        "user": user_name(),
        "command": redact(shlex.join(sys.orig_argv)),
        "since": datetime.now().astimezone().isoformat(timespec="seconds"),
        "program": None,
        "watchdog_pid": None,
    }
    return json.dumps(record) + "\n"
