"""`python -m bot`: run the bot until it is told to stop; see `bot.exits` for how it may end."""

import argparse
import logging
import os
import sys
from pathlib import Path

from bot import sessions
from bot.database import Database, default_path
from bot.exits import Exit, ExitCode
from bot.figures import Figures
from bot.health import Limits
from bot.health_server import HealthServer
from bot.lock import BotLock
from bot.logs import configure_logging
from bot.redaction import redact
from bot.report import Reporter
from bot.settings import Settings, load_settings
from bot.stop import StopRequest

SCHEMAS = (sessions.SCHEMA,)  # of all capabilities that keep something

_log = logging.getLogger("bot")


def main() -> ExitCode:
    """Read the settings, hold the lock, serve the health document, live."""
    _read_arguments()
    try:
        settings = load_settings()
        configure_logging(settings.log_level, *settings.secrets, clean=settings.clean)
        with BotLock(settings.bot_id) as lock:
            _log.info("The lock %s is %s (%s)", lock.key, lock.origin, lock.path)
            with Database(database_path(settings), SCHEMAS) as database:
                return _live(settings, database)
    except Exit as ending:
        print(f"bot: {redact(ending.reason)}", file=sys.stderr)
        return ending.code


def _read_arguments() -> None:
    """There are none: everything is set by the environment."""
    argparse.ArgumentParser(
        prog="python -m bot",
        description="Run the bot until SIGTERM or SIGINT.",
        epilog="Its settings come from the environment and from .env in the working directory: "
        "TELEGRAM_BOT_TOKEN at least; see bot/settings.py for all of them. Exit codes: 0 stopped, "
        "69 already running, 75 server unreachable, 77 token refused, 78 bad configuration.",
    ).parse_args()


def database_path(settings: Settings) -> Path:
    """Where this bot keeps its database."""
    return Path(settings.database) if settings.database else default_path(settings.bot_id)


def _live(settings: Settings, database: Database) -> ExitCode:
    stop = StopRequest(settings.stop_seconds)
    stop.install()
    figures = Figures(settings.bot_id)
    reporter = Reporter(figures, Limits(settings.loop_stale_seconds, settings.poll_stale_seconds))
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
