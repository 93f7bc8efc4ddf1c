"""Where the log goes: one redacting handler on stderr, for this bot and every library in it."""

import logging
import sys
import threading
from collections.abc import Callable
from types import TracebackType

from bot.redaction import RedactingFormatter, redact

TEXT, JSON = "text", "json"  # what LOG_FORMAT may be

_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
# At INFO httpx prints every URL, and the URL of a Bot API call contains the token.
_TALKATIVE = ("httpx", "httpcore", "hpack")

_log = logging.getLogger("bot")


def configure_logging(
    level: str,
    *secrets: str,
    clean: Callable[[str], str] = lambda text: text,
    form: str = TEXT,
) -> None:
    """Send everything of `level` and above to stderr, with `secrets` masked, through `clean`."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_formatter(form)(_FORMAT, secrets, clean))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    logging.captureWarnings(True)
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
    # Python prints these tracebacks past all handlers: send them through ours instead.
    sys.unraisablehook = _log_unraisable
    sys.excepthook = _log_uncaught
    threading.excepthook = _log_uncaught_in_thread


def _formatter(form: str) -> type[RedactingFormatter]:
    if form == TEXT:
        return RedactingFormatter
    from bot.json_log import JsonFormatter

    return JsonFormatter


def log_end(reason: str) -> None:
    """Why the process ends: the last line, whether or not there is a log yet."""
    handlers = logging.getLogger().handlers
    if handlers and type(handlers[0].formatter) is not RedactingFormatter:
        _log.critical("%s", reason)
    else:
        for line in redact(reason).splitlines():
            print(f"bot: {line}", file=sys.stderr)


def _log_unraisable(hook: "sys.UnraisableHookArgs") -> None:
    where = hook.err_msg or "Exception ignored"
    error = hook.exc_value
    kind = hook.exc_type
    _log.error("%s", where, exc_info=(kind, error, hook.exc_traceback) if error else None)


def _log_uncaught(
    kind: type[BaseException], error: BaseException, traceback: TracebackType | None
) -> None:
    _log.critical("The bot ends on an error", exc_info=(kind, error, traceback))


def _log_uncaught_in_thread(hook: threading.ExceptHookArgs) -> None:
    name = hook.thread.name if hook.thread else "unknown"
    _log.critical("Thread %s ends on an error: %r", name, hook.exc_value)
