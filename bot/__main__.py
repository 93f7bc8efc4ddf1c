"""`python -m bot`: run the bot until it is told to stop; see `bot.exits` for how it may end."""

import logging
import os
import sys
from typing import cast

from bot import poison_store, sessions
from bot.command_line import read_arguments
from bot.database import Database
from bot.exits import Exit, ExitCode
from bot.figures import Figures
from bot.health import Limits
from bot.health_server import HealthServer
from bot.lock import BotLock
from bot.logs import configure_logging, log_end
from bot.notices import life
from bot.panic import store as panic
from bot.report import Reporter
from bot.settings import Settings
from bot.stop import StopRequest
from bot.survey import demand_settings, load_survey

SCHEMAS = (
    sessions.SCHEMA,
    panic.SCHEMA,
    poison_store.SCHEMA,
    life.SCHEMA,
)  # of all capabilities that keep something

_log = logging.getLogger("bot")


def main() -> ExitCode:
    """Read the settings, hold the lock, serve the health document, live."""
    options = read_arguments()
    try:
        if options.command is not None:
            return cast(ExitCode, options.command(options))
        survey = load_survey()
        settings = demand_settings(survey)
        form = settings.log_format
        configure_logging(settings.log_level, *settings.secrets, clean=settings.clean, form=form)
        for doubt in survey.doubts:
            _log.warning("%s", doubt)
        with BotLock(settings.bot_id) as lock:
            _log.info("The lock %s is %s (%s)", lock.key, lock.origin, lock.path)
            with Database(settings.database_path, SCHEMAS) as database:
                return _live(settings, database)
    except Exit as ending:
        log_end(ending.reason)
        return ending.code


def _live(settings: Settings, database: Database) -> ExitCode:
    stop = StopRequest(settings.stop_seconds)
    stop.install()
    figures = Figures(settings.bot_id)
    limits = Limits(
        settings.loop_stale_seconds, settings.poll_stale_seconds, settings.handler_stale_seconds
    )
    reporter = Reporter(figures, limits)
    server = HealthServer(
        settings.health_host,
        settings.health_port,
        settings.health_port_file,
        reporter.document,
        reporter.metrics,
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
