"""Under a real systemd: the unit that our own command installs, from its start to its removal."""

from __future__ import annotations

import json
from collections.abc import Callable

from tests.systemd.box import Box, Service, wait_until

Install = Callable[..., Service]

SLEEP = '["sleep", "1000"]'
ONE = f"[programs.bot]\ncommand = {SLEEP}\nstart_seconds = 0\n"
TWO = f'[programs.web]\ncommand = {SLEEP}\nstart_seconds = 0\n{ONE}depends_on = ["web"]\n'


def python(code: str) -> str:
    """A command of a configuration."""
    return json.dumps(["python", "-u", "-c", code])


def start(service: Service, *overrides: str) -> Service:
    """Install it, with changes of the unit; wait until it is up."""
    if overrides:
        service.override(*overrides)
    service.make("--install")
    return service


def test_ready_only_when_the_programs_are(install: Install) -> None:
    """`systemctl start` waits for the programs, and the status says in a sentence for which."""
    startup = '{ exec = ["test", "-e", "go"], period = "100ms", failure_threshold = 900 }'
    service = install(f"{ONE}startup = {startup}\n")
    made = service.watchdog("service", "systemd", "--name", service.name)
    service.box.write(f"/etc/systemd/system/{service.unit}", made.stdout)
    service.box.check("systemctl", "daemon-reload")
    service.systemctl("start", "--no-block")
    wait_until(lambda: "bot is STARTING" in service.show("StatusText"), service.journal)
    assert service.show("ActiveState") == "activating"
    service.box.write(f"{service.directory}/go", "")
    service.wait("ActiveState", "active")
    service.wait("StatusText", "bot is up")


def test_a_stop_is_in_order(install: Install) -> None:
    """`systemctl stop` ends the programs in the order of their dependencies, and cleanly."""
    service = start(install(TWO))
    assert service.show("StatusText") == "all 2 are up"
    service.systemctl("stop")
    stopped = [c["program"] for c in service.changes() if c.get("state") == "STOPPED"]
    assert stopped == ["bot", "web"]
    assert service.show("Result") == "success"
    assert service.show("NRestarts") == "0"


def test_a_long_stop_is_waited_for(install: Install) -> None:
    """A stop in order may take longer than the unit says, as long as the watchdog asks for time."""
    deaf = python("import signal, time\nsignal.signal(15, signal.SIG_IGN)\ntime.sleep(1000)")
    service = start(
        install(f'[programs.bot]\ncommand = {deaf}\nstop = {{ grace = "3s" }}\n'),
        "TimeoutStopSec=1s",
    )
    pid = service.pid_of("bot")
    service.systemctl("stop")
    assert service.show("Result") == "success"
    assert not service.box.path(f"/proc/{pid}").exists()


def test_a_killed_watchdog_comes_back_to_its_program(install: Install) -> None:
    """SIGKILL of the watchdog: systemd starts it again, and it adopts; nothing ran twice."""
    service = start(install(ONE), "RestartSec=100ms")
    pid = service.pid_of("bot")
    service.kill("KILL")
    service.wait("NRestarts", "1")
    service.wait("StatusText", "bot is up")
    assert service.pid_of("bot") == pid
    assert {c["pid"] for c in service.changes() if c.get("program") and c.get("pid")} == {pid}


def test_a_hung_watchdog_is_replaced(install: Install) -> None:
    """A watchdog that no longer turns is killed by WatchdogSec, and the next one adopts."""
    service = start(install(ONE), "RestartSec=100ms", "WatchdogSec=3s", "TimeoutAbortSec=2s")
    pid = service.pid_of("bot")
    service.kill("STOP")
    service.wait("NRestarts", "1")
    service.wait("StatusText", "bot is up")
    assert service.pid_of("bot") == pid
    assert "Watchdog timeout" in service.journal()


def test_a_reload_that_fails_is_seen(install: Install) -> None:
    """`systemctl reload` applies a changed file; a bad one fails it, and changes nothing."""
    service = start(install(ONE))
    service.write(ONE + f"[programs.more]\ncommand = {SLEEP}\nstart_seconds = 0\n")
    service.systemctl("reload")
    service.wait("StatusText", "all 2 are up")
    service.write("nonsense = 1\n")
    assert service.box.run("systemctl", "reload", service.unit).returncode != 0
    assert service.show("ActiveState") == "active"
    assert "nonsense" in service.journal()
    service.write(ONE)


