"""The commands that talk to a running watchdog: what they print, and their exit codes."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.control.fake import FakeBackend, FakeDaemon, view
from watchdog.core.model import State

Call = Callable[..., tuple[int, str, str]]
WATCHDOG = Path(sys.executable).with_name("watchdog")


@pytest.mark.parametrize(
    ("words", "code", "expected"),
    [
        ("start web", 0, "web: started\n"),
        ("start bot", 0, "bot: ERROR (already started)\n"),
        ("start nope web", 1, "web: started\nnope: ERROR (no such program)\n"),
        ("stop bot", 0, "bot: stopped\n"),
        ("stop web", 0, "web: ERROR (not running)\n"),
        ("stop all", 0, "bot: stopped\nweb: ERROR (not running)\nlate: stopped\n"),
        ("restart bot", 0, "bot: restarted\n"),
        ("signal HUP bot", 0, "bot: signalled\n"),
        ("signal sigusr1 bot", 0, "bot: signalled\n"),
        ("signal HUP web", 1, "web: ERROR (not running)\n"),
        ("shutdown --no-wait", 0, "shutting down\n"),
        ("status web", 3, "NAME  STATE    HEALTH   PID  UPTIME  RESTARTS\nweb   STOPPED"),
    ],
)
def test_a_command_says_what_became_of_it(
    daemon: FakeDaemon, call: Call, words: str, code: int, expected: str
) -> None:
    """Each command prints a line for each program, as supervisorctl does, and exits as promised."""
    ended, out, err = call(*words.split())
    assert (ended, err) == (code, "")
    assert out.startswith(expected)
    assert out == expected or words.startswith("status")


def test_a_failed_start_says_why(daemon: FakeDaemon, backend: FakeBackend, call: Call) -> None:
    """The reason stands in the line, and the exit code is 1."""
    backend.failing["web"] = "no such file: wbe"
    assert call("start", "web")[:2] == (1, "web: ERROR (no such file: wbe)\n")


def test_a_program_that_has_to_wait_is_no_failure(
    daemon: FakeDaemon, backend: FakeBackend, call: Call
) -> None:
    """It was accepted; the line says what it waits for."""
    backend.barred["web"] = "the lock is held by pid 12"
    assert call("start", "web")[:2] == (0, "web: waiting (the lock is held by pid 12)\n")


def test_an_unknown_signal_is_named(daemon: FakeDaemon, call: Call) -> None:
    """The error is a sentence."""
    assert call("signal", "FOO", "bot") == (1, "", "watchdog: there is no signal FOO\n")


def test_reload_tells_what_it_did(daemon: FakeDaemon, backend: FakeBackend, call: Call) -> None:
    """A line for each change; or why nothing changed."""
    code, out, _ = call("reload")
    assert code == 0
    assert out.splitlines()[:2] == ["new: added", "bot: changed, without a restart"]
    backend.reload_error = "watchdog.toml:3: programs.bot.comand: unknown key"
    assert call("reload") == (1, "", f"watchdog: {backend.reload_error}\n")


def test_status_is_0_only_if_all_run(daemon: FakeDaemon, backend: FakeBackend, call: Call) -> None:
    """0, 3 and 4, as scripts and health checks expect."""
    assert call("status", "bot")[0] == 0
    assert call("status")[0] == 3
    assert call("status", "late")[0] == 3
    code, out, err = call("status", "bot", "nope")
    assert code == 4
    assert "bot" in out
    assert err == "watchdog: there is no program nope\n"
    backend.views.clear()
    assert call("status")[:2] == (0, "")


def test_status_json_is_the_contract(daemon: FakeDaemon, call: Call) -> None:
    """Exactly the documented keys, in this order, and null where there is nothing."""
    code, out, _ = call("status", "--json", "web")
    status = json.loads(out)
    assert code == 3
    assert list(status) == ["watchdog", "programs"]
    assert list(status["watchdog"]) == ["pid", "version", "state", "uptime_seconds"]
    (web,) = status["programs"]
    expected = (
        "name group state health reason pid incarnation uptime_seconds restarts singleton lease"
        " last_exit last_incident"
    )
    assert " ".join(web) == expected
    assert (web["state"], web["health"], web["pid"]) == ("STOPPED", "unknown", None)


def test_names_and_options_come_in_any_order(daemon: FakeDaemon, call: Call) -> None:
    """Before the command, after it, and between the names."""
    config = str(daemon.path.parent / "watchdog.toml")
    for words in (
        ["-c", config, "status", "bot", "--json", "web"],
        ["status", "bot", "web", "--json", "-c", config],
        [f"--config={config}", "status", "--json", "bot", "web"],
        ["status", "-s", str(daemon.path), "--json", "bot", "web"],
        ["-s", f"unix://{daemon.path}", "status", "--json", "bot", "web"],
    ):
        code, out, _ = call(*words)
        assert code == 3
        assert [p["name"] for p in json.loads(out)["programs"]] == ["bot", "web"]


def test_logs_print_the_last_lines(daemon: FakeDaemon, call: Call) -> None:
    """-n counts lines and reaches into the rotated file; --stderr is the other stream."""
    directory = daemon.backend.directory
    (directory / "bot.stdout.1").write_text("1\n2\n")
    (directory / "bot.stdout").write_text("3\nvier \x1b[31mü\n")
    (directory / "bot.stderr").write_text("oops\n")
    assert call("logs", "bot", "-n", "1")[:2] == (0, "vier �[31mü\n")
    assert call("logs", "-n", "3", "bot")[1].startswith("2\n3\n")
    assert call("logs", "bot", "--stderr")[:2] == (0, "oops\n")
    code, _, err = call("logs", "web")
    assert (code, "there is no log" in err) == (1, True)
    assert call("logs", "nope")[::2] == (1, "watchdog: there is no program nope\n")
    assert call("logs", "bot", "-n", "x")[0] == 2


def test_logs_f_follows_and_ends_with_130(daemon: FakeDaemon) -> None:
    """New lines appear as they are written, none twice, and Ctrl-C leaves no trace."""
    log = daemon.backend.directory / "bot.stdout"
    log.write_text("1\n2\n")
    command = [WATCHDOG, "logs", "bot", "-f", "-n", "1"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as follower:
        assert follower.stdout is not None
        assert follower.stdout.readline() == "2\n"
        with log.open("a") as file:
            file.write("3\n")
        assert follower.stdout.readline() == "3\n"
        follower.send_signal(signal.SIGINT)
        assert follower.communicate(timeout=30) == ("", "")
    assert follower.returncode == 130


def test_a_broken_pipe_is_quiet(daemon: FakeDaemon, backend: FakeBackend) -> None:
    """`watchdog status | head -1` complains about nothing."""
    for number in range(2000):
        backend.views[f"p{number}"] = view(f"p{number}", State.STOPPED)
    with subprocess.Popen(
        [WATCHDOG, "status"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as status:
        assert status.stdout is not None and status.stderr is not None
        assert status.stdout.readline().startswith("NAME")
        status.stdout.close()
        assert status.stderr.read() == ""
        assert status.wait(30) == 141


def test_shutdown_waits_until_it_is_gone(daemon: FakeDaemon) -> None:
    """The command returns when the watchdog has ended, not before."""
    with subprocess.Popen([WATCHDOG, "shutdown"], stdout=subprocess.PIPE, text=True) as command:
        assert command.stdout is not None
        assert command.stdout.readline() == "shutting down ...\n"
        assert daemon.backend.state == "SHUTDOWN"
        assert command.poll() is None
        daemon.run(daemon.server.close())
        assert command.communicate(timeout=30)[0] == "Shut down\n"
    assert command.returncode == 0


def test_nobody_there_is_4(directory: Path, call: Call) -> None:
    """Every client command says where it looked, and exits with 4."""
    (directory / "watchdog.toml").write_text('[programs.bot]\ncommand = "x"\n')
    for words in ("status", "start bot", "logs bot", "reload", "shutdown", "signal HUP bot"):
        code, out, err = call(*words.split())
        assert (code, out) == (4, "")
        assert "control.sock: it is not running" in err


def test_without_configuration_the_only_run_is_meant(
    directory: Path, backend: FakeBackend, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One `run -- COMMAND` is found by itself; of several one must be named."""
    from watchdog.config import runs

    monkeypatch.setattr("watchdog.config.runs.run_root", lambda environ: directory / "run")
    assert runs.live_runs() == ()
    code, _, err = call("status")
    assert code == 4
    assert "no configuration found" in err
    one = FakeDaemon(directory / "run" / "bot-0123456789ab" / "control.sock", backend)
    two = FakeDaemon(directory / "run" / "web-ba9876543210" / "control.sock", backend)
    with one.running():
        assert call("status", "bot")[0] == 0
        with two.running():
            code, _, err = call("status", "bot")
            assert code == 4
            assert "--name bot" in err
            assert "--name web" in err
            assert call("status", "bot", "--name", "web")[0] == 0
            assert call("--name", "nope", "status")[0] == 4


def test_usage_errors_are_2(call: Call) -> None:
    """No command, an unknown one, an unknown option, a missing name."""
    assert call()[0] == 2
    code, _, err = call("statsu")
    assert code == 2
    assert "did you mean `watchdog status`?" in err
    assert call("status", "--jsno")[0] == 2
    assert call("start")[0] == 2


def test_every_command_has_help_with_an_example(call: Call) -> None:
    """--help works without a watchdog, for each command of the overview."""
    from watchdog.cli.main import COMMANDS

    overview = call("--help")
    assert overview[0] == 0
    for name in COMMANDS:
        assert f"\n  {name} " in overview[1]
        if name not in ("demo", "run"):
            code, out, _ = call(name, "--help")
            assert (code, "example:" in out) == (0, True)
    assert call("--version")[:2] == call("version")[:2]
