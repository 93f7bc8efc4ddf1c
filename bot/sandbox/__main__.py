"""`python -m bot.sandbox`: run the sandbox until SIGINT or SIGTERM."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import errno
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from bot.sandbox.accounts import read_bot_id
from bot.sandbox.chat import converse
from bot.sandbox.server import Sandbox

DEFAULT_PORT = 8081
# As in sysexits.h: EX_UNAVAILABLE and EX_CANTCREAT.
EXIT_TAKEN = 69
EXIT_CANNOT_CREATE = 73


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the sandbox; returns the exit code."""
    options = read_options(arguments)
    try:
        return asyncio.run(serve(options))
    except KeyboardInterrupt:
        return 0


def read_options(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line; a mistake in it exits with 2 and one line."""
    parser = argparse.ArgumentParser(
        prog="python -m bot.sandbox",
        description="A Telegram Bot API server on this machine, for demos and tests.",
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (127.0.0.1)")
    parser.add_argument("--port", type=_port, default=DEFAULT_PORT, help="0 takes any (8081)")
    parser.add_argument("--port-file", type=Path, help="write the port here once it listens")
    parser.add_argument("--token", action="append", default=[], type=_token, metavar="TOKEN",
                        help="accept only this token (may be repeated; default: any)")  # fmt: skip
    parser.add_argument("--chat", action="store_true", help="talk to the bot from this terminal")
    parser.add_argument("--quiet", action="store_true", help="do not log the calls")
    return parser.parse_args(arguments)


async def serve(options: argparse.Namespace) -> int:
    """Listen, say where, and stay until told to end."""
    log = _be_silent if options.quiet or options.chat else _log
    sandbox = Sandbox(options.host, options.port, tuple(options.token), log)
    ending = _watch_signals()
    try:
        await sandbox.start()
    except OSError as error:
        _complain(options, error)
        return EXIT_TAKEN
    try:
        announce(sandbox)
        if options.port_file is not None and not write_port(sandbox.port, options.port_file):
            return EXIT_CANNOT_CREATE
        await _stay(sandbox, ending, options.chat)
    finally:
        await sandbox.stop()
    return 0


def announce(sandbox: Sandbox) -> None:
    """Print where the sandbox is, and how to point a bot at it."""
    print(f"Telegram sandbox: {sandbox.url}")
    print("Point a bot at it, with any token of the right shape:")
    print(
        f"  TELEGRAM_API_URL={sandbox.url} "
        "TELEGRAM_BOT_TOKEN=123456789:AAExampleExampleExampleExampleExamp python -m bot",
        flush=True,
    )


def write_port(port: int, path: Path) -> bool:
    """Leave the port in a file, never half written; False (and one line) where that fails."""
    part = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        part.write_text(f"{port}\n")
        part.replace(path)
    except OSError as error:
        print(f"sandbox: cannot write the port to {path}: {error.strerror}", file=sys.stderr)
        return False
    return True


async def _stay(sandbox: Sandbox, ending: asyncio.Event, chat: bool) -> None:
    waits: list[asyncio.Task[object]] = [asyncio.create_task(ending.wait())]
    if chat:
        waits.append(asyncio.create_task(converse(sandbox)))
    _, rest = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    for task in rest:
        task.cancel()


def _watch_signals() -> asyncio.Event:
    ending, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        try:
            loop.add_signal_handler(number, ending.set)
        except NotImplementedError:  # Windows: there Ctrl-C arrives as KeyboardInterrupt.
            break
    return ending


def _complain(options: argparse.Namespace, error: OSError) -> None:
    where = f"{options.host}:{options.port}"
    if error.errno == errno.EADDRINUSE:
        advice = f"{where} is taken: give another --port (0 takes any)"
    else:
        advice = f"cannot listen on {where}: {error.strerror or error}"
    print(f"sandbox: {advice}", file=sys.stderr)


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"found {text!r}, allowed is 0 to 65535")
    return int(text)


def _token(text: str) -> str:
    try:
        read_bot_id(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return text


def _log(line: str) -> None:
    # Whoever started the sandbox may have closed the pipe: no reason to fail a bot's call.
    with contextlib.suppress(OSError):
        print(line, file=sys.stderr, flush=True)


def _be_silent(_line: str) -> None:
    return


if __name__ == "__main__":
    sys.exit(main())
