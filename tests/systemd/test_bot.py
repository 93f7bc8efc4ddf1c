"""The bot as a service of systemd's own: ready when it polls, replaced when it is deaf."""

from __future__ import annotations

import json
import sys
from typing import Any

from tests.systemd.box import ROOT, Box, wait_until

BOT, USER = 123456789, 42
API = "http://127.0.0.1:8081"
SANDBOX = f"""
[Service]
WorkingDirectory={ROOT}
ExecStart={sys.executable} -m bot.sandbox --quiet --port 8081
"""
UNIT = f"""
[Service]
Type=notify
WorkingDirectory=/tmp
Environment=PYTHONPATH={ROOT} TELEGRAM_API_URL={API} HEALTH_PORT=9876 BOT_FAULTS=true
Environment=TELEGRAM_BOT_TOKEN={BOT}:AAExampleExampleExampleExampleExamp
Environment=BOT_DATABASE=/tmp/bot.sqlite3 WATCHDOG_LOCK_DIR=/tmp/locks
ExecStart={sys.executable} -m bot
WatchdogSec=3s
WatchdogSignal=SIGTERM
TimeoutStartSec=30s
Restart=on-failure
RestartSec=100ms
"""
ASK = "import sys, urllib.request as u; print(u.urlopen(u.Request(*eval(sys.stdin.read()))).read())"


def ask(box: Box, url: str, body: Any = None) -> str:
    """A request inside the box, where its network is; what was answered."""
    words = (url, None if body is None else json.dumps(body).encode())
    return box.run(sys.executable, "-c", ASK, stdin=repr(words)).stdout


def show(box: Box, name: str) -> str:
    return box.check("systemctl", "show", "--value", "-p", name, "bot.service").strip()


def test_ready_status_and_watchdog_of_the_bot(box: Box) -> None:
    """`systemctl start` waits until it polls; alive while well; deaf, it is started again."""
    box.write("/etc/systemd/system/sandbox.service", SANDBOX)
    box.write("/etc/systemd/system/bot.service", UNIT)
    box.check("systemctl", "daemon-reload")
    box.check("systemctl", "start", "sandbox.service")
    wait_until(lambda: "bots" in ask(box, f"{API}/sandbox"), "the sandbox")
    box.check("systemctl", "start", "bot.service")
    assert show(box, "ActiveState") == "active"
    wait_until(lambda: show(box, "StatusText") == "running", lambda: show(box, "StatusText"))
    first = show(box, "WatchdogTimestampMonotonic")
    wait_until(lambda: show(box, "WatchdogTimestampMonotonic") != first, "a sign of life")
    assert show(box, "NRestarts") == "0"
    ask(box, f"{API}/sandbox/users", {"user": USER})
    ask(box, f"{API}/sandbox/messages", {"text": "/fault deaf", "bot": BOT, "user": USER})
    wait_until(lambda: "Polling is dead" in show(box, "StatusText"), "its own word for it")
    wait_until(lambda: show(box, "NRestarts") == "1", lambda: show(box, "StatusText"))
    wait_until(lambda: show(box, "StatusText") == "running", lambda: show(box, "StatusText"))
    journal = box.check("journalctl", "--no-pager", "-u", "bot.service")
    assert "Watchdog timeout" in journal
    box.check("systemctl", "stop", "bot.service", "sandbox.service")
    assert show(box, "Result") == "success"
