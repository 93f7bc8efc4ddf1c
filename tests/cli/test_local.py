"""The commands that need no running watchdog: run, check, init, demo, and the table's layout."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from watchdog.cli.main import main
from watchdog.cli.table import format_table, format_uptime
from watchdog.config import Config
from watchdog.core.model import Role

Call = Callable[..., tuple[int, str, str]]

GOOD = '[programs.bot]\ncommand = ["python", "-m", "bot"]\n[programs.web]\ncommand = "web"\n'


class Recorder:
    """Stands for the daemon: notes what it was asked to run."""

    def __init__(self) -> None:
        self.config: Config | None = None
        self.names: tuple[str, ...] = ()

    def __call__(self, config: Config, names: tuple[str, ...]) -> int:
        self.config, self.names = config, names
        return 42


def run(*words: str) -> tuple[int, Recorder]:
    recorder = Recorder()
    return main(["run", *words], run=recorder), recorder


def test_run_loads_the_configuration_it_finds(directory: Path) -> None:
    """The exit code of the daemon is that of the command."""
    (directory / "watchdog.toml").write_text(GOOD)
    code, seen = run("web")
    assert code == 42
    assert seen.names == ("web",)
    assert seen.config is not None
    assert [program.name for program in seen.config.programs] == ["bot", "web"]


def test_run_takes_a_command_without_a_file(directory: Path) -> None:
    """Options become keys, also those without a flag; the command is taken as it is."""
    code, seen = run(
        *("--singleton", "key:a", "--http", "http://127.0.0.1:1/h", "--liveness.period", "2"),
        *("--stop.grace=3s", "--stop.signal", "INT", "--name", "b", "--priority=5"),
        *("--", "prog", "--", "-x", "$HOME"),
    )
    assert code == 42
    assert seen.config is not None
    (program,) = seen.config.programs
    assert program.name == "b"
    assert program.command == ("prog", "--", "-x", "$HOME")
    assert str(program.singleton) == "key:a"
    assert (program.policy.stop.signal, program.policy.stop.grace) == ("INT", 3.0)
    assert program.policy.priority == 5
    assert program.policy.probes[Role.LIVENESS].period == 2.0


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ("-c nowhere.toml", 78, "no such file"),
        ("-c bad.toml", 78, "comand"),
        ("-c good.toml nope", 2, "there is no program nope; there are: bot, web"),
        ("--http x -- prog", 78, "--http"),
        ("--htp x -- prog", 78, "--htp: unknown key"),
        ("--singleton", 2, "expected one argument"),
        ("--priority -- prog", 2, "--priority needs a value"),
        ("--stop.grace 1 --stop x -- prog", 2, "--stop is given twice"),
        ("--", 2, "no command after --"),
        ("-c good.toml -- prog", 2, "leave out -c"),
        ("-c good.toml --http x", 2, "is for `watchdog run [OPTIONS] -- COMMAND`"),
        ("prog -- prog", 2, "unexpected prog"),
    ],
)
def test_run_refuses_what_it_cannot_do(
    directory: Path, capfd: pytest.CaptureFixture[str], words: str, code: int, said: str
) -> None:
    """78 for a configuration, 2 for usage; nothing is started, and the text says what is wrong."""
    (directory / "good.toml").write_text(GOOD)
    (directory / "bad.toml").write_text('[programs.bot]\ncomand = "x"\n')
    ended, seen = run(*words.split())
    assert ended == code
    assert said in capfd.readouterr().err
    assert seen.config is None


def test_check_describes_a_good_configuration(directory: Path, call: Call) -> None:
    """What will be run, where the state and the socket are; and no secret."""
    secret = "123456789:AAExampleExampleExampleExampleExamp"
    (directory / "watchdog.toml").write_text(
        f'[programs.bot]\ncommand = ["bot", "--token={secret}"]\nsingleton = "telegram:{secret}"\n'
    )
    code, out, _ = call("check")
    assert code == 0
    assert "is usable" in out
    assert "socket" in out
    assert "Example" not in out


def test_check_tells_of_hooks_and_of_what_is_planned(directory: Path, call: Call) -> None:
    """Which hooks there are and how long each may take, and when it is restarted by itself."""
    (directory / "watchdog.toml").write_text(
        '[programs.a]\ncommand = "x"\nrestart_at = "0 4 * * 1"\nmaximum_age = "24h"\n'
        'maximum_age_spread = "2h"\nhooks.pre_start = "y"\n'
        'memory = "512MB"\ncpu = { limit = "250%", over = "1m" }\n'
    )
    code, out, _ = call("check")
    assert code == 0
    assert "pre_start 10 s" in out
    assert 'at "0 4 * * 1", when 22h to 1d old' in out
    assert "memory 512MB, cpu 250% over 1m" in out


@pytest.mark.parametrize("written", ["2", '"90"', "0.9"])
def test_ceiling_of_the_processor_needs_its_sign(directory: Path, call: Call, written: str) -> None:
    """A number alone could be processors as well as a percentage, so it is neither."""
    (directory / "watchdog.toml").write_text(f'[programs.a]\ncommand = "x"\ncpu = {written}\n')
    code, _, err = call("check")
    assert code == 78
    assert f"programs.a.cpu: found {written}; allowed: a percentage of one processor" in err


def test_check_lists_every_problem(directory: Path, call: Call) -> None:
    """78, the file and lines, and nothing else."""
    (directory / "x.toml").write_text('[programs.bot]\ncomand = "x"\npriority = "high"\n')
    code, out, err = call("check", "-c", "x.toml")
    assert (code, out) == (78, "")
    assert "x.toml:2" in err
    assert "x.toml:3" in err


def test_init_writes_once(directory: Path, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    """The starter is valid, and no file of the user's is replaced unless asked."""
    assert call("init")[0] == 0
    monkeypatch.setenv("TELEGRAM_BOT_TOKEN", "123456789:AAExampleExampleExampleExampleExamp")
    (directory / ".env").write_text("")
    assert call("check")[0] == 0
    (directory / "watchdog.toml").write_text("mine")
    code, _, err = call("init")
    assert (code, "--force" in err) == (1, True)
    assert (directory / "watchdog.toml").read_text() == "mine"
    assert call("init", "--force")[0] == 0
    assert call("init", "-c", "no/such/place.toml")[0] == 1


