"""What a valid file becomes."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from watchdog.config import Address, Config, Singleton, load
from watchdog.config.schema import PROGRAM
from watchdog.config.together import find_cycles
from watchdog.core.model import ExitCodes, Need, Policy, RestartPolicy, StopPolicy

Read = Callable[..., Config]
TOKEN = "123456789:AAExampleExampleExampleExampleExamp"

CONTRACT = """
[watchdog]
state = "state"
socket = "state/control.sock"
http = "127.0.0.1:9877"

[programs.web]
command = "sleep 1"

[programs.bot]
command = ["python", "-m", "bot"]
directory = "."
env_file = ".env"
singleton = "telegram:${TELEGRAM_BOT_TOKEN}"
when_held = "fail"
lease = "redis://localhost:6379/0"
depends_on = ["web"]
liveness = { http = "http://127.0.0.1:9876/health", period = "5s", timeout = "2s", failure_threshold = 3 }
startup = { period = "1s", failure_threshold = 60 }
heartbeat = "30s"
restart = { when = "always", initial = "0s", factor = 2, maximum = "5m", jitter = 0.2, reset_after = "60s", limit = 10, within = "10m", then = "hold" }
exit_codes = { success = [0], fatal = [2, 77, 78, 126, 127], slow = [69, 75] }
stop = { signal = "TERM", grace = "15s" }
memory = "512MB"
logs = { path = "bot.log", maximum = "50MB", backups = 10, format = "raw", stderr = "merge" }
"""  # noqa: E501


def one(read: Read, lines: str = "", **options: Any) -> Any:
    """The only program of a file with these lines."""
    return read(f'[programs.bot]\ncommand = "x"\n{lines}\n', **options).programs[0]


def test_the_example_of_the_design(read: Read, tmp_path: Path) -> None:
    """The configuration of the contract means what the contract says."""
    config = read(CONTRACT, env=f"TELEGRAM_BOT_TOKEN={TOKEN}\n")
    bot = config.program("bot")
    assert config.state == tmp_path / "state"
    assert config.socket == tmp_path / "state/control.sock"
    assert config.http == Address("127.0.0.1", 9877)
    assert bot.singleton == Singleton("telegram", "telegram:123456789")
    assert bot.memory == 512 * 2**20
    assert bot.logs.path == tmp_path / "bot.log"
    assert bot.on_watchdog_death == "kill"  # because of the lease
    assert bot.policy.needs == {Need.LOCK, Need.LEASE, Need.DEPENDENCIES}
    assert bot.policy.heartbeat == 30
    assert bot.policy.restart == RestartPolicy()


def test_the_defaults_are_those_of_the_core(read: Read, tmp_path: Path) -> None:
    """Only the command given, it has the core's own default policy, and evidence is taken."""
    bot = one(read)
    assert bot.policy == Policy(name="bot", evidence=1.0)
    assert bot.directory == tmp_path
    assert (bot.when_held, bot.on_watchdog_death, bot.singleton) == ("fail", "adopt", None)
    assert (bot.logs.maximum, bot.logs.backups, bot.logs.stderr) == (50 * 2**20, 10, "merge")


def test_tables_and_inline_tables_are_equal(read: Read) -> None:
    """A nested table means the same as an inline one."""
    inline = one(read, 'liveness = { tcp = "h:1", period = 3 }\nstop.grace = "1s"')
    nested = one(
        read, '[programs.bot.liveness]\ntcp="h:1"\nperiod="3s"\n[programs.bot.stop]\ngrace=1'
    )
    assert inline == nested


def test_a_command_in_one_string_is_split_as_by_a_shell(read: Read) -> None:
    """Quotes group words, and a variable's spaces do not split it."""
    config = read(
        "[programs.a]\ncommand = \"sh -c 'a  b' ${X} $Y $$\"", {"X": "one word", "Y": "no"}
    )
    assert config.programs[0].command == ("sh", "-c", "a  b", "one word", "$Y", "$")


def test_variables_come_from_the_env_file_first(read: Read) -> None:
    """The .env wins over the environment; a default serves for what is missing or empty."""
    text = 'env_file = ".env"\nenvironment = { R = "${A}-${B}-${C:-c d}-${E:-e}-$${A}" }'
    bot = one(read, text, environ={"A": "outer", "B": "outer", "E": ""}, env="A=inner\n")
    assert bot.environment == {"A": "inner", "R": "inner-outer-c d-e-${A}"}


def test_an_empty_variable_is_set(read: Read) -> None:
    """A variable that the .env sets to nothing hides the outer one."""
    bot = one(read, 'env_file = ".env"\nenvironment.R = "<${A}>"', environ={"A": "1"}, env="A=")
    assert bot.environment["R"] == "<>"


def test_numbers_may_come_from_variables(read: Read) -> None:
    """A number or boolean that was written as a variable is read as one."""
    bot = one(
        read,
        'priority = "${N}"\nautostart = "${B}"\nmemory = "${M}"\nrestart.factor = "${F}"',
        environ={"N": "7", "B": "false", "M": "2MB", "F": "1.5"},
    )
    assert (bot.policy.priority, bot.autostart, bot.memory) == (7, False, 2 * 2**20)
    assert bot.policy.restart.factor == 1.5


