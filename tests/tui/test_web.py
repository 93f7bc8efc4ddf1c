"""`watchdog web`: the view in a real browser, and what is refused to everybody else."""

from __future__ import annotations

import asyncio
import http.client
import re
import shutil
import signal
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.system.harness import PATIENCE, World, wait_until

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update",
]  # fmt: skip
PASSWORD = "made-up-word-1"
CONFIG = """
[programs.bot]
command = ["sh", "-c", "echo born; exec sleep 600"]
"""


class View:
    """A running `watchdog web`."""

    def __init__(self, world: World, *words: str) -> None:
        self.out = world.place / "web.out"
        with self.out.open("wb") as file:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "watchdog", "web", "--listen", "127.0.0.1:0", *words],
                cwd=world.place,
                env={**world.environment, "WATCHDOG_PASSWORD": PASSWORD},
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
            )
        world.adopt(self.process)
        found = wait_until(lambda: re.search(r"127.0.0.1:(\d+)/", self.text), "its address")
        self.port = int(found[1])
        self.url = f"http://127.0.0.1:{self.port}/"

    @property
    def text(self) -> str:
        return self.out.read_text()

    def get(self, path: str = "/", **headers: str) -> http.client.HTTPResponse:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        connection.request("GET", path, headers=headers)
        return connection.getresponse()


def basic(password: str) -> str:
    return f"Basic {b64encode(f'me:{password}'.encode()).decode()}"


@pytest.fixture
def view(world: World) -> Iterator[View]:
    watchdog = world.up(CONFIG)
    watchdog.wait_state("bot", "RUNNING")
    yield View(world, "-c", watchdog.config, "--user", "me")


WEBSOCKET = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
}


def test_nothing_is_served_without_the_password(view: View) -> None:
    """Neither the page nor its files nor the terminal; with a wrong one neither."""
    for path in ("/", "/ws", "/static/js/textual.js", "/download/x", "/nothing"):
        assert view.get(path).status == 401, path
    assert view.get("/ws", **WEBSOCKET).status == 401
    began = time.monotonic()
    assert view.get("/", Authorization=basic("wrong")).status == 401
    assert time.monotonic() - began >= 0.5  # guessing is slow
    assert view.get("/", Cookie="watchdog_view=").status == 401
    assert view.get("/ws", Cookie="watchdog_view=guess", **WEBSOCKET).status == 401
    assert "Traceback" not in view.text and PASSWORD not in view.text


def test_the_page_loads_nothing_from_elsewhere(view: View) -> None:
    """And cannot be framed; whoever has it may open the terminal with its cookie alone."""
    answer = view.get("/", Authorization=basic(PASSWORD))
    assert answer.status == 200
    page = answer.read().decode()
    assert "https://" not in page and page.count("http://") == 0
    assert "frame-ancestors 'none'" in str(answer.getheader("Content-Security-Policy"))
    cookie = str(answer.getheader("Set-Cookie"))
    assert "HttpOnly" in cookie and "SameSite=Strict" in cookie
    upgraded = view.get("/ws", Cookie=cookie.partition(";")[0], **WEBSOCKET)
    assert upgraded.status == 101


def test_another_page_is_refused_even_with_the_password(view: View) -> None:
    """A websocket is not bound by the browser's same-origin rule; the Origin is checked here."""
    login = basic(PASSWORD)
    for path in ("/", "/ws"):
        refused = view.get(path, Authorization=login, Origin="http://evil.example", **WEBSOCKET)
        assert refused.status == 403
    own = f"http://127.0.0.1:{view.port}"
    assert view.get("/ws", Authorization=login, Origin=own, **WEBSOCKET).status == 101


def test_views_end_with_the_server(view: View, world: World) -> None:
    """SIGTERM ends it, exit 0, and no `top` is left behind."""
    answer = view.get("/ws", Authorization=basic(PASSWORD), **WEBSOCKET)
    assert answer.status == 101

    def views() -> list[int]:
        found = []
        for pid in world.marked():
            try:
                words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if b"top" in words and b"--config" in words:
                found.append(pid)
        return found

    wait_until(views, "a view to begin")
    view.process.send_signal(signal.SIGTERM)
    assert view.process.wait(30) == 0
    wait_until(lambda: not views(), "the views to end")


@pytest.mark.skipif(CHROMIUM is None, reason="chromium is the browser that is tried")
@pytest.mark.timeout(150)
async def test_a_browser_shows_the_program_and_keys_work(view: View, tmp_path: Path) -> None:
    """With the password the page shows its name and state, and a key opens the help."""
    playwright = pytest.importorskip("playwright.async_api", reason="playwright drives chromium")
    async with playwright.async_playwright() as api:
        browser = await api.chromium.launch(
            executable_path=CHROMIUM, args=FLAGS, env={"HOME": str(tmp_path)}
        )
        try:
            login = {"username": "me", "password": PASSWORD}
            context = await browser.new_context(
                http_credentials=login, viewport={"width": 1000, "height": 600}
            )
            page = await context.new_page()
            trouble: list[str] = []
            page.on("requestfailed", lambda request: trouble.append(request.url))
            page.on("pageerror", lambda error: trouble.append(str(error)))
            heard = Heard(page)
            await page.goto(view.url)
            await heard.hear("bot", "RUNNING", "LAST HOUR", "born")
            await page.wait_for_function(f"({DRAWN})() > 1000")
            await page.mouse.click(500, 400)
            await page.keyboard.press("?")
            await heard.hear("restart it")
            assert trouble == []
        finally:
            await browser.close()


DRAWN = """() => {
  const canvas = document.querySelector("canvas.xterm-text-layer");
  if (!canvas || !canvas.width) return 0;
  const seen = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
  let count = 0;
  for (let n = 3; n < seen.length; n += 4) count += seen[n] > 0;
  return count;
}"""
"""How many dots of letters the terminal in the page has drawn."""


class Heard:
    """What the page was sent by its websocket, without the escapes of the terminal."""

    def __init__(self, page: Any) -> None:
        self._sent = ""
        page.on("websocket", lambda socket: socket.on("framereceived", self._take))

    def _take(self, frame: bytes | str) -> None:
        text = frame if isinstance(frame, str) else frame.decode(errors="replace")
        self._sent += re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text)

    async def hear(self, *texts: str) -> None:
        """Until all of this was sent."""
        end = time.monotonic() + PATIENCE
        while not all(text in self._sent for text in texts):
            assert time.monotonic() < end, f"in vain for {texts}: {self._sent[-3000:]}"
            await asyncio.sleep(0.1)


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1"])
def test_no_other_machine_is_served_without_a_password_of_ones_own(world: World, host: str) -> None:
    """One that was made up is for the person at this terminal only."""
    world.write(CONFIG)
    ended = world.call("web", "-c", "w.toml", "--listen", f"{host}:0")
    assert ended.returncode == 78 and "could control the programs" in ended.stdout
    ended = world.call("web", "-c", "w.toml")
    assert ended.returncode == 78 and "nobody to show a password to" in ended.stdout


def test_a_place_that_is_none_or_taken_is_named(world: World, view: View) -> None:
    """What was found, what is allowed."""
    ended = world.call("web", "--listen", "somewhere")
    assert ended.returncode == 2 and "HOST:PORT" in ended.stdout
    world.environment["WATCHDOG_PASSWORD"] = PASSWORD
    taken = f"127.0.0.1:{view.port}"
    ended = world.call("web", "--user", "me", "--listen", taken)
    assert ended.returncode == 1 and f"cannot listen on {taken}" in ended.stdout
