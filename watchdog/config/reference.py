"""The reference page of the configuration, made from the schema.

`python -m watchdog.config.reference > docs/configuration.md`
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

from watchdog.config.options import Option, Section
from watchdog.config.schema import SECTIONS

_INTRODUCTION = """\
# The configuration

<!-- Made from watchdog/config/schema.py by `python -m watchdog.config.reference`; do not edit. -->

`watchdog run -c FILE` reads `FILE`; without `-c` it takes `$WATCHDOG_CONFIG`, else the first of
`./watchdog.toml`, `~/.config/watchdog/watchdog.toml` (`$XDG_CONFIG_HOME`) and
`/etc/watchdog/watchdog.toml`. `watchdog init` writes a starter, `watchdog check` validates a file.
If anything in it is wrong, all of it is reported at once, with line and key, and nothing is
started or stopped.

```toml
[watchdog]
http = "127.0.0.1:9877"

[programs.bot]
command = ["python", "-m", "bot"]
env_file = ".env"
singleton = "telegram:${TELEGRAM_BOT_TOKEN}"

[programs.bot.liveness]
http = "http://127.0.0.1:9876/health"
period = "5s"
```

## How values are written

- **Tables.** `[programs.bot.liveness]` and `liveness = { ... }` inside `[programs.bot]` are the
  same thing.
- **Durations** are `"500ms"`, `"5s"`, `"2m"`, `"1h"`, `"7d"`, or a number of seconds.
- **Sizes** are `"512MB"`, `"64KB"`, `"2GB"`, or a number of bytes. KB, MB and GB are powers of
  1024, as in supervisor.
- **Paths** are relative to the directory of the configuration file; `~/` is the home directory.
- **Commands** are a list of words, `["python", "-m", "bot"]`, or one string, `"python -m bot"`,
  which is split as a shell does it; but no shell runs.
- **Variables.** `${VAR}` in any string is replaced, from the program's `env_file` first, then from
  the environment of the watchdog. `${VAR:-default}` has a default for a variable that is missing
  or empty; `$$` is a dollar. A missing variable without a default is an error. A command given as
  one string is split first, so a value with spaces stays one word.
- **Secrets.** Values of variables whose names look secret (TOKEN, SECRET, PASSWORD, KEY and the
  like), bot tokens and passwords in URLs are struck out of captured output and never shown in
  errors. Values shorter than 6 characters are too common to be struck out.
"""


def render() -> str:
    """The whole page."""
    lines = [_INTRODUCTION, *(line for section in SECTIONS for line in _render(section, "", 2))]
    return "\n".join(lines).rstrip() + "\n"


def _render(section: Section, parent: str, level: int) -> Iterator[str]:
    path = f"{parent}.{section.key}" if parent else section.key
    yield f"{'#' * level} [{path}]\n"
    yield f"{section.doc}\n"
    yield "| key | value | default | meaning |"
    yield "|---|---|---|---|"
    for option in section.options.values():
        yield _row(option)
    yield ""
    for inner in section.sections.values():
        yield from _render(inner, path, level + 1)


def _row(option: Option) -> str:
    meaning = option.doc + (f" Example: `{option.example}`." if option.example else "")
    cells = (f"`{option.key}`", option.kind.brief or option.kind.allowed, _default(option), meaning)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _default(option: Option) -> str:
    if option.default is None:
        return option.unset or "not set"
    return f"`{_toml(option.default)}`"


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return f'"{value}"' if isinstance(value, str) else str(value)


if __name__ == "__main__":
    sys.stdout.write(render())
