"""What a `.env` file says: its assignments, on which line each stands, and what is amiss in it.

Reading goes on after a mistake, so that a person is told of all of them at once. No value is ever
part of a sentence: any line may hold a secret.
"""

import re
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

_ASSIGNMENT = re.compile(r"(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*)")
_QUOTED = re.compile(r"""(["'])(.*?)(?<!\\)\1\s*(?:#.*)?""")


@dataclass(frozen=True)
class EnvFile:
    """The assignments of one file. `mode` is the file's rights, None where there is no file."""

    name: str = ".env"
    values: Mapping[str, str] = field(default_factory=dict, repr=False)
    lines: Mapping[str, int] = field(default_factory=dict)  # where each was set last
    problems: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    mode: int | None = None

    @property
    def is_public(self) -> bool:
        """Whether every user of this machine may read it."""
        return self.mode is not None and bool(self.mode & stat.S_IROTH)


def read_env_file(path: Path) -> EnvFile:
    """The file at `path`; a missing one is an empty one, and one that cannot be read a problem."""
    try:
        with path.open("rb") as file:
            mode = stat.S_IMODE(path.stat().st_mode)
            return parse_env(file.read().decode("utf-8"), str(path), mode)
    except FileNotFoundError:
        return EnvFile(str(path))
    except UnicodeDecodeError as error:
        problem = f"{path}: cannot be read: it is no UTF-8 text (byte {error.start})"
    except OSError as error:
        problem = f"{path}: cannot be read: {error.strerror or error}"
    return EnvFile(str(path), problems=(problem,))


def parse_env(text: str, name: str, mode: int | None = None) -> EnvFile:
    """What `text` says; `name` is what the sentences call it."""
    values: dict[str, str] = {}
    lines: dict[str, int] = {}
    problems, doubts = [], []
    for number, line in _meaningful(text):
        assignment = _ASSIGNMENT.fullmatch(line)
        if assignment is None or "\0" in line:  # no name of a file can hold a NUL
            problems.append(f"{name}, line {number}: expected NAME=value")
            continue
        variable, value = assignment[1], _unquote(assignment[2])
        if values.get(variable, value) != value:
            both = f"lines {lines[variable]} and {number}"
            doubts.append(f"{variable} is set twice in {name}, {both}: the last one counts")
        values[variable], lines[variable] = value, number
    return EnvFile(name, values, lines, tuple(problems), tuple(doubts), mode)


def _meaningful(text: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(text.removeprefix("\ufeff").splitlines(), start=1):
        stripped = line.strip()
        if stripped and not stripped.startswith("#"):
            yield number, stripped


def _unquote(raw: str) -> str:
    quoted = _QUOTED.fullmatch(raw)
    if quoted is None:
        return re.sub(r"(?:^|\s+)#.*$", "", raw).strip()
    return quoted[2].replace('\\"', '"') if quoted[1] == '"' else quoted[2]
