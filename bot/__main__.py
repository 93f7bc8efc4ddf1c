"""`python -m bot`: run the bot until it is told to stop; see `bot.exits` for how it may end."""

import argparse
import logging
import os
import sys
from collections.abc import Callable
from pathlib import Path

from bot import sessions
from bot.database import Database, default_path
from bot.exits import Exit, ExitCode
from bot.figures import Figures
from bot.health import Limits
from bot.health_server import HealthServer
from bot.lock import BotLock
from bot.logs import configure_logging
from bot.panic import store as panic
from bot.redaction import redact
from bot.report import Reporter
from bot.settings import Settings, known_variables, load_settings
from bot.settings_page import example_text
from bot.stop import StopRequest

Command = Callable[[], ExitCode]

SCHEMAS = (sessions.SCHEMA, panic.SCHEMA)  # of all capabilities that keep something

_log = logging.getLogger("bot")


def main() -> ExitCode:
    """Read the settings, hold the lock, serve the health document, live."""
    command = _read_arguments()
    try:
        if command is not None:
            return command()
        settings = load_settings()
        configure_logging(settings.log_level, *settings.secrets, clean=settings.clean)
        with BotLock(settings.bot_id) as lock:
            _log.info("The lock %s is %s (%s)", lock.key, lock.origin, lock.path)
            with Database(database_path(settings), SCHEMAS) as database:
                return _live(settings, database)
    except Exit as ending:
        print(f"bot: {redact(ending.reason)}", file=sys.stderr)
        return ending.code


def _read_arguments() -> Command | None:
    """What to do instead of running; the rest is set by the environment."""
    parser = argparse.ArgumentParser(
        prog="python -m bot",
        description="Run the bot until SIGTERM or SIGINT.",
        epilog="Its settings come from the environment and from .env in the working directory: "
        "TELEGRAM_BOT_TOKEN at least; `settings` prints all of them. Exit codes: 0 stopped, "
        "69 already running, 75 server unreachable, 77 token refused, 78 bad configuration.",
    )
    commands = {"otp-setup": _set_up_otp, "settings": _print_settings}
    helps = "otp-setup: make a secret for /panic_close_all; settings: print an .env to fill in"
    parser.add_argument("command", nargs="?", choices=commands, metavar="COMMAND", help=helps)
    return commands.get(parser.parse_args().command)


def _set_up_otp() -> ExitCode:
    from bot.panic.setup import set_up

    set_up("/panic_close_all")
    return ExitCode.CLEAN


def _print_settings() -> ExitCode:
    print(example_text(known_variables()), end="")
    return ExitCode.CLEAN


def database_path(settings: Settings) -> Path:
    """Where this bot keeps its database."""
    return Path(settings.database) if settings.database else default_path(settings.bot_id)


def _live(settings: Settings, database: Database) -> ExitCode:
    stop = StopRequest(settings.stop_seconds)
    stop.install()
    figures = Figures(settings.bot_id)
    limits = Limits(
        settings.loop_stale_seconds, settings.poll_stale_seconds, settings.handler_stale_seconds
    )
    reporter = Reporter(figures, limits)
    server = HealthServer(
        settings.health_host, settings.health_port, settings.health_port_file, reporter.document
    )
    with server:
        _log.info("Health: %s", server.url)
        return _run(settings, figures, reporter, stop, database)


def _run(
    settings: Settings, figures: Figures, reporter: Reporter, stop: StopRequest, database: Database
) -> ExitCode:
    # The library takes most of a second to import: by now the lock is held and /health answers.
    # It is moving to timedelta for times, and warns at each use unless told which one.
    os.environ.setdefault("PTB_TIMEDELTA", "true")
    import asyncio

    from bot.app import live

    return asyncio.run(live(settings, figures, reporter, stop, database))


if __name__ == "__main__":
    sys.exit(main())
