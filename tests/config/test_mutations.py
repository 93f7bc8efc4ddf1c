"""Whatever is done to a valid file, it loads or is refused; nothing else comes out of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from watchdog.config import ConfigError, load
from watchdog.config.endpoint import control_socket
from watchdog.config.errors import Findings
from watchdog.config.loading import Origin, assemble
from watchdog.config.options import Section
from watchdog.config.schema import PROGRAM
from watchdog.config.template import STARTER

TOKEN = "123456789:AAExampleExampleExampleExampleExamp"
ENV = f"TELEGRAM_BOT_TOKEN={TOKEN}\n"
ON_ONE_FILE = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=200
)

snippets = st.sampled_from(
    ["[", "]", "{", "}", '"', "'", "=", "\n", "#", ".", ",", "${", "$", "}", "\\", "nan", "-",
     "1e9", "inf", "[[", "true", "9999999999999999999999", "0x" + "f" * 300, "1979-05-27",
     "telegram:",
     "~/", "\0", "é", "\t", "programs", '""', "[]", "{}", "liveness",
     "../../..", "%s", "{0}", "\\u0000"]
)  # fmt: skip

scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(
        ["${A}", "${", "h:1", "http://h", "telegram:1:x", "1s", "~", "/", "wait", "."]
    )
    | st.dates()
)
values: st.SearchStrategy[Any] = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3)
    ),
    max_leaves=6,
)


def tables(section: Section) -> st.SearchStrategy[dict[str, Any]]:
    """Tables with the section's keys and any values at all."""
    keys: dict[str, st.SearchStrategy[Any]] = dict.fromkeys(section.options, values)
    keys |= {key: tables(inner) | values for key, inner in section.sections.items()}
    return st.fixed_dictionaries({}, optional=keys)


@ON_ONE_FILE
@given(
    cuts=st.lists(
        st.tuples(st.integers(0, len(STARTER)), st.integers(0, 40), snippets),
        min_size=1,
        max_size=4,
    )
)
def test_a_mutated_file_loads_or_is_refused(
    cuts: list[tuple[int, int, str]], tmp_path: Path
) -> None:
    """Text cut out and put in anywhere never makes anything but a Config or a ConfigError."""
    text = STARTER
    for at, length, snippet in cuts:
        text = text[:at] + snippet + text[at + length :]
    (tmp_path / ".env").write_text(ENV)
    file = tmp_path / "watchdog.toml"
    file.write_text(text)
    try:
        config = load(file, {"HOME": str(tmp_path)})
    except ConfigError as error:
        assert error.problems
        assert TOKEN not in str(error)
    else:
        assert TOKEN not in repr(config)
        assert control_socket(file, {"HOME": str(tmp_path)}) == config.socket


@ON_ONE_FILE
@given(program=tables(PROGRAM), whole=values, state=values)
@pytest.mark.parametrize("nested", [True, False])
def test_any_data_is_read_or_refused(
    program: dict[str, Any], whole: Any, state: Any, nested: bool, tmp_path: Path
) -> None:
    """Any value of any type under any key is read, or told as a problem."""
    programs = {"bot": {"command": "x", **program}, "b": {"command": "y"}} if nested else whole
    origin = Origin(None, tmp_path, {"A": "1"}, lambda: tmp_path / "state")
    try:
        assemble({"programs": programs, "watchdog": {"state": state}}, origin, Findings("x"))
    except ConfigError as error:
        assert str(error)
