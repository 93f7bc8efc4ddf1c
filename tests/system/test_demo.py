"""`watchdog demo`, as a viewer starts it: to the end, sabotaged on a terminal, and interrupted."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import psutil
import pytest

from bot.sandbox.client import SandboxClient

T = TypeVar("T")
ROOT = Path(__file__).parents[2]
SECRET = "AAExampleExampleExampleExampleExamp"
ENDED = 100.0  # seconds: a story takes 30, a loaded machine may take its time


def wait_until(what: str, look: Callable[[], T | None], seconds: float = 60.0) -> T:
    """What `look` finds; fails once the time is up."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := look():
            return found
        time.sleep(0.1)
    raise AssertionError(f"waited {seconds} s in vain for: {what}")


def survivors(place: Path) -> list[psutil.Process]:
    """Every process that a demonstration below `place` started and left."""

    def is_one(process: psutil.Process) -> bool:
        try:
            return str(place) in process.environ().get("WATCHDOG_DEMO", "")
        except (psutil.Error, OSError):
            return False

    return [process for process in psutil.process_iter() if is_one(process)]


@pytest.fixture
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where the demonstration makes its temporary directory; a control socket's path is short."""
    place = tmp_path_factory.mktemp("d")
    yield place
    for process in survivors(place):
        process.kill()


def environment(place: Path) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return kept | {"PYTHONPATH": str(ROOT), "TMPDIR": str(place), "LANG": "C.UTF-8"}


def start_plain(place: Path, out: Path) -> subprocess.Popen[bytes]:
    with out.open("wb") as file:
        return subprocess.Popen(
            [sys.executable, "-m", "watchdog", "demo"],
            cwd=place,
            env=environment(place),
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
        )


def stage_of(place: Path) -> Path | None:
    return next(place.glob("watchdog-demo-*"), None)


@pytest.mark.timeout(150)
def test_the_whole_story_holds_and_leaves_nothing(place: Path, tmp_path: Path) -> None:
    """Every promise is kept, the table says so, and no process, file or token is left behind."""
    out = tmp_path / "out.txt"
    code = start_plain(place, out).wait(ENDED)
    text = out.read_text()
    assert code == 0, text
    rows = re.findall(r"^(\S.*?) {2,}.* (yes|NO)$", text, re.MULTILINE)
    assert len(rows) == 14 and {held for _, held in rows} == {"yes"}, text
    for promise in ("killed", "blocked", "frozen", "deaf", "second `watchdog run`", "shutdown"):
        assert any(promise in name for name, _ in rows), f"{promise} is not in the table: {text}"
    assert "failure_threshold = 3" in text and "user: /start" in text
    assert SECRET not in text
    assert stage_of(place) is None
    assert survivors(place) == []


@pytest.mark.timeout(150)
@pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux shows what a terminal would")
def test_a_rival_breaks_promises_and_the_live_view_says_so(place: Path, tmp_path: Path) -> None:
    """On a terminal the panes live, and what the sandbox counted against us ends in exit 1."""
    tmux = ["tmux", "-u", "-f", "/dev/null", "-S", str(tmp_path / "tmux")]
    code = tmp_path / "code"
    words = [f"{name}={value}" for name, value in environment(place).items()]
    demo = shlex.join(["env", *words, sys.executable, "-m", "watchdog", "demo"])
    command = f"{demo}; echo $? > {code}.part; mv {code}.part {code}; sleep 100"

    def screen() -> str:
        return subprocess.run(
            [*tmux, "capture-pane", "-p"], capture_output=True, text=True, check=True
        ).stdout

    subprocess.run([*tmux, "new-session", "-d", "-x", "80", "-y", "24", command], check=True)
    try:
        wait_until("the first answer", lambda: "Hello, your user" in screen())
        first = screen()
        assert "the chat" in first and "/start ✓✓" in first, first
        assert "RUNNING  healthy" in first and "incarnation 1" in first, first
        assert all(len(line) <= 80 for line in first.splitlines()), first
        port = (stage_of(place) or place) / "sandbox.port"
        SandboxClient(f"http://127.0.0.1:{port.read_text().strip()}").start_rival(seconds=1.0)
        wait_until("the end", code.exists, ENDED)
        last = screen()
    finally:
        subprocess.run([*tmux, "kill-server"], check=True)
    assert code.read_text().strip() == "1", last
    assert re.search(r"overlapping polls +0 +[1-9]\d* +✗", last) or "broke off" in last, last
    assert stage_of(place) is None
    wait_until("the end of all processes", lambda: not survivors(place))


@pytest.mark.timeout(120)
def test_ctrl_c_in_the_middle_ends_everything(place: Path, tmp_path: Path) -> None:
    """Whoever leaves while the bot hangs leaves nothing behind, and gets 130."""
    out = tmp_path / "out.txt"
    demo = start_plain(place, out)
    wait_until("a hang", lambda: "bot: fault: block" in out.read_text())
    running = {process.pid for process in survivors(place)}
    demo.send_signal(signal.SIGINT)
    assert demo.wait(30) == 130
    assert len(running) >= 3  # the sandbox, the watchdog, the bot
    assert survivors(place) == []
    assert stage_of(place) is None
    assert "Traceback" not in out.read_text()


def test_a_missing_package_is_named_with_the_way_to_get_it(place: Path) -> None:
    """Without the extras there is a sentence and 78, no trace."""
    hide = "import sys; sys.modules['telegram'] = sys.modules['rich'] = None; "
    call = "from watchdog_supervisor import main; sys.argv = ['watchdog', 'demo']; sys.exit(main())"
    ended = subprocess.run(
        [sys.executable, "-c", hide + call],
        cwd=place,
        env=environment(place),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ended.returncode == 78
    assert "python-telegram-bot and rich" in ended.stderr
    assert "[all]" in ended.stderr
    assert "Traceback" not in ended.stderr
