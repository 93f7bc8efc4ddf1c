"""Reading a supervisord.conf: what is said of mistakes, includes, our own sections, secrets."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from watchdog.config import Config, ConfigError, load
from watchdog.config.model import SocketConfig
from watchdog.config.reread import compare
from watchdog.core.model import Role

TOKEN = "123456789:AAExampleExampleExampleExampleExamp"
Read = Callable[..., Config]


@pytest.fixture
def read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Read:
    """Write `s.conf` and load it with an environment of its own."""
    monkeypatch.chdir(tmp_path)

    def read(text: str, **environ: str) -> Config:
        (tmp_path / "s.conf").write_text(f"[supervisord]\nnodaemon=true\n{text}")
        return load(Path("s.conf"), {"HOME": str(tmp_path), **environ})

    return read


MISTAKES = [
    (
        "[program:a]\ncommand=x\nautostart=maybe",
        's.conf:5: [program:a] autostart: found "maybe"; '
        "allowed: true, false, yes, no, on, off, 1 or 0",
    ),
    (
        "[program:a]\ncommand=x %(ENV_GONE)s",
        "s.conf:4: [program:a] command: found %(ENV_GONE)s, but the variable GONE is not set in "
        "the environment",
    ),
    (
        "[program:a]\ncommand=x %(process_nun)d",
        "s.conf:4: [program:a] command: found %(process_nun)s; did you mean %(process_num)s?",
    ),
    (
        "[program:a]\ncommand=date +%s",
        "s.conf:4: [program:a] command: found a % that is no %(name)s; write %% for a percent sign "
        "that is meant",
    ),
    (
        "[program:a]\ncommand=x\nnumprocs=2",
        's.conf:3: [program:a] process_name: found "%(program_name)s"; allowed: a name with '
        "%(process_num)02d in it, since numprocs is more than 1\n"
        "    write process_name=%(program_name)s_%(process_num)02d",
    ),
    (
        "[group:g]\nprograms=wbe\n[program:web]\ncommand=x",
        's.conf:4: [group:g] programs: there is no program "wbe"; did you mean web?',
    ),
    ("[program:a]\nautostart=true", "s.conf:3: [program:a]: command is missing; allowed: what"),
    (
        "[program:a]\ncomand=x",
        "s.conf:3: [program:a]: command is missing; allowed: what to run\n"
        "    write command= instead of comand=",
    ),
    ('[program:a]\ncommand=x "y', "s.conf:4: [program:a] command: no closing quotation in the"),
    (
        "[program:a]\ncommand=x\nenvironment=KEY",
        "s.conf:5: [program:a] environment: found a text (not shown); allowed: pairs such as",
    ),
    (
        "[fcgi-program:php]\ncommand=x\nsocket=tcp://php.example:9000",
        's.conf:5: [fcgi-program:php] socket: found "tcp://php.example:9000"; allowed: tcp://127',
    ),
    (
        "[fcgi-program:php]\ncommand=x",
        "s.conf:3: [fcgi-program:php]: socket is missing; allowed: tcp://127.0.0.1:9000, or unix:",
    ),
    (
        "[fcgi-program:php]\ncommand=x\nsocket=tcp://127.0.0.1:9000\nsocket_mode=0600",
        "s.conf:6: [fcgi-program:php] socket_mode: found beside a tcp:// socket; allowed: only for",
    ),
    (
        "[group:g]\nprograms=php\n[fcgi-program:php]\ncommand=x\nsocket=unix:///run/php",
        's.conf:4: [group:g] programs: "php" is an fcgi-program; take it out: an [fcgi-program] is',
    ),
    (
        "[program:bot]\ncommand=x\n[watchdog:bto]\nmemory=1GB",
        's.conf:5: [watchdog:bto]: there is no program "bto"; did you mean [watchdog:bot]?',
    ),
    (
        "[program:bot]\ncommand=x\n[watchdog:bot]\nlivenes.http=http://localhost:1",
        's.conf:6: [watchdog:bot] livenes.http: unknown key; did you mean "liveness"?',
    ),
    (
        "[program:bot]\ncommand=x\n[watchdog:bot]\nmemory=lots",
        's.conf:6: [watchdog:bot] memory: found "lots"; allowed: a size such as',
    ),
    ("no key\n", "s.conf:3: not a line of an INI file; allowed: key = value"),
    (
        "[unix_http_server]\nfile=/tmp/x\nusername=me\n[program:a]\ncommand=x",
        "s.conf:3: [unix_http_server]: password is missing; allowed: both username and password",
    ),
]


@pytest.mark.parametrize(("text", "told"), MISTAKES, ids=[told[:50] for _, told in MISTAKES])
def test_a_mistake(text: str, told: str, read: Read) -> None:
    """A mistake is told with file, line, section, key, what was found and what is allowed."""
    with pytest.raises(ConfigError) as caught:
        read(text)
    assert str(caught.value).startswith(told)


def test_all_mistakes_at_once(read: Read) -> None:
    """One reading finds all that is wrong, each thing once, in the order of the lines."""
    with pytest.raises(ConfigError) as caught:
        read(
            "[program:a]\ncommand=x\nnumprocs=3\nprocess_name=%(process_num)d\numask=9\n"
            "stdout_logfile_maxbytes=5XB\n[program:b]\ncommand=x\nstopsignal=NO"
        )
    assert [problem.line for problem in caught.value.problems] == [7, 8, 11]


def test_a_command_that_cannot_be_expanded_is_one_mistake(read: Read) -> None:
    """It is not called empty as well."""
    with pytest.raises(ConfigError) as caught:
        read("[supervisord]\n[program:a]\ncommand=%(ENV_NOBODY_HAS_THIS)s")
    assert len(caught.value.problems) == 1


def test_what_supervisord_ignores_is_noted(read: Read) -> None:
    """An unknown key or section is no error, but somebody should know; plugins are not loaded."""
    config = read(
        "[program:a]\ncommand=x\nautorestrat=true\n[progam:b]\ncommand=y\n"
        "[rpcinterface:supervisor]\nx=y\n[rpcinterface:twiddler]\nx=y\n[supervisorctl]\nprompt=x\n"
    )
    assert config.notes == (
        "s.conf:5: [program:a] autorestrat: unknown key, ignored; did you mean autorestart?",
        "s.conf:6: [progam:b]: unknown section, ignored; did you mean program?",
        "s.conf:10: [rpcinterface:twiddler]: plugins of supervisord are not loaded; its own "
        "interface is always there",
    )


def test_included_files(read: Read, tmp_path: Path) -> None:
    """Globs are relative to the file; `here` is each file's own directory; problems name it."""
    extra = tmp_path / "conf.d"
    extra.mkdir()
    (extra / "b.conf").write_text("[program:b]\ncommand=%(here)s/run\n")
    (extra / "a.conf").write_text("[program:a]\ncommand=x\npriority=5\n")
    text = "[include]\nfiles = conf.d/*.conf gone/*.ini\n[program:main]\ncommand=%(here)s/main\n"
    config = read(text)
    assert [program.name for program in config.programs] == ["a", "b", "main"]
    assert config.program("b").command == (f"{extra}/run",)
    assert config.program("main").command == (f"{tmp_path}/main",)
    assert config.notes == (f"[include] {tmp_path}/gone/*.ini: no such file",)
    (extra / "b.conf").write_text("[program:b]\ncommand=x\nstartsecs=soon\n")
    with pytest.raises(ConfigError) as caught:
        read(text)
    assert str(caught.value).startswith(f"{extra}/b.conf:3: [program:b] startsecs: found")


