"""All that this process is told: its settings, every mistake in them, and what looks like one.

A mistake (`problems`) ends the start. A doubt does not: a name that nobody reads but that is
nearly one, two variables that say different things, secrets in a file that everybody may read, and
what right settings come to together.
"""

import difflib
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from bot.consequences import find_consequences
from bot.env_file import EnvFile, read_env_file
from bot.environment import Finding, Reader
from bot.redaction import TOKEN_SHAPE, redact
from bot.settings import Settings, assemble, refuse

_FILE = Path(".env")
_LIKENESS = 0.86  # of two names, before their letters are counted
_SLIPS = 2  # letters that may be wrong, missing or too many in a misspelt name


@dataclass(frozen=True)
class Told:
    """A variable that is set: what counts, from where, and what it takes the place of."""

    finding: Finding
    shown: str  # "***" for a secret
    others: tuple[Finding, ...]


@dataclass(frozen=True)
class Survey:
    """The settings, which count only if there are no problems, and what is to be said of them."""

    settings: Settings
    file: EnvFile
    told: tuple[Told, ...]
    problems: tuple[str, ...]
    doubts: tuple[str, ...]


def load_survey() -> Survey:
    """What this process is told by its environment and by `.env` in the working directory."""
    return take_survey(os.environ, read_env_file(_FILE))


def demand_settings(survey: Survey) -> Settings:
    """The settings; raises `Exit` 78 with one line for each mistake."""
    refuse(survey.problems)
    return survey.settings


def take_survey(environ: Mapping[str, str], file: EnvFile) -> Survey:
    """Read everything, the environment before the file."""
    reader = Reader(environ, file.values, file.lines, file.name)
    settings = assemble(reader)
    told = tuple(_told(reader))
    doubts = (*file.doubts, *_contradictions(told), *_strays(reader, environ, file, told))
    return Survey(
        settings,
        file,
        told,
        tuple(redact(problem) for problem in (*file.problems, *reader.problems)),
        (*doubts, *_exposures(reader, file), *find_consequences(settings)),
    )


def _told(reader: Reader) -> Iterator[Told]:
    for variable in reader.known:
        if found := reader.find_all(*variable.names):
            yield Told(found[0], _show(found[0].value, variable.secret), tuple(found[1:]))


def _show(value: str, secret: bool) -> str:
    """Of a token the bot's id is shown, of any other secret nothing."""
    if secret and not TOKEN_SHAPE.fullmatch(value):
        return "***"
    return redact(" ".join(value.split()))


def _contradictions(told: Iterable[Told]) -> Iterator[str]:
    """That the environment goes before `.env` is no contradiction, but two names for one thing."""
    for one in told:
        first = one.finding
        for other in one.others:
            if other.name != first.name and other.value != first.value:
                yield (
                    f"{first.name} ({first.source}) and {other.name} ({other.source}) mean the "
                    f"same and say different things: {first.name} counts; remove one of them"
                )


def _strays(
    reader: Reader, environ: Mapping[str, str], file: EnvFile, told: Iterable[Told]
) -> Iterator[str]:
    """Names that nobody reads, where what they look like is not set."""
    names = [name for variable in reader.known for name in variable.names]
    taken = {one.finding.name for one in told}
    wanted = [name for name in names if name not in taken]
    tokenless = not reader.find_all("TELEGRAM_BOT_TOKEN", "TG_TOKEN")
    for name, value, place in _unknown(reader, environ, file):
        if tokenless and TOKEN_SHAPE.fullmatch(value):
            yield f"{name} in {place} looks like a bot token; I read TELEGRAM_BOT_TOKEN or TG_TOKEN"
        elif meant := find_meant(name, wanted):
            yield f"{name} in {place} is nothing that I know; did you mean {meant}?"


def _unknown(
    reader: Reader, environ: Mapping[str, str], file: EnvFile
) -> Iterator[tuple[str, str, str]]:
    for name in sorted({*environ, *file.values} - reader.asked):
        if name in environ:
            yield name, environ[name].strip(), "the environment"
        else:
            yield name, file.values[name], f"{file.name}, line {file.lines.get(name, '?')}"


def find_meant(name: str, names: Iterable[str]) -> str | None:
    """Which of `names` somebody probably meant who wrote `name`, if any."""
    name = name.upper()
    near = difflib.get_close_matches(name, list(names), n=3, cutoff=_LIKENESS)
    return next((one for one in near if _count_slips(name, one) <= _SLIPS), None)


def _count_slips(a: str, b: str) -> int:
    """Letters to change, add or leave out to get from one to the other (Levenshtein)."""
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, start=1):
        above, row = row, [i]
        for j, y in enumerate(b, start=1):
            row.append(min(above[j] + 1, row[-1] + 1, above[j - 1] + (x != y)))
    return row[-1]


def _exposures(reader: Reader, file: EnvFile) -> Iterator[str]:
    secrets = (name for variable in reader.known if variable.secret for name in variable.names)
    held = [name for name in secrets if file.values.get(name)]
    if held and file.is_public:
        yield (
            f"{file.name} can be read by every user of this machine, and holds "
            f"{', '.join(held)}: chmod 600 {file.name}"
        )
