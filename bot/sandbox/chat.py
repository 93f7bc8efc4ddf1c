"""A conversation on the terminal: a person types as a user and sees what the bot answers."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable

from bot.sandbox.accounts import UnknownName
from bot.sandbox.server import Sandbox
from bot.sandbox.stage import DEFAULT_NAME, DEFAULT_USER

PROMPT = f"{DEFAULT_NAME}> "


async def converse(sandbox: Sandbox) -> None:
    """Run until the end of the input."""
    lines = _read_lines()
    shown = asyncio.create_task(_show_answers(sandbox))
    try:
        print("Type a message to the bot; end with Ctrl-D.")
        print(PROMPT, end="", flush=True)
        while (line := await lines.get()) is not None:
            _say(sandbox, line.strip())
            print(PROMPT, end="", flush=True)
    finally:
        shown.cancel()
        print()


def _say(sandbox: Sandbox, text: str) -> None:
    if not text:
        return
    try:
        sandbox.stage.send(text)
    except UnknownName as error:
        print(f"(nobody hears: {error})")


async def _show_answers(sandbox: Sandbox) -> None:
    shown: dict[int, int] = {}
    while True:
        for bot, name, text in (
            await sandbox.engine.wait_for(lambda: _find_new(sandbox, shown), 3600.0) or ()
        ):
            shown[bot] = shown.get(bot, 0) + 1
            print(f"\r{name}> {text}\n{PROMPT}", end="", flush=True)


def _find_new(sandbox: Sandbox, shown: dict[int, int]) -> list[tuple[int, str, str]] | None:
    found = [
        (bot, f"bot {bot}", str(message.document.get("text", "(no text)")))
        for bot, account in sandbox.engine.world.accounts.items()
        for message in [m for m in account.messages if m.from_bot and m.chat == DEFAULT_USER][
            shown.get(bot, 0) :
        ]
    ]
    return found or None


def _read_lines() -> asyncio.Queue[str | None]:
    # A thread, because stdin may be a file or a terminal, which an event loop cannot always watch;
    # os.read, because a thread inside sys.stdin's buffer would hold its lock while Python ends.
    lines: asyncio.Queue[str | None] = asyncio.Queue()
    loop = asyncio.get_running_loop()

    def put(line: str | None) -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(lines.put_nowait, line)

    threading.Thread(target=_pump, args=(put,), daemon=True).start()
    return lines


def _pump(put: Callable[[str | None], None]) -> None:
    rest = b""
    while data := os.read(0, 65536):
        *whole, rest = (rest + data).split(b"\n")
        for line in whole:
            put(line.decode(errors="replace"))
    if rest:
        put(rest.decode(errors="replace"))
    put(None)
