"""Where the log goes: one redacting handler on stderr, for this bot and every library in it."""

import logging
import sys
import threading
from collections.abc import Callable
from types import TracebackType

from bot.redaction import RedactingFormatter

_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
# At INFO httpx prints every URL, and the URL of a Bot API call contains the token.
_TALKATIVE = ("httpx", "httpcore", "hpack")

_log = logging.getLogger("bot")


def configure_logging(
    level: str, *secrets: str, clean: Callable[[str], str] = lambda text: text
) -> None:
    """Send everything of `level` and above to stderr, with `secrets` masked, through `clean`."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(RedactingFormatter(_FORMAT, secrets, clean))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    logging.captureWarnings(True)
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
    # Python prints a last traceback past all handlers: send it through ours instead.
    sys.excepthook = _log_uncaught
    threading.excepthook = _log_uncaught_in_thread


def _log_uncaught(
    kind: type[BaseException], error: BaseException, traceback: TracebackType | None
) -> None:
    _log.critical("The bot ends on an error", exc_info=(kind, error, traceback))


def _log_uncaught_in_thread(hook: threading.ExceptHookArgs) -> None:
    name = hook.thread.name if hook.thread else "unknown"
    _log.critical("Thread %s ends on an error: %r", name, hook.exc_value)
