"""`watchdog init`: write a configuration to start from."""

from __future__ import annotations

from pathlib import Path

from watchdog.cli.context import FAILED, OK, Context, complain, make_parser


def main(context: Context) -> int:
    """Write the starter; 1 if there is a file already or it cannot be written."""
    summary = "Write a commented configuration to start from."
    parser = make_parser(context, summary, "watchdog init")
    parser.add_argument("--force", action="store_true", help="replace a file that is there")
    options = parser.parse_args(context.words)
    path = Path(options.config or "watchdog.toml")
    try:
        _write(path, "w" if options.force else "x")
    except FileExistsError:
        complain(f"{path} is there already; --force replaces it")
        return FAILED
    except OSError as error:
        complain(f"{path} cannot be written: {error.strerror}")
        return FAILED
    print(f"wrote {path}; edit it, then: watchdog check && watchdog run")
    return OK


def _write(path: Path, mode: str) -> None:
    from watchdog.config.template import STARTER, TOKEN

    text = STARTER.replace(TOKEN, _find_token_name(path.with_name(".env"), TOKEN))
    with path.open(mode, encoding="utf-8") as file:
        file.write(text)


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