def test_environment_over_env_file_and_numbers_as_text(read: Read) -> None:
    """The table wins over the file, and an integer becomes its digits."""
    bot = one(read, 'env_file = ".env"\nenvironment = { PORT = 80 }', env="PORT=1\nB=2\n")
    assert bot.environment == {"PORT": "80", "B": "2"}


def test_relative_paths_are_relative_to_the_file(read: Read, tmp_path: Path) -> None:
    """Where the watchdog was started does not change what a path means; ~ is the home."""
    bot = one(read, 'directory = "a/../b"\nlogs = { path = "l/x.log", stderr = "~/e.log" }')
    assert bot.directory == tmp_path / "b"
    assert bot.logs.path == tmp_path / "l/x.log"
    assert (bot.logs.stderr, bot.logs.stderr_path) == ("separate", tmp_path / "e.log")


def test_a_separate_stderr_has_the_logs_name(read: Read, tmp_path: Path) -> None:
    """`separate` is a file beside the log."""
    bot = one(read, 'logs = { path = "x.log", stderr = "separate" }')
    assert bot.logs.stderr_path == tmp_path / "x.log.stderr"


def test_limits_have_the_systems_names(read: Read) -> None:
    """Plain words become the constants of `resource`; unlimited is None."""
    bot = one(
        read,
        'umask = "022"\nlimits = { open_files = 9, memory = "1GB", core = "unlimited", cpu = 1.5 }',
    )
    assert bot.limits == {
        "RLIMIT_NOFILE": 9,
        "RLIMIT_AS": 2**30,
        "RLIMIT_CORE": None,
        "RLIMIT_CPU": 2,
    }
    assert bot.umask == 0o22


def test_a_written_exit_code_leaves_the_default_lists(read: Read) -> None:
    """A code has one meaning: the written one."""
    bot = one(read, "exit_codes.success = [0, 69, 77]")
    assert bot.policy.exit_codes == ExitCodes((0, 69, 77), (2, 78, 126, 127), (75,))


def test_signals_have_any_spelling(read: Read) -> None:
    """SIGINT, sigint and INT are the same."""
    for name in ("SIGINT", "sigint", "Int"):
        assert one(read, f'stop.signal = "{name}"').policy.stop == StopPolicy(signal="INT")


@pytest.mark.parametrize(
    ("written", "key"),
    [
        (f"telegram:{TOKEN}", "telegram:123456789"),
        ("Telegram:123456789", "telegram:123456789"),
        ("telegram:0123:short", "telegram:123"),
        ("worker 7:eu", "worker 7:eu"),
    ],
)
def test_a_singleton_is_reduced_to_what_may_be_shown(read: Read, written: str, key: str) -> None:
    """Of a bot only the numeric id is left; a made-up name stays as it is."""
    assert one(read, f'singleton = "{written}"').singleton.key == key


def test_two_files_have_two_states(tmp_path: Path) -> None:
    """Configurations without a state of their own do not share one; the same file always does."""
    environ = {"HOME": str(tmp_path), "XDG_STATE_HOME": str(tmp_path)}
    states = []
    for name in ("a/watchdog.toml", "b/watchdog.toml", "b/other.toml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text('[programs.x]\ncommand = "x"')
        states.append(load(tmp_path / name, environ).state)
    (tmp_path / "link.toml").symlink_to(tmp_path / "a/watchdog.toml")
    assert len(set(states)) == 3
    assert load(tmp_path / "link.toml", environ).state == states[0]
    root = Path("/var/lib/watchdog") if os.geteuid() == 0 else tmp_path / "watchdog"
    assert states[0].parent == root
    assert states[0].name.startswith("a-")


def test_a_long_chain_of_dependencies(read: Read) -> None:
    """A thousand programs in a row are no cycle and no recursion."""
    chain = "".join(f'[programs.p{n}]\ncommand="x"\ndepends_on=["p{n + 1}"]\n' for n in range(1000))
    assert len(read(chain + '[programs.p1000]\ncommand="x"').programs) == 1001


def test_a_cycle_is_told_once() -> None:
    """However many ways lead into a cycle, it is one cycle; a diamond is none."""
    graph = {"x": ["b"], "a": ["b", "c"], "b": ["c"], "c": ["b"], "d": ["e", "f"], "e": ["f"]}
    assert find_cycles({**graph, "f": []}) == [["b", "c", "b"]]


def test_a_device_may_be_shared(read: Read) -> None:
    """Two programs may both log to /dev/null."""
    log = 'command = "x"\nlogs.path = "/dev/null"\n'
    assert len(read(f"[programs.a]\n{log}[programs.b]\n{log}").programs) == 2


def test_every_option_has_a_meaning() -> None:
    """Each option of each section has a sentence for the reference page."""
    sections = [PROGRAM, *PROGRAM.sections.values()]
    assert all(option.doc for section in sections for option in section.options.values())