def test_our_own_keys(read: Read) -> None:
    """[watchdog] and [watchdog:x] have the words of the TOML file, as tables or dotted keys."""
    config = read(
        "[program:bot]\ncommand=x\nprocess_name=bot%(process_num)d\nnumprocs=2\n"
        "[watchdog]\nstate = kept\n"
        "[watchdog:bot]\n"
        'liveness = {http = "http://127.0.0.1:9876/", period = "2s"}\n'
        "liveness.failure_threshold = 5\n"
        "singleton = worker-%(process_num)d\n"
        "exit_codes.fatal = [77]\n"
        "depends_on = []\n"
        "memory = 512MB\n"
        "[watchdog:bot:bot1]\nmemory = 1GB\n"
    )
    first, second = config.programs
    assert config.state.name == "kept"
    assert (str(first.singleton), str(second.singleton)) == ("worker-0", "worker-1")
    assert (first.memory, second.memory) == (512 * 2**20, 2**30)
    liveness = first.policy.probes[Role.LIVENESS]
    assert (liveness.period, liveness.failure_threshold) == (2.0, 5)
    assert first.policy.exit_codes.fatal == (77,)


def test_a_token_from_the_environment_stays_secret(read: Read) -> None:
    """What came from a variable with a secret name is known as one, in the command, too."""
    config = read(
        "[program:bot]\ncommand=x --pass %(ENV_BOT_PASSWORD)s\n"
        "[watchdog:bot]\nsingleton = telegram:%(ENV_TOKEN)s\n",
        TOKEN=TOKEN,
        BOT_PASSWORD="a made-up $ecret",
    )
    bot = config.program("bot")
    assert str(bot.singleton) == "telegram:123456789"
    assert TOKEN in bot.secrets
    assert TOKEN not in repr(config)
    assert bot.command == ("x", "--pass", "a", "made-up", "$ecret"), "split after it was filled in"


