"""`watchdog convert`: what is written loads, and means what the original meant."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.config.test_supervisord_same import GALLERY, VARIABLES
from watchdog.config import Config, ConfigError, load
from watchdog.config.convert.forms import convert
from watchdog.core.model import Hook, HookPolicy, Role


@pytest.fixture(autouse=True)
def surroundings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The variables that the files use, and a directory of its own."""
    for name, value in {**VARIABLES, "HOME": str(tmp_path)}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)


def reloaded(text: str, name: str = "watchdog.toml") -> Config:
    """The configuration that was written."""
    Path(name).write_text(text)
    return load(Path(name))


@pytest.mark.parametrize("path", GALLERY, ids=lambda path: path.stem)
def test_a_supervisord_conf_means_the_same(path: Path) -> None:
    """The TOML is the same configuration as the file itself, and holds no secret of it."""
    text = convert(path)
    read, written = load(path), reloaded(text)
    assert replace(written, path=None, notes=()) == replace(read, path=None, notes=())
    for name in ("DJANGO_KEY", "PROXY_TOKEN", "MINIO_PASSWORD", "TELEGRAM_BOT_TOKEN"):
        assert VARIABLES[name] not in text


def test_a_procfile() -> None:
    """Each line is a program, run by a shell, with a PORT of its own."""
    Path("Procfile").write_text("# web first\nweb: python app.py --port $PORT\nworker: rq worker\n")
    config = reloaded(convert(Path("Procfile")))
    assert [program.name for program in config.programs] == ["web", "worker"]
    assert config.program("web").command == ("sh", "-c", "python app.py --port $PORT")
    assert config.program("worker").environment["PORT"] == "5100"


UNIT = """\
[Unit]
Description=A bot
After=network-online.target
[Service]
Type=notify
ExecStart=/usr/bin/python3 -m bot \\
    --name "my bot" --price $5
WorkingDirectory=/srv/bot
Environment=A=1 "B=two words"
User=nobody
Restart=on-failure
RestartSec=2min 3s
TimeoutStopSec=20
KillSignal=SIGINT
WatchdogSec=30s
LimitNOFILE=4096
ProtectSystem=strict
[Install]
WantedBy=multi-user.target
"""


def test_a_systemd_unit() -> None:
    """The settings that we have are carried over, the others are named."""
    Path("bot.service").write_text(UNIT)
    text = convert(Path("bot.service"))
    bot = reloaded(text).program("bot")
    assert bot.command == ("/usr/bin/python3", "-m", "bot", "--name", "my bot", "--price", "$5")
    assert bot.environment == {"A": "1", "B": "two words"}
    assert (bot.policy.restart.when, bot.policy.restart.initial) == ("on-failure", 123.0)
    assert (bot.policy.stop.signal, bot.policy.stop.grace) == ("INT", 20.0)
    assert (bot.policy.heartbeat, bot.policy.ready_within) == (30.0, 90.0)
    assert "# - ProtectSystem=strict: not carried over" in text
    assert "# - After=network-online.target: not carried over" in text
    assert Role.STARTUP not in bot.policy.probes


def test_what_a_unit_runs_around_its_process_are_hooks() -> None:
    """With systemd's timeouts and its "-"; what only systemd can fill in is named, not guessed."""
    unit = """[Service]
ExecStart=/bin/web
ExecStartPre=-/bin/migrate --all
ExecStop=/bin/kill -s QUIT $MAINPID
ExecStopPost=/bin/tidy
TimeoutStartSec=5min
TimeoutStopSec=20
RuntimeMaxSec=1d
"""
    Path("web.service").write_text(unit)
    text = convert(Path("web.service"))
    web = reloaded(text).program("web")
    assert web.hooks == {
        Hook.PRE_START: ("/bin/migrate", "--all"),
        Hook.POST_EXIT: ("/bin/tidy",),
    }
    assert web.policy.hooks[Hook.PRE_START] == HookPolicy(300.0, "ignore")
    assert web.policy.hooks[Hook.POST_EXIT].timeout == 20.0
    assert web.policy.maximum_age == 86400.0
    assert "# - ExecStop=/bin/kill -s QUIT $MAINPID: not carried over" in text


APPS = {
    "apps": [
        {
            "name": "api",
            "script": "./server.js",
            "args": "--port 3000",
            "instances": 2,
            "exec_mode": "cluster",
            "env": {"NODE_ENV": "production", "PRICE": "$5"},
            "max_memory_restart": "300M",
            "watch": True,
        },
        {
            "name": "job",
            "script": "job.py",
            "autorestart": False,
            "kill_timeout": 5000,
            "cron_restart": "0 4 * * 1",
        },
    ]
}


def check_apps(text: str) -> None:
    """What both forms of the file mean."""
    config = reloaded(text)
    assert [program.name for program in config.programs] == ["api:api-0", "api:api-1", "job"]
    first, job = config.program("api:api-0"), config.program("job")
    assert first.command == ("node", "./server.js", "--port", "3000")
    assert first.environment == {
        "NODE_ENV": "production",
        "PRICE": "$5",
        "NODE_APP_INSTANCE": "0",
    }
    assert first.memory == 300 * 2**20
    assert (job.command, job.policy.restart.when) == (("python3", "job.py"), "never")
    assert (job.policy.stop.grace, job.restart_at) == (5.0, "0 4 * * 1")
    assert "# - api: watch: not carried over" in text
    assert "# - api: no cluster" in text


def test_a_pm2_file() -> None:
    """Apps are programs, instances a group."""
    Path("ecosystem.json").write_text(json.dumps(APPS))
    check_apps(convert(Path("ecosystem.json")))


def test_a_pm2_program() -> None:
    """An ecosystem.config.js is evaluated by node."""
    if shutil.which("node") is None:
        pytest.skip("node is not installed")
    Path("ecosystem.config.js").write_text(f"module.exports = {json.dumps(APPS)}")
    check_apps(convert(Path("ecosystem.config.js")))


def test_without_node() -> None:
    """Without node it is said what is needed."""
    Path("ecosystem.config.js").write_text("module.exports = {}")
    with pytest.raises(ConfigError, match="there is no node to run it; install node, or save"):
        convert(Path("ecosystem.config.js"), environ={**os.environ, "PATH": "/nowhere"})


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("Procfile", "web python", "Procfile:1: not a line of a Procfile; allowed: name: command"),
        ("x.service", "[Unit]\nAfter=y\n", "there is no ExecStart"),
        ("eco.json", "{}", "apps: found none"),
        ("x.txt", "hello", "not a file that is known here; say what it is with --from"),
        ("s.conf", "[program:x]\n", "command is missing"),
    ],
)
def test_what_cannot_be_converted(name: str, text: str, told: str) -> None:
    """The reason is told with the file."""
    Path(name).write_text(text)
    with pytest.raises(ConfigError) as caught:
        convert(Path(name))
    assert told in str(caught.value)
