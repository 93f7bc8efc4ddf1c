"""AGENTS_FILE: several agents, and the rules between them, in TOML.

No key stands in it: `key_variable` names the variable that holds it, so that the file can be shown
to anybody. Mistakes are raised as sentences that name the place in the file.
"""

import re
import tomllib
from pathlib import Path

import msgspec

from bot.agents.rules import Rule

_ALLOWED = (
    "default, [agents.NAME] with call or url, model, key_variable, system, timeout, "
    "and [[rules]] with agent, pattern, chat, user"
)


class AgentsFileError(Exception):
    """The file cannot be used; the text names it, the key, and what is allowed."""


class AgentTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[agents.NAME]`: either `call`, or `url` and `model`."""

    call: str = ""
    url: str = ""
    model: str = ""
    key_variable: str = ""
    system: str = ""
    timeout: float | None = None


class RuleTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[[rules]]`."""

    agent: str
    pattern: str | None = None
    chat: int | None = None
    user: int | None = None


class AgentsFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file."""

    agents: dict[str, AgentTable] = {}
    rules: tuple[RuleTable, ...] = ()
    default: str | None = None


def load_file(path: Path) -> AgentsFile:
    """The file's tables; raises `AgentsFileError`."""
    try:
        return msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), AgentsFile)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise AgentsFileError(f"{path} cannot be read: {error}") from None
    except msgspec.ValidationError as error:
        problem = str(error).replace("`$.", "`")
        raise AgentsFileError(f"{path}: {problem}; allowed is {_ALLOWED}") from None


def make_rules(path: Path, file: AgentsFile, names: frozenset[str]) -> tuple[Rule, ...]:
    """The rules of the file, in its order; every agent in them must be one of `names`."""
    if file.default is not None:
        _demand_agent(f"{path}: default", file.default, names)
    rules = []
    for number, table in enumerate(file.rules, start=1):
        place = f"{path}: rule {number}"
        _demand_agent(f"{place}: agent", table.agent, names)
        pattern = None if table.pattern is None else _compile(place, table.pattern)
        rules.append(Rule(table.agent, pattern, table.chat, table.user))
    return tuple(rules)


def _demand_agent(place: str, found: str, names: frozenset[str]) -> None:
    if found not in names:
        allowed = ", ".join(sorted(names)) or "none yet, add [agents.NAME]"
        raise AgentsFileError(f"{place} is {found!r}; allowed is an agent's name: {allowed}")


def _compile(place: str, pattern: str) -> re.Pattern[str]:
    try:
        return re.compile(pattern)
    except re.error as error:
        raise AgentsFileError(
            f"{place}: pattern is {pattern!r}, which is no regular expression: {error}"
        ) from None
