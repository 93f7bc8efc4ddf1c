"""Reading `.env` files."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from watchdog.config.envfile import read_env_file
from watchdog.config.errors import ConfigError


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("A=b", "b"),
        ("export A=b", "b"),
        ("  A = b c  ", "b c"),
        ("A=", ""),
        ("A=b # comment", "b"),
        ("A=b#c", "b#c"),
        ("A=#c", ""),
        ("A='b # \"c\\n' # d", 'b # "c\\n'),
        ('A="b\\n\\"c\\" \\\\ $D" # d', 'b\n"c" \\ $D'),
        ("A=$B ${C}", "$B ${C}"),
        ("A=x=y", "x=y"),
        ("A=1\r", "1"),
        ("\ufeffA=1", "1"),
        ("A=1\nA=2", "2"),
    ],
)
def test_a_line_is_read_as_a_shell_user_expects(line: str, value: str, tmp_path: Path) -> None:
    """Quotes, comments, `export` and escapes have their usual meaning; nothing is expanded."""
    (tmp_path / ".env").write_text(f"{line}\n", newline="")
    assert read_env_file(tmp_path / ".env") == {"A": value}


@pytest.mark.parametrize("line", ["A", "=b", "1A=b", "A B=c", 'A="b', "A='b' c", "A=\0"])
def test_a_malformed_line_is_refused_without_being_shown(line: str, tmp_path: Path) -> None:
    """The error has the file and the line's number."""
    (tmp_path / ".env").write_text(f"# fine\n{line}hunter2\n")
    with pytest.raises(ConfigError) as caught:
        read_env_file(tmp_path / ".env")
    assert str(caught.value).startswith(f"{tmp_path}/.env:2: found ")
    assert "hunter2" not in str(caught.value)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(variables=st.dictionaries(st.from_regex(r"[A-Z_][A-Z0-9_]{0,8}", fullmatch=True), st.text()))
def test_what_was_quoted_is_read_back(variables: dict[str, str], tmp_path: Path) -> None:
    """Any text survives double quotes with its backslashes, quotes and line breaks escaped."""

    def quote(text: str) -> str:
        for char, escape in {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r"}.items():
            text = text.replace(char, escape)
        return f'"{text}"'

    wanted = {key: value.replace("\0", "") for key, value in variables.items()}
    content = "".join(f"{key}={quote(value)}\n" for key, value in wanted.items())
    (tmp_path / ".env").write_text(content, newline="", encoding="utf-8")
    assert read_env_file(tmp_path / ".env") == wanted