def test_an_upgrade_keeps_everything(install: Install) -> None:
    """`watchdog upgrade`: the same main process for systemd, the same program, ready again."""
    service = start(install(ONE))
    before = service.show("MainPID"), service.pid_of("bot")
    done = service.watchdog("upgrade")
    assert done.returncode == 0, done.stdout
    service.wait("ActiveState", "active")
    service.wait("StatusText", "bot is up")
    assert (service.show("MainPID"), service.pid_of("bot")) == before
    assert service.show("NRestarts") == "0"


def test_lines_in_the_journal_have_priorities(install: Install) -> None:
    """What fails for good is an error in systemd's journal, and no line has a time of its own."""
    service = start(install(f"[programs.bot]\ncommand = {python('raise SystemExit(77)')}\n"))
    service.wait("ActiveState", "active")  # ready: it will not be up, and that is known
    lines = {
        str(entry["MESSAGE"]): entry["PRIORITY"]
        for entry in service.entries()
        if entry["SYSLOG_IDENTIFIER"] == "watchdog"
    }
    fatal = [priority for text, priority in lines.items() if text.startswith("bot: FATAL")]
    assert fatal == ["3"], lines
    assert any(text.startswith("watchdog ") for text in lines), lines
    assert "FATAL" in service.show("StatusText")


def test_a_program_is_not_told_what_is_meant_for_the_watchdog(install: Install) -> None:
    """A program sees neither systemd's notify socket nor its watchdog's deadline."""
    code = "import os; print(sorted(os.environ)); import time; time.sleep(1000)"
    service = start(install(f"[programs.bot]\ncommand = {python(code)}\n"))
    log = service.box.path(f"{service.state}/logs/bot.log")
    names = wait_until(log.read_text, "its output")
    assert "WATCHDOG_PROGRAM" in names
    for name in ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "LISTEN_FDS"):
        assert name not in names


def test_clients_wait_at_the_socket(install: Install) -> None:
    """With --socket a client starts the watchdog, and its file stays when the watchdog goes."""
    service = install(ONE, "--socket")
    service.make("--install")
    path = service.box.path(f"{service.state}/control.sock")
    file = path.stat().st_ino
    service.systemctl("stop")
    assert path.stat().st_ino == file
    assert service.status()["programs"][0]["name"] == "bot"  # who asks, starts it
    service.wait("ActiveState", "active")
    assert service.watchdog("upgrade").returncode == 0
    assert service.pid_of("bot")
    assert path.stat().st_ino == file
    assert path.stat().st_mode & 0o777 == 0o600


def test_one_service_per_program(install: Install) -> None:
    """--per-program: each has a watchdog and a unit of its own, in the order of dependencies."""
    service = install(TWO, "--per-program")
    service.make("--install")
    units = [f"{service.name}-{program}.service" for program in ("web", "bot")]
    show = ["systemctl", "show", "--value", "-P", "StatusText"]
    assert [service.box.check(*show, unit).strip() for unit in units] == ["web is up", "bot is up"]
    after = service.box.check("systemctl", "show", "--value", "-P", "After", units[1])
    assert units[0] in after.split()


def test_an_instance_of_the_template(install: Install) -> None:
    """--template: the instance runs the configuration that its drop-in names."""
    service = install(ONE, "--template")
    service.make("--install")
    service.unit = f"watchdog@{service.name}.service"
    service.wait("StatusText", "bot is up")


def test_it_starts_at_boot(install: Install, box: Box) -> None:
    """What was installed is started with multi-user.target; installing again changes nothing."""
    service = start(install(ONE))
    assert "unchanged" in service.make("--install")
    service.systemctl("stop")
    box.check("systemctl", "start", "--no-block", "multi-user.target")
    service.wait("ActiveState", "active")


def test_nothing_is_left_of_it(install: Install, box: Box) -> None:
    """--uninstall stops it and removes its files; systemd no longer knows it."""
    service = start(install(ONE))
    service.make("--uninstall")
    assert service.show("LoadState") == "not-found"
    assert not list(box.path("/etc/systemd/system").rglob(f"*{service.name}*"))


def test_programs_of_other_users_are_adopted_too(install: Install) -> None:
    """What the unit forbids leaves room to run a program as somebody else, and to adopt it."""
    service = start(install(f'{ONE}user = "daemon"\n'), "RestartSec=100ms")
    pid = service.pid_of("bot")
    assert service.box.path(f"/proc/{pid}").owner() == "daemon"
    service.kill("KILL")
    service.wait("NRestarts", "1")
    service.wait("StatusText", "bot is up")
    assert service.pid_of("bot") == pid
    service.systemctl("stop")
    assert not service.box.path(f"/proc/{pid}").exists()
