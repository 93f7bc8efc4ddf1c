"""What a panic does: a command, a POST, or a Python function; run once, with a time limit.

An action never raises: whatever becomes of it is an `Outcome`, in words for the chat. What it is
told: the number of the run (unique, fit as an idempotency key), the user and the chat. What it is
not told: the bot's token and the one-time secret.
"""

import asyncio
import contextlib
import os
import re
import shlex
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import IO, Any, Protocol

from bot.entry_points import ENTRY_POINT, EntryPointError, find_function

_LONGEST_TEXT = 1000  # characters of an action's own words that are shown in the chat
_SECRETS = ("TELEGRAM_BOT_TOKEN", "TG_TOKEN", "PANIC_OTP_SECRET")


class BadAction(Exception):
    """PANIC_ACTION is none; the text says what was found."""


@dataclass(frozen=True)
class Run:
    """One time that the action is run."""

    number: str
    user: int
    chat: int


@dataclass(frozen=True)
class Outcome:
    """What became of it."""

    ok: bool
    text: str


class Action(Protocol):
    """One kind of action."""

    @property
    def title(self) -> str:
        """What it is, without secrets, for the banner."""

    async def __call__(self, run: Run) -> Outcome:
        """Do it; a cancellation ends it, as far as that is possible."""


def find_action(text: str) -> Action:
    """The action that PANIC_ACTION names, tried as far as possible without running it."""
    if text.startswith(("http://", "https://")):
        return Post(text)
    if function := ENTRY_POINT.fullmatch(text):
        return _find_call(function[1], function[2])
    return Command(*_find_command(text))


async def run_action(action: Action, run: Run, seconds: float) -> Outcome:
    """Run it once; what does not end in time is ended, or said to go on."""
    limit = asyncio.timeout(seconds)
    try:
        async with limit:
            return await action(run)
    except Exception as error:
        if limit.expired():
            late = f"it did not end within {seconds:g} s, and may have done its work"
            return Outcome(False, late)
        return Outcome(False, f"{type(error).__name__}: {_shorten(str(error))}")


class Post:
    """POST a small JSON document to a URL. Redirects are not followed, nothing is tried again."""

    def __init__(self, url: str) -> None:
        self._url = url

    @property
    def title(self) -> str:
        return "POST to " + re.sub(r"^(https?://)(?:[^/@]*@)?([^/?#]*).*", r"\1\2", self._url)

    async def __call__(self, run: Run) -> Outcome:
        import httpx  # python-telegram-bot brings it

        document = {
            "action": "panic_close_all",
            "run": run.number,
            "user_id": run.user,
            "chat_id": run.chat,
        }
        headers = {"Idempotency-Key": run.number}
        try:
            async with (
                httpx.AsyncClient(timeout=None) as client,
                client.stream("POST", self._url, json=document, headers=headers) as answer,
            ):
                beginning = await anext(answer.aiter_bytes(_LONGEST_TEXT), b"")
        except httpx.HTTPError as error:
            # Its text may hold the URL, and the URL a secret.
            return Outcome(False, f"no answer ({type(error).__name__}); it may have arrived")
        text = beginning.decode("utf-8", "replace")
        return Outcome(answer.is_success, f"HTTP {answer.status_code}\n{_shorten(text)}")


class Call:
    """Call a Python function with the run; one that is not async is called on a thread."""

    def __init__(self, name: str, function: Callable[[Run], Any]) -> None:
        self._name, self._function = name, function

    @property
    def title(self) -> str:
        return f"call {self._name}"

    async def __call__(self, run: Run) -> Outcome:
        if asyncio.iscoroutinefunction(self._function):
            result = await self._function(run)
        else:
            result = await asyncio.to_thread(self._function, run)
        return Outcome(True, "" if result is None else _shorten(str(result)))


class Command:
    """Start a program, without a shell, in a process group that is killed if it takes too long."""

    def __init__(self, *words: str) -> None:
        self._words = words

    @property
    def title(self) -> str:
        return f"run {self._words[0]}"

    async def __call__(self, run: Run) -> Outcome:
        # A file and no pipe: who starts something that lives on is not waited for until that ends.
        with tempfile.TemporaryFile() as output:
            code = await _start_and_wait(self._words, output, _environment(run))
            text = _shorten(_tail(output).decode("utf-8", "replace"))
        return Outcome(code == 0, f"exit code {code}\n{text}")


async def _start_and_wait(
    words: tuple[str, ...], output: IO[bytes], environment: dict[str, str]
) -> int:
    process = await asyncio.create_subprocess_exec(
        *words,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        env=environment,
        start_new_session=True,
    )
    try:
        return await process.wait()
    except asyncio.CancelledError:
        _kill(process)
        raise


def _tail(output: IO[bytes]) -> bytes:
    end = output.seek(0, os.SEEK_END)
    output.seek(max(0, end - 4 * _LONGEST_TEXT))
    return output.read()


def _environment(run: Run) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in _SECRETS}
    told = {"PANIC_RUN": run.number, "PANIC_USER": str(run.user), "PANIC_CHAT": str(run.chat)}
    return kept | told


def _kill(process: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        if sys.platform == "win32":
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL)


def _find_call(module: str, name: str) -> Call:
    try:
        return Call(f"{module}:{name}", find_function(module, name))
    except EntryPointError as error:
        raise BadAction(str(error)) from None


def _find_command(text: str) -> list[str]:
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise BadAction(f"a command that cannot be split into words: {error}") from None
    if not words or shutil.which(words[0]) is None:
        raise BadAction(f"the command {words[:1]}, which is not there or not executable")
    return words


def _shorten(text: str) -> str:
    """The end of a text: that is where a program says what became of it."""
    text = text.strip()
    return text if len(text) <= _LONGEST_TEXT else "..." + text[-_LONGEST_TEXT:]
