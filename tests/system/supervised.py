"""The real supervisord with the configuration of this repository, moved into a test's world."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any
from xmlrpc.client import ServerProxy

from supervisor.xmlrpc import SupervisorTransport

from tests.system.harness import PATIENCE, ROOT, World, wait_until
from watchdog.client import Client, Unreachable

SHIPPED = ROOT / "conf" / "supervisord.conf"
BIN = Path(sys.executable).parent


def moved(place: Path) -> str:
    """The configuration as shipped, with every place of the machine replaced by one of ours."""
    text = SHIPPED.read_text()
    text = text.replace("/etc/watchdog/watchdog.toml", f"{place}/w.toml")
    text = text.replace("/etc/supervisor/conf.d/", f"{place}/conf.d/")
    text = re.sub(r"=/(run|var/log)/", rf"={place}/", text).replace("///run/", f"//{place}/")
    text = re.sub(r"=/var/log$", f"={place}", text, flags=re.MULTILINE)
    return text if os.geteuid() == 0 else re.sub(r"^user=root.*$", "", text, flags=re.MULTILINE)


class Supervisord:
    """One supervisord; several in a row may live in one world."""

    def __init__(self, world: World, text: str = "") -> None:
        self.world = world
        self.file = world.place / "supervisord.conf"  # where supervisorctl looks by itself
        self.file_text = text or moved(world.place)
        self.file.write_text(self.file_text)
        self.process = subprocess.Popen(
            [BIN / "supervisord", "-n", "-c", self.file],
            cwd=world.place,
            env=world.environment,
            stdin=subprocess.DEVNULL,
            stdout=(world.place / "supervisord.out").open("ab"),
            stderr=subprocess.STDOUT,
        )

    def call(self, *words: str) -> tuple[int, str]:
        """The exit code of a command of the real supervisorctl, and what it printed."""
        done = subprocess.run(
            [BIN / "supervisorctl", "-c", self.file, *words],
            env=self.world.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=PATIENCE,
        )
        return done.returncode, done.stdout

    def info(self) -> dict[str, Any]:
        """What supervisord says of the watchdog; empty while it does not answer."""
        socket = re.search(r"^serverurl=(.*)$", self.file_text, re.MULTILINE)
        assert socket
        transport = SupervisorTransport(None, None, socket[1])
        with contextlib.suppress(OSError):
            found: Any = ServerProxy("http://localhost", transport).supervisor.getProcessInfo(
                "watchdog"
            )
            return dict(found)
        return {}

    def wait_state(self, state: str) -> None:
        """Until supervisord says that the watchdog is in this state."""
        seen: list[Any] = []

        def is_so() -> bool:
            seen[:] = [self.info()]
            return bool(seen[0].get("statename") == state)

        try:
            wait_until(is_so, f"the watchdog to be {state}")
        except AssertionError as error:
            raise AssertionError(f"{error}\nlast seen: {seen}\n{self.text}") from None

    def pid(self) -> int:
        """The pid of the watchdog that it runs; 0 for none."""
        return int(self.info().get("pid", 0))

    def kill(self) -> None:
        """SIGKILL, and nobody in its place."""
        self.process.kill()
        self.process.wait()

    def leave(self) -> int:
        """SIGTERM; the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE)

    @property
    def text(self) -> str:
        """All that supervisord and its watchdogs have said."""
        names = ("supervisord.out", "watchdog.log")
        paths = (self.world.place / name for name in names)
        return "".join(path.read_text(errors="replace") for path in paths if path.exists())


def status_of(world: World) -> dict[str, Any] | None:
    """What the watchdog of this world says; None while none answers."""
    client = None
    try:
        client = Client(str(world.place / "state" / "control.sock"))
        return client.status()
    except Unreachable:
        return None
    finally:
        if client is not None:
            client.close()


def bot_of(world: World, watchdog: int | None = None) -> dict[str, Any]:
    """The program `bot` once it runs, below the watchdog with that pid if one is given."""

    def look() -> dict[str, Any] | None:
        status = status_of(world)
        if status is None or watchdog not in (None, status["watchdog"]["pid"]):
            return None
        bot: dict[str, Any] = status["programs"][0]
        return bot if bot["state"] == "RUNNING" else None

    found: dict[str, Any] = wait_until(look, "bot to run")
    return found
