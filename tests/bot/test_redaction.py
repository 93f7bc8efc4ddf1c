"""No secret in a log, wherever in a record it hides."""

from __future__ import annotations

import io
import logging
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.redaction import RedactingFormatter, redact

TOKEN = "123456789:AAExampleExampleExampleExampleExamp"
SECRET = TOKEN.partition(":")[2]
ROOT = Path(__file__).parents[2]


@pytest.fixture
def log() -> tuple[logging.Logger, io.StringIO]:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(RedactingFormatter("%(message)s", (TOKEN, "odd secret")))
    logger = logging.Logger("test")
    logger.addHandler(handler)
    return logger, stream


def test_message_arguments_and_exact_secrets_are_masked(
    log: tuple[logging.Logger, io.StringIO],
) -> None:
    """The token goes from the message, its arguments, objects in them, and URLs."""
    logger, stream = log
    logger.warning("a %s b %r", f"https://api.telegram.org/bot{TOKEN}/getMe", {"token": TOKEN})
    logger.warning("odd secret, and http://user:hunter2@proxy:3128/")
    assert SECRET not in stream.getvalue()
    assert "odd secret" not in stream.getvalue()
    assert "hunter2" not in stream.getvalue()
    assert "123456789:***" in stream.getvalue()


def test_tracebacks_are_masked(log: tuple[logging.Logger, io.StringIO]) -> None:
    """The token goes from chained exceptions too."""
    logger, stream = log
    try:
        try:
            raise ValueError(TOKEN)
        except ValueError as error:
            raise RuntimeError(f"The token `{TOKEN}` was rejected") from error
    except RuntimeError:
        logger.exception("failed")
    assert "RuntimeError" in stream.getvalue()
    assert SECRET not in stream.getvalue()


def test_uncaught_errors_and_warnings_go_through_the_same_door(tmp_path: Path) -> None:
    """A traceback that ends the process, one of a thread, and a warning are masked as well."""
    script = (
        "import threading, warnings\n"
        "from bot.logs import configure_logging\n"
        f"configure_logging('INFO', '{TOKEN}')\n"
        f"warnings.warn('{TOKEN}')\n"
        f"t = threading.Thread(target=lambda: 1 / len('{TOKEN}'[:0])); t.start(); t.join()\n"
        f"raise ValueError('{TOKEN}')\n"
    )
    file = tmp_path / "script.py"
    file.write_text(script)
    command = [sys.executable, str(file)]
    done = subprocess.run(
        command, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "ValueError" in done.stderr
    assert "ZeroDivisionError" in done.stderr
    assert SECRET not in done.stderr + done.stdout


TOKENS = st.from_regex(r"\A[0-9]{5,12}(:|%3A|%3a)[A-Za-z0-9_-]{24,40}\Z")


@given(st.text(), TOKENS, st.text())
def test_anything_of_a_tokens_shape_is_masked(before: str, token: str, after: str) -> None:
    """A token is found between any two texts, also percent-encoded."""
    secret = token.replace("%3A", ":").replace("%3a", ":").partition(":")[2]
    assert secret not in redact(f"{before} {token} {after}").replace(before, "").replace(after, "")


@given(st.text(st.characters(exclude_characters=":%")))
def test_other_text_is_left_alone(text: str) -> None:
    """What has no colon holds no token, and is not touched."""
    assert redact(text) == text
