"""`watchdog convert`: the configuration of another supervisor, as ours."""

from __future__ import annotations

import sys
from pathlib import Path

from watchdog.cli.context import BAD_CONFIG, FAILED, OK, Context, complain, make_parser

_EXAMPLE = """watchdog convert /etc/supervisord.conf -o watchdog.toml
  watchdog convert Procfile
  watchdog convert bot.service
  watchdog convert ecosystem.config.js"""


def main(context: Context) -> int:
    """Write the TOML; 78 if the file is not usable, 1 if it cannot be written."""
    from watchdog.config.convert.forms import FORMS, convert
    from watchdog.config.errors import ConfigError

    summary = "Write a watchdog.toml for a supervisord.conf, Procfile, systemd unit or pm2 file."
    parser = make_parser(context, summary, _EXAMPLE)
    parser.add_argument("file", metavar="FILE", help="what to convert")
    parser.add_argument("-o", "--output", metavar="OUT", help="where to; else it is printed")
    parser.add_argument("--from", dest="form", choices=FORMS, help="what FILE is")
    parser.add_argument("--force", action="store_true", help="replace a file that is there")
    options = parser.parse_args(context.words)
    try:
        text = convert(Path(options.file), options.form)
    except ConfigError as error:
        complain(f"{options.file} cannot be converted\n{error}")
        return BAD_CONFIG
    if options.output is None:
        sys.stdout.write(text)
        return OK
    return _save(Path(options.output), text, "w" if options.force else "x")


def _save(path: Path, text: str, mode: str) -> int:
    try:
        with path.open(mode, encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        complain(f"{path} is there already; --force replaces it")
        return FAILED
    except OSError as error:
        complain(f"{path} cannot be written: {error.strerror}")
        return FAILED
    print(f"wrote {path}; look at the remarks at its top, then: watchdog check -c {path}")
    return OK
