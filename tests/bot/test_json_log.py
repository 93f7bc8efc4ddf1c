"""LOG_FORMAT=json: one object a line, filtered like the text form."""

from __future__ import annotations

import io
import json
import logging
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.json_log import JsonFormatter
from bot.pii import mask_pii

ROOT = Path(__file__).parents[2]
TOKEN = "123456789:AAExampleExampleExampleExampleExamp"
SECRET = 'pass"word\n\\ü'


def make_log() -> tuple[logging.Logger, io.StringIO]:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter("", (TOKEN, SECRET), mask_pii))
    logger = logging.Logger("test")
    logger.addHandler(handler)
    return logger, stream


@given(st.text(), st.text())
def test_any_record_is_one_line_of_json(message: str, error: str) -> None:
    """Line ends of all kinds, halves of surrogate pairs, quotes: one line, and one object."""
    logger, stream = make_log()
    try:
        raise ValueError(error)
    except ValueError:
        logger.exception("said: %s", message, stack_info=True)
    assert stream.getvalue().count("\n") == len(stream.getvalue().splitlines()) == 1
    assert stream.getvalue().isascii()
    line = json.loads(stream.getvalue())
    assert list(line) == ["time", "level", "logger", "message", "exception"]
    assert line["message"].startswith("said: ")
    assert "Traceback" in line["exception"]
    assert "Stack (most recent call last)" in line["exception"]


def test_a_plain_record_has_no_exception() -> None:
    """Time in UTC with milliseconds, level, logger, message; nothing else."""
    logger, stream = make_log()
    logger.warning("hello %d", 1)
    line = json.loads(stream.getvalue())
    assert line | {"time": ""} == {
        "time": "",
        "level": "WARNING",
        "logger": "test",
        "message": "hello 1",
    }
    assert line["time"].endswith("Z")
    assert len(line["time"]) == len("2026-11-22T05:00:00.000Z")


def test_secrets_and_personal_data_are_filtered_before_they_look_different() -> None:
    """Also a secret whose characters JSON writes in another way, also in a traceback."""
    logger, stream = make_log()
    try:
        raise ValueError(f"{SECRET} and {TOKEN} of ann@mail.example.com")
    except ValueError:
        logger.exception("at %s: %s, ann@mail.example.com", TOKEN, SECRET)
    text = json.dumps(list(json.loads(stream.getvalue()).values()))
    for secret in (SECRET, json.dumps(SECRET)[1:-1], "AAExample", "ann@mail"):
        assert secret not in text
        assert secret not in stream.getvalue()
    assert text.count("[e-mail]") == 3  # the message, the source line of the trace, the error


SCRIPT = """
import threading, warnings
from bot.logs import configure_logging
configure_logging("INFO", form="json")
warnings.warn("take care", stacklevel=1)
thread = threading.Thread(target=lambda: 1 / 0)
thread.start()
thread.join()
class Bad:
    def __del__(self):
        raise OSError("in a finalizer")
bad = Bad()
del bad
raise KeyError("the\\nend")
"""


def test_what_python_prints_by_itself_is_json_too() -> None:
    """Warnings, threads, finalizers and the last traceback: each is one object a line."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert [line["logger"] for line in lines] == ["py.warnings", "bot", "bot", "bot"]
    assert "in a finalizer" in lines[2]["exception"]
    assert "KeyError" in lines[3]["exception"]


@pytest.mark.parametrize("level", ["INFO", "DEBUG"])
def test_the_whole_log_of_a_bot_is_json(bench: Any, level: str) -> None:
    """From the lock to the reason of the end, a failing handler's stack included."""
    first = bench.start_well(LOG_FORMAT="JSON", LOG_LEVEL=level)
    bench.sandbox.inject(bot=bench.id)
    bench.sandbox.fault("answer", method="sendMessage", bot=bench.id, status=403, count=1)
    bench.ask("ann@mail.example.com", seconds=0.5)
    second = bench.start(LOG_FORMAT="json")
    assert second.wait_exit() == 69
    assert first.terminate() == 0
    lines = [json.loads(line) for line in first.log.splitlines()]
    assert any(line["message"].startswith("Skipped the update") for line in lines)
    assert any("running as" in line["message"] or "lock" in line["message"] for line in lines)
    assert [line["level"] for line in lines].count("CRITICAL") == 1  # why the second one ended
    assert "ann@mail" not in first.log
