"""What a reload does with each change."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from watchdog.config import Config
from watchdog.config.model import ProgramConfig
from watchdog.config.reread import Changes, compare

Read = Callable[..., Config]
BASE = '[programs.bot]\ncommand = "x"\nenv_file = ".env"\n'
OTHER = '[programs.other]\ncommand = "y"\n'

# a change of each field of a program, and whether its process would see it
SEEN = {
    "command": 'command = "z"',
    "directory": 'directory = "/"',
    "environment": "environment.A = 1",
    "user": 'user = "u"',
    "group": 'group = "g"',
    "umask": 'umask = "077"',
    "limits": "limits.core = 0",
    "singleton": 'singleton = "s"',
    "on_watchdog_death": 'on_watchdog_death = "kill"',
    "logs path": 'logs.path = "z.log"',
    "logs stderr": 'logs.stderr = "discard"',
    "stdin": 'stdin = "pipe"',
    "sockets": 'sockets = [":8000"]',
    "heartbeat": 'heartbeat = "30s"',
    "listener": 'listener.events = ["TICK_5"]',
    "ready_within": "startup.heartbeat = true",
}
UNSEEN = {
    "when_held": 'when_held = "wait"',
    "memory": 'memory = "1GB"',
    "logs": "logs = { maximum = 5, backups = 1, format = 'json' }",
    "probes": 'liveness.tcp = "h:1"',
    "restart": "restart.limit = 1",
    "exit_codes": "exit_codes.slow = [9]",
    "stop": 'stop.signal = "INT"',
    "autostart": "autostart = false",
    "evidence": "evidence.lines = 5",
    "drill": 'drill.every = "1d"',
    "restart_at": 'restart_at = "0 4 * * 1"',
    "restart_at_zone": 'restart_at = "0 4 * * *"\nrestart_at_zone = "UTC"',
    "memory_over": 'memory = { limit = "1GB", over = "5m" }',
    "cpu": 'cpu = "90%"',
    "cpu_over": 'cpu = { limit = "90%", over = "1m" }',
    "hooks": 'hooks.pre_start = "./migrate"',
    "group_name": 'group_name = "team"',
    "priority": "priority = 1",
    "update": 'update = "rolling"',
    "depends_on": 'depends_on = ["other"]',
}


def change(read: Read, line: str) -> Changes:
    old = read(BASE + OTHER, env="A=0\n")
    base = BASE.replace('command = "x"\n', "") if line.startswith("command") else BASE
    return compare(old, read(base + line + "\n" + OTHER, env="A=0\n"))


@pytest.mark.parametrize("line", SEEN.values(), ids=SEEN)
def test_what_a_process_sees_restarts_it(line: str, read: Read) -> None:
    """A change that the process has from its birth needs a new process, and only that one."""
    assert change(read, line) == Changes(restarted=("bot",))


@pytest.mark.parametrize("line", UNSEEN.values(), ids=UNSEEN)
def test_what_only_the_watchdog_does_is_retuned(line: str, read: Read) -> None:
    """A change of policy alone leaves the process running."""
    assert change(read, line) == Changes(retuned=("bot",))


def test_every_field_was_thought_of() -> None:
    """Whoever adds a field to a program must say here which kind it is."""
    thought = {line.split(" ")[0] for line in (*SEEN, *UNSEEN)}
    elsewhere = {"name", "instance", "env_file", "lease", "secrets", "policy", "group_priority"}
    assert set(ProgramConfig.__struct_fields__) <= thought | elsewhere


def test_the_content_of_the_env_file_counts(read: Read) -> None:
    """The same file with another content restarts; another comment in it does not."""
    old = read(BASE, env="A=0\n")
    assert compare(old, read(BASE, env="A=1\n")) == Changes(restarted=("bot",))
    assert compare(old, read(BASE, env="# new\nA=0\n")) == Changes()


def test_programs_come_and_go(read: Read) -> None:
    """Added and removed programs are named, the others are left alone."""
    one, both = read(BASE, env=""), read(BASE + OTHER, env="")
    assert compare(one, both) == Changes(added=("other",))
    assert compare(both, one) == Changes(removed=("other",))


@pytest.mark.parametrize("key", ["state", "socket", "http"])
def test_the_watchdogs_own_keys_need_a_new_start(key: str, read: Read) -> None:
    """They are named, and no program is restarted for them, although its log's place moves."""
    value = {"state": "s", "socket": "x.sock", "http": "127.0.0.1:1"}[key]
    new = read(f'watchdog.{key} = "{value}"\n{BASE}', env="")
    changed = compare(read(BASE, env=""), new)
    assert key in changed.watchdog
    assert changed.restarted == ()


def test_a_new_heartbeat_interval_restarts(read: Read) -> None:
    """The interval is told to the process when it is born."""
    old, new = (read(f'{BASE}heartbeat = "{time}"', env="") for time in ("30s", "60s"))
    assert compare(old, new) == Changes(restarted=("bot",))


def test_changes_know_their_lease(read: Read) -> None:
    """A lease that is added restarts its program."""
    singleton: Any = 'singleton = "s"\n'
    old = read(BASE + singleton, env="")
    new = read(BASE + singleton + 'lease = "redis://h/0"\n', env="")
    assert compare(old, new) == Changes(restarted=("bot",))
