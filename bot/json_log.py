"""The log as one JSON object a line: time, level, logger, message, and exception if there is one.

Each text is filtered before it is written as JSON, in which a secret could look different. Whatever
a text holds, a line of the log is one line of ASCII.
"""

import json
import logging
from datetime import UTC, datetime

from bot.redaction import RedactingFormatter


class JsonFormatter(RedactingFormatter):
    """Writes records so that a collector of logs need not guess where one ends."""

    def format(self, record: logging.LogRecord) -> str:
        when = datetime.fromtimestamp(record.created, UTC)
        line = {
            "time": when.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname,
            "logger": record.name,
            "message": self.filter_text(record.getMessage()),
        }
        if trace := self._trace(record):
            line["exception"] = self.filter_text(trace)
        return json.dumps(line)

    def _trace(self, record: logging.LogRecord) -> str:
        """The traceback, and the stack where one was asked for."""
        error = self.formatException(record.exc_info) if record.exc_info else record.exc_text
        stack = self.formatStack(record.stack_info) if record.stack_info else None
        return "\n".join(part for part in (error, stack) if part)
