"""The agents' settings: what is read, and what a mistake looks like."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.agents.settings import AgentSettings, read_agents
from bot.agents.specs import CallSpec, EndpointSpec
from bot.environment import Reader

KEY = "sk-example-0123456789abcdef"
URL = "https://llm.example.com/v1/"


def read(**environ: str) -> AgentSettings:
    reader = Reader(environ, {})
    settings = read_agents(reader)
    assert reader.problems == []
    return settings


def complaint(**environ: str) -> str:
    reader = Reader(environ, {})
    assert read_agents(reader).agents == ()
    (problem,) = reader.problems
    return problem.replace(" in the environment is ", " is ")


def test_nothing_set_is_off() -> None:
    """And says what to set."""
    assert read() == AgentSettings()
    assert "AGENT_URL and AGENT_MODEL" in (read().missing or "")


def test_three_variables_make_an_agent() -> None:
    """It is the default, and its key is a secret that no representation shows."""
    settings = read(AGENT_URL=URL, AGENT_MODEL="small", AGENT_KEY=KEY, AGENT_TIMEOUT_SECONDS="9")
    assert settings.agents == (
        EndpointSpec("default", "https://llm.example.com/v1", "small", KEY, "", 9.0),
    )
    assert settings.default == "default"
    assert settings.secrets == (KEY,)
    assert KEY not in repr(settings)


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"AGENT_URL": URL}, "AGENT_MODEL is not set"),
        ({"AGENT_MODEL": "small"}, "AGENT_CALL is not set, and no URL either"),
        (
            {"AGENT_CALL": "json:loads", "AGENT_URL": URL},
            "AGENT_CALL is set beside a URL",
        ),
        (
            {"AGENT_CALL": "json.loads"},
            "AGENT_CALL is 'json.loads'; allowed is module:function",
        ),
        (
            {"AGENT_CALL": "json:nothing"},
            "AGENT_CALL is json:nothing, which cannot be imported",
        ),
        (
            {"AGENT_URL": "ftp://x", "AGENT_MODEL": "m"},
            "AGENT_URL is something else (7 ",
        ),
        (
            {"AGENT_URL": "https://k:s@x", "AGENT_MODEL": "m"},
            "AGENT_URL is something else (13 ",
        ),
        ({"AGENT_URL": URL, "AGENT_MODEL": "m", "AGENT_KEY": "a b"}, "*** (3 characters)"),
        ({"AGENTS_FILE": "/nowhere/agents.toml"}, "/nowhere/agents.toml cannot be read"),
    ],
)
def test_mistakes_in_variables(variables: dict[str, str], words: str) -> None:
    """Named with the variable and what is allowed; no URL and no key is repeated."""
    assert words in complaint(**variables)


GOOD = """
default = "support"

[agents.support]
url = "http://127.0.0.1:11434/v1"
model = "llama"
key_variable = "MY_KEY"
timeout = 5

[agents.json]
call = "json:loads"

[[rules]]
pattern = "^json"
agent = "json"
"""


def test_a_file_has_agents_and_rules(tmp_path: Path) -> None:
    """The key comes from the variable that the file names."""
    path = tmp_path / "agents.toml"
    path.write_text(GOOD)
    settings = read(AGENTS_FILE=str(path), MY_KEY=KEY)
    support, call = settings.agents
    assert (support.name, support.timeout, settings.default) == ("support", 5.0, "support")
    assert isinstance(call, CallSpec)
    assert call.timeout == 60.0
    assert [rule.agent for rule in settings.rules] == ["json"]
    assert settings.secrets == (KEY,)
    assert "key_variable names MY_KEY, which is not set" in complaint(AGENTS_FILE=str(path))


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('default = "support"', 'default = "x"', "default is 'x'; allowed is an agent's name: js"),
        ('agent = "json"', 'agent = "x"', "rule 1: agent is 'x'"),
        ('pattern = "^json"', 'pattern = "("', "rule 1: pattern is '(', which is no regular"),
        ('pattern = "^json"', 'chat = "x"', "Expected `int | null`, got `str` - at `rules[0].chat"),
        ("key_variable", "key", "unknown field `key` - at `agents[...]`"),
        ("timeout = 5", "timeout = 0", "agents.support.timeout is 0; allowed is 0.1 to 3600"),
        ("timeout = 5", "timeout = ", "agents.toml cannot be read: Invalid value (at line 8"),
        ("[agents.json]", "[agents.support]", "cannot be read"),
    ],
)
def test_mistakes_in_the_file(tmp_path: Path, old: str, new: str, words: str) -> None:
    """Named with the file and the place in it."""
    path = tmp_path / "agents.toml"
    path.write_text(GOOD.replace(old, new))
    problem = complaint(AGENTS_FILE=str(path), MY_KEY=KEY)
    assert str(path) in problem
    assert words in problem


def test_the_first_agent_may_stand_in_front_of_a_file(tmp_path: Path) -> None:
    """It is the default where the file names none; the name is taken then."""
    path = tmp_path / "agents.toml"
    path.write_text('[agents.json]\ncall = "json:loads"\n')
    settings = read(AGENTS_FILE=str(path), AGENT_CALL="json:dumps")
    assert [agent.name for agent in settings.agents] == ["default", "json"]
    assert settings.default == "default"
    path.write_text('[agents.default]\ncall = "json:loads"\n')
    assert "[agents.default] is the agent of AGENT_URL" in complaint(
        AGENTS_FILE=str(path), AGENT_CALL="json:dumps"
    )


def test_every_mistake_of_every_agent_is_told(tmp_path: Path) -> None:
    """Those of the variables, and those of each table of the file; and then there is no agent."""
    path = tmp_path / "agents.toml"
    path.write_text('[agents.a]\ncall = "json"\ntimeout = 0\n[agents.b]\nurl = "https://x/v1"\n')
    reader = Reader({"AGENTS_FILE": str(path), "AGENT_URL": "ftp://x"}, {})
    assert read_agents(reader).agents == ()
    places = [problem.partition(" is ")[0] for problem in reader.problems]
    assert places == [
        "AGENT_URL in the environment",
        "AGENT_MODEL",
        f"{path}: agents.a.call",
        f"{path}: agents.a.timeout",
        f"{path}: agents.b.model",
    ]
