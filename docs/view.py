"""The picture of `watchdog top` for its page, taken from the real program.

    python -m docs.view

A watchdog with a few programs is started in a directory of its own, the view looks at it for a
while, and what it shows is saved as docs/top.svg. It takes half a minute.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from watchdog.tui.app import Top
from watchdog.tui.glyphs import UNICODE
from watchdog.tui.sources import Source

PICTURE = Path(__file__).with_name("top.svg")
SIZE = (120, 32)
LOOK = 25.0  # seconds: enough for a crash, a wait and a restart

SERVER = """
import http.server, random, time
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        time.sleep(random.uniform(0.002, 0.03))
        self.send_response(200); self.end_headers(); self.wfile.write(b"well")
    def log_message(self, *words): pass
server = http.server.HTTPServer(("127.0.0.1", 0), Answer)
open("port", "w").write(str(server.server_port))
print("listening", flush=True)
n = 0
server.timeout = 0.4
while True:
    server.handle_request(); n += 1
    if n % 2: print(f"update {n}: answered in {random.uniform(5, 80):.0f} ms", flush=True)
"""
PROBE = "import urllib.request as u; u.urlopen(f'http://127.0.0.1:{open(\\\"port\\\").read()}')"
CONFIG = f"""
[watchdog]
state = "state"
[programs.bot]
command = ["{sys.executable}", "-u", "server.py"]
liveness = {{ exec = ["{sys.executable}", "-c", "{PROBE}"], period = "1s", timeout = "2s" }}
[programs.mailer]
command = ["sh", "-c", "echo connecting; sleep 4; echo mail server refuses; exit 1"]
restart = {{ initial = "8s", maximum = "20s" }}
[programs.report]
command = ["sh", "-c", "exit 77"]
[programs.backup]
command = ["sleep", "1000"]
autostart = false
"""


def main() -> int:
    """Take the picture."""
    with tempfile.TemporaryDirectory(prefix="wd") as name:
        place = Path(name)
        (place / "server.py").write_text(SERVER)
        (place / "w.toml").write_text(CONFIG)
        environment = {**os.environ, "WATCHDOG_LOCK_DIR": str(place / "locks")}
        words = [sys.executable, "-m", "watchdog", "run", "-c", "w.toml"]
        quiet = subprocess.DEVNULL
        watchdog = subprocess.Popen(words, cwd=place, env=environment, stdout=quiet, stderr=quiet)
        try:
            asyncio.run(look(place / "state" / "control.sock"))
        finally:
            watchdog.terminate()
            watchdog.wait()
    return 0


async def look(socket: Path) -> None:
    """Look for a while, then save what is seen."""
    app = Top([Source("w.toml", str(socket))], UNICODE, False)
    async with app.run_test(size=SIZE) as pilot:
        await asyncio.sleep(LOOK)
        await pilot.press("down", "2")
        await asyncio.sleep(2.0)
        PICTURE.write_text(app.export_screenshot(title="watchdog top"))


if __name__ == "__main__":
    sys.exit(main())