def test_dollars_are_no_variables(read: Read) -> None:
    """supervisord knows no shell variables: a dollar is a dollar, also one that came by a name."""
    config = read("[program:a]\ncommand=sh -c 'echo $HOME ${X} $$ %(ENV_D)s'\n", D="${HOME}")
    assert config.program("a").command[2] == "echo $HOME ${X} $$ ${HOME}"


def test_one_log_for_many(read: Read) -> None:
    """Workers that share a log, as in many a documentation, are allowed to."""
    config = read(
        "[program:w]\ncommand=x\nnumprocs=8\nprocess_name=%(process_num)d\n"
        "stdout_logfile=/tmp/w.log\nredirect_stderr=true\n"
    )
    assert {str(program.logs.path) for program in config.programs} == {"/tmp/w.log"}
    assert all(program.logs.shared for program in config.programs)


def test_an_open_port_without_a_password(read: Read) -> None:
    """`port=*:9001` lets this machine in only, until there is a password."""
    program = "[program:a]\ncommand=x\n"
    config = read(f"[inet_http_server]\nport=*:9001\n{program}")
    assert str(config.http) == "127.0.0.1:9001"
    assert any("only this machine is let in" in note for note in config.notes)
    login = "username=me\npassword=not-a-real-one\n"
    config = read(f"[inet_http_server]\nport=*:9001\n{login}{program}")
    assert str(config.http) == "0.0.0.0:9001"
    assert config.login is not None


def test_a_reread_sees_what_changed(read: Read) -> None:
    """As for TOML: a new command replaces the process, a new stopwaitsecs does not."""
    text = "[program:a]\ncommand=x\n[program:b]\ncommand=y\n"
    before = read(text)
    after = read(text.replace("=x", "=z") + "stopwaitsecs=3\n")
    changes = compare(before, after)
    assert (changes.restarted, changes.retuned) == (("a",), ("b",))
    assert changes.watchdog == ()


def test_fastcgi_servers_share_a_socket(read: Read) -> None:
    """All processes of an fcgi-program have the one socket as their descriptor 0."""
    config = read(
        "[fcgi-program:php]\ncommand=x\nnumprocs=2\nprocess_name=%(process_num)d\n"
        "socket=unix:///run/%(program_name)s.sock\nsocket_owner=www:web\nsocket_backlog=7\n"
        "[fcgi-program:tcp]\ncommand=x\nsocket=tcp://localhost:9000\n"
    )
    one, two, tcp = (config.program(name) for name in ("php:0", "php:1", "tcp"))
    expected = SocketConfig(Path("/run/php.sock"), "php", 0o700, "www:web", 7)
    assert one.sockets == two.sockets == (expected,)
    assert tcp.sockets[0].key == "127.0.0.1:9000"
    assert {one.stdin, two.stdin, tcp.stdin} == {"socket"}
