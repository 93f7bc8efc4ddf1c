"""What the bot is told of agents: one by variables of its own, or several by AGENTS_FILE."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from bot.agents.file import AgentsFile, AgentsFileError, AgentTable, load_file, make_rules
from bot.agents.rules import Rule
from bot.agents.specs import AgentSpec, CallSpec, EndpointSpec
from bot.entry_points import ENTRY_POINT, EntryPointError, find_function
from bot.environment import Reader
from bot.urls import split_url

FIRST = "default"  # the name of the agent that the variables describe
MISSING = "set AGENT_URL and AGENT_MODEL, or AGENT_CALL, or AGENTS_FILE"
_VARIABLES = "AGENT_"  # what the variables of the first agent begin with
_SHORTEST_SECRET = 6  # characters; a shorter word would be masked wherever it stands in another
_LONGEST_TIMEOUT = 3600.0
_URL = "the URL above /chat/completions, such as https://api.openai.com/v1, without a key in it"


@dataclass(frozen=True)
class AgentSettings:
    """The agents, the rules between them, and the limits of their work."""

    agents: tuple[AgentSpec, ...] = ()
    rules: tuple[Rule, ...] = ()
    default: str | None = None
    waiting: int = 5  # messages of one chat that may wait for their turn
    edit_seconds: float = 2.0  # between two edits of one answer
    keys: tuple[str, ...] = field(default=(), repr=False)

    @property
    def secrets(self) -> tuple[str, ...]:
        """What no log may hold."""
        return tuple(key for key in self.keys if len(key) >= _SHORTEST_SECRET)

    @property
    def missing(self) -> str | None:
        return None if self.agents else MISSING


def read_agents(reader: Reader) -> AgentSettings:
    """The agents' part of the settings; every mistake is kept in the reader."""
    first = _read_first(reader)
    timeout = reader.seconds(
        "AGENT_TIMEOUT_SECONDS", 60.0, 0.1, "How long an answer may take.", _LONGEST_TIMEOUT
    )
    path = Path(reader.path("AGENTS_FILE", "More agents, and rules between them."))
    waiting = reader.whole(
        "AGENT_QUEUE", 5, 0, 100, "Messages of one chat that may wait while one is answered."
    )
    pause = reader.seconds(
        "AGENT_EDIT_SECONDS", 2.0, 0.1, "Between two edits of an answer that grows.", 60.0
    )
    try:
        agents, rules, default = _combine(reader, first, path, timeout)
    except AgentsFileError as error:
        reader.problems.append(str(error))
        agents, rules, default = (), (), None
    keys = tuple(agent.key for agent in agents if isinstance(agent, EndpointSpec) and agent.key)
    return AgentSettings(agents, rules, default, waiting, pause, keys)


def _read_first(reader: Reader) -> AgentTable:
    """The agent that needs no file; its key is AGENT_KEY."""
    table = AgentTable(
        call=reader.text("AGENT_CALL", "", "A Python function that answers.", "module:function"),
        url=reader.text("AGENT_URL", "", "An OpenAI-compatible endpoint that answers.", _URL),
        model=reader.text("AGENT_MODEL", "", "The model to ask for there."),
        key_variable="AGENT_KEY",
        system=reader.text("AGENT_SYSTEM", "", "What the model is told before each message."),
    )
    about = "The key of that endpoint, if it wants one."
    reader.know("AGENT_KEY", allowed="an API key", about=about, secret=True)
    return table


def _combine(
    reader: Reader, first: AgentTable, path: Path, timeout: float
) -> tuple[tuple[AgentSpec, ...], tuple[Rule, ...], str | None]:
    file = load_file(path) if path != Path() else AgentsFile()
    tables = dict(file.agents)
    if first.call or first.url or first.model:
        if FIRST in tables:
            raise AgentsFileError(
                f"{path}: [agents.{FIRST}] is the agent of AGENT_URL and AGENT_CALL; "
                "name it otherwise, or unset those"
            )
        tables = {FIRST: first, **tables}
    agents = []
    for name, table in tables.items():
        place = _VARIABLES if table is first else f"{path}: agents.{name}."
        agents.append(_try_agent(reader, name, table, timeout, place))
    rules = make_rules(path, file, frozenset(tables))
    made = tuple(agent for agent in agents if agent is not None)
    if len(made) < len(agents):
        return (), (), None
    return made, rules, file.default or (FIRST if FIRST in tables else None)


def _try_agent(
    reader: Reader, name: str, table: AgentTable, timeout: float, place: str
) -> AgentSpec | None:
    """One agent, or None and a problem for each thing that is wrong with it."""
    problems = [f"{_spell(reader, place, key)} is {found}" for key, found in _find_problems(table)]
    if not problems:
        try:
            return _make_agent(reader, name, table, timeout, place)
        except AgentsFileError as error:
            problems = [str(error)]
    reader.problems += problems
    return None


def _spell(reader: Reader, place: str, key: str) -> str:
    """Where something stands: in the file, or in a variable that is set somewhere."""
    if place != _VARIABLES:
        return f"{place}{key}"
    variable = f"{place}{key.upper()}"
    found = reader.find(variable)
    return f"{variable} in {found[2]}" if found else variable


def _make_agent(
    reader: Reader, name: str, table: AgentTable, timeout: float, place: str
) -> AgentSpec:
    """One agent of a table without problems; `place` stands before the key in an error."""
    seconds = timeout if table.timeout is None else table.timeout
    if table.call:
        try:
            function = find_function(*table.call.split(":"))
        except EntryPointError as error:
            raise AgentsFileError(f"{_spell(reader, place, 'call')} is {error}") from None
        return CallSpec(name, table.call, function, seconds)
    key = _find_key(reader, table.key_variable, place)
    return EndpointSpec(name, table.url.rstrip("/"), table.model, key, table.system, seconds)


def _find_problems(table: AgentTable) -> Iterator[tuple[str, str]]:
    if bool(table.call) == bool(table.url):
        both = "set beside a URL" if table.call else "not set, and no URL either"
        yield "call", f"{both}; allowed is one of the two"
    if table.call and not ENTRY_POINT.fullmatch(table.call):
        yield "call", f"{table.call!r}; allowed is module:function"
    if table.url and not _is_endpoint(table.url):
        # Not shown: a key may be in it.
        yield "url", f"something else ({len(table.url)} characters); allowed is {_URL}"
    if table.url and not table.call and not table.model:
        yield "model", "not set; an endpoint needs the name of a model"
    if table.timeout is not None and not 0.1 <= table.timeout <= _LONGEST_TIMEOUT:
        yield "timeout", f"{table.timeout:g}; allowed is 0.1 to {_LONGEST_TIMEOUT:g} seconds"


def _is_endpoint(url: str) -> bool:
    parts = split_url(url, "http", "https")
    return (
        parts is not None
        and bool(parts.hostname)
        and url.isprintable()
        and not ({"@", "?", "#", " "} & set(url))
    )


def _find_key(reader: Reader, variable: str, place: str) -> str:
    """The key in the variable that is named, which only AGENT_KEY may leave unset."""
    found = reader.find(variable) if variable else None
    if found is None:
        if variable and variable != "AGENT_KEY":
            raise AgentsFileError(f"{place}key_variable names {variable}, which is not set")
        return ""
    name, key, source = found
    if not (key.isascii() and key.isprintable()) or " " in key:
        shown = f"*** ({len(key)} characters) with a space or a sign that is not ASCII"
        raise AgentsFileError(f"{name} in {source} is {shown}; allowed is an API key")
    return key
