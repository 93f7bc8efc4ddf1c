"""`watchdog init`: write a configuration to start from."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

from watchdog.cli.context import FAILED, OK, Context, complain, make_parser

if TYPE_CHECKING:
    from watchdog.config.starters import Starter


def main(context: Context) -> int:
    """Write the starter; 1 if there is a file already or it cannot be written."""
    from watchdog.config.starters import GUIDES, load_starter

    summary = "Write a commented configuration to start from."
    parser = make_parser(context, summary, "watchdog init --from mimic")
    parser.add_argument("--force", action="store_true", help="replace a file that is there")
    helps = f"for a deployment as this guide has it, with an .env: {', '.join(GUIDES)}"
    parser.add_argument("--from", dest="guide", choices=list(GUIDES), metavar="GUIDE", help=helps)
    options = parser.parse_args(context.words)
    path = Path(options.config or "watchdog.toml")
    starter = load_starter(options.guide)
    try:
        _write(path, starter, "w" if options.force else "x")
        said = _write_env(path.with_name(".env"), starter.env)
    except FileExistsError:
        complain(f"{path} is there already; --force replaces it")
        return FAILED
    except OSError as error:
        complain(f"{error.filename or path} cannot be written: {error.strerror}")
        return FAILED
    print(f"wrote {path}{said}; edit it, then: watchdog check && watchdog run")
    return OK


def _write(path: Path, starter: Starter, mode: str) -> None:
    name = _find_token_name(path.with_name(".env"), starter.token)
    with path.open(mode, encoding="utf-8") as file:
        file.write(starter.config.replace(starter.token, name))


def _write_env(path: Path, text: str) -> str:
    """The example beside it, unless there is one: it may hold a token. What is to be said of it."""
    if not text:
        return ""
    with contextlib.suppress(FileExistsError):
        path.touch(mode=0o600, exist_ok=False)
        path.write_text(text, encoding="utf-8")
        return f" and {path}"
    return f"; {path} is left as it is"


def _find_token_name(file: Path, usual: str) -> str:
    """What the token is called in `.env`, if one is there: not everybody's bot reads our name."""
    from watchdog.config.envfile import read_env_file
    from watchdog.config.errors import ConfigError
    from watchdog.config.secret import has_token

    try:
        variables = read_env_file(file)
    except ConfigError:
        return usual
    names = [name for name, value in variables.items() if has_token(value)]
    return usual if usual in names or not names else names[0]
