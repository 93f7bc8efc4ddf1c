"""A configuration on disk, read with an environment of its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from watchdog.config import Config, ConfigError, load


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., Config]:
    """A function that writes `watchdog.toml` (and a `.env`) and loads it."""

    def read(text: str, environ: dict[str, str] | None = None, env: str | None = None) -> Config:
        if env is not None:
            (tmp_path / ".env").write_text(env)
        (tmp_path / "watchdog.toml").write_text(text)
        return load(tmp_path / "watchdog.toml", {"HOME": str(tmp_path), **(environ or {})})

    return read


@pytest.fixture
def complaint(read: Callable[..., Config], tmp_path: Path) -> Callable[..., str]:
    """A function that gives the text of the error, without the temporary directory."""

    def complaint(text: str, environ: dict[str, str] | None = None, env: str | None = None) -> str:
        with pytest.raises(ConfigError) as caught:
            read(text, environ, env)
        return str(caught.value).replace(f"{tmp_path}/", "")

    return complaint