def test_init_takes_the_name_of_the_token_from_env(directory: Path, call: Call) -> None:
    """A bot whose `.env` calls it otherwise has a usable configuration at once."""
    token = "123456789:AAExampleExampleExampleExampleExamp"
    (directory / ".env").write_text(f"OTHER=1\nTG_TOKEN={token}\nOLD_TOKEN={token}\n")
    assert call("init")[0] == 0
    assert call("check")[0] == 0
    text = (directory / "watchdog.toml").read_text()
    assert 'singleton = "telegram:${TG_TOKEN}"' in text
    assert "TELEGRAM_BOT_TOKEN" not in text
    (directory / ".env").write_text(f"OTHER={token}\nTELEGRAM_BOT_TOKEN={token}\n")
    assert call("init", "--force")[0] == 0
    assert "${TELEGRAM_BOT_TOKEN}" in (directory / "watchdog.toml").read_text()


@pytest.mark.parametrize("guide", ["mimic", "agent-factory"])
def test_init_writes_what_a_guide_has(directory: Path, call: Call, guide: str) -> None:
    """Both files are valid together at once; what is there already is not touched."""
    code, said, _ = call("init", "--from", guide)
    assert (code, "wrote watchdog.toml and .env" in said) == (0, True)
    assert call("check")[0] == 0
    assert (directory / ".env").stat().st_mode & 0o777 == 0o600
    written = (directory / "watchdog.toml").read_text()
    (directory / ".env").write_text("TG_TOKEN=987654321:AAExampleExampleExampleExampleExamp\n")
    assert call("init", "--from", guide)[0] == 1
    assert (directory / "watchdog.toml").read_text() == written
    code, said, _ = call("init", "--from", guide, "--force")
    assert (code, ".env is left as it is" in said) == (0, True)
    assert (directory / ".env").read_text().startswith("TG_TOKEN=")
    assert "telegram:${TG_TOKEN}" in (directory / "watchdog.toml").read_text()
    assert call("check")[0] == 0


def test_init_knows_the_names_of_the_guides(directory: Path, call: Call) -> None:
    """Another name is refused with those that there are, and nothing is written."""
    code, _, said = call("init", "--from", "nonsense")
    assert (code, "'mimic', 'agent-factory'" in said) == (2, True)
    assert list(directory.iterdir()) == []


def test_demo_is_handed_its_words() -> None:
    """The demonstration reads its own options."""
    seen: list[str] = []

    def demo(words: list[str]) -> int:
        seen.extend(words)
        return 5

    assert main(["demo", "--plain", "-h"], demo=demo) == 5
    assert seen == ["--plain", "-h"]


def program(**fields: Any) -> dict[str, Any]:
    defaults = {
        "name": "bot",
        "group": "bot",
        "state": "RUNNING",
        "health": "healthy",
        "reason": "",
        "pid": 4711,
        "uptime_seconds": 10.0,
        "restarts": 2,
    }
    return defaults | fields


def test_the_table_is_aligned() -> None:
    """Numbers to the right, words to the left, groups in front of the name."""
    rows = [
        program(),
        program(name="w", group="many", state="FATAL", pid=None, uptime_seconds=None, reason="no"),
    ]
    assert format_table(rows) == [
        "NAME    STATE    HEALTH    PID   UPTIME  RESTARTS  REASON",
        "bot     RUNNING  healthy  4711  0:00:10         2",
        "many:w  FATAL    healthy                        2  no",
    ]


@pytest.mark.parametrize("width", [20, 30, 40, 50, 60, 80])
def test_no_line_is_longer_than_the_terminal(width: int) -> None:
    """Columns are left out and the reason is cut; name and state stay."""
    lines = format_table([program(reason="a long story " * 20)], width)
    assert all(len(line) <= width for line in lines)
    assert lines[1].startswith("bot   RUNNING")


def test_a_program_cannot_steer_the_terminal() -> None:
    """Escape sequences in a reason that a probe brought are not printed."""
    (_, line) = format_table([program(reason="\x1b]0;owned\x07\n\x9b31m")])
    assert line.isprintable()


def test_colours_mark_the_state_and_not_the_name() -> None:
    """A program called like a state is not painted."""
    (heading, line) = format_table([program(name="RUNNING", group="RUNNING")], 80, colour=True)
    assert "\x1b" not in heading
    assert line.startswith("RUNNING  \x1b[32mRUNNING\x1b[0m  \x1b[32mhealthy\x1b[0m")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(None, ""), (0, "0:00:00"), (-5, "0:00:00"), (3661.9, "1:01:01"), (200_000, "2d 7:33:20")],
)
def test_uptime(seconds: float | None, text: str) -> None:
    """Hours and days, and never a negative time."""
    assert format_uptime(seconds) == text
