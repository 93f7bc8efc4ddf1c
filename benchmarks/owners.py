"""The two that own a singleton in the figures of ownership: supervisord, and this one.

Both are configured as well as they can be for it: stopasgroup and killasgroup there, `singleton`
here. The program is the one of the chaos, which stamps its life into files, so whoever lives is
known without asking either.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.chaos import judge, living
from tests.chaos.judge import Life

BIN = Path(sys.executable).parent
PATIENCE = 60.0  # seconds
LIFETIME = "7200"  # seconds of the program: longer than a thousand kills take


class Owner:
    """A supervisor that can be killed and started again; the base of both."""

    def __init__(self, place: Path, mood: str = "", command: list[str] | None = None) -> None:
        self.place = place
        (place / "lives").mkdir(parents=True)
        (place / "mood").write_text(mood)
        life = [sys.executable, "-S", "-E", str(living.LIFE), str(place)]
        self.command = command or life
        self.process: subprocess.Popen[bytes] | None = None
        self.began = 0.0  # seconds of the wall clock, just before the last start
        self.configure()

    def configure(self) -> None:
        """Write the configuration."""
        raise NotImplementedError

    def words(self) -> list[str]:
        """What starts it."""
        raise NotImplementedError

    def ask(self, action: str) -> None:
        """start or stop the program; returns when it says that it is done."""
        raise NotImplementedError

    def start(self) -> None:
        """Start the supervisor; returns at once."""
        self.began = time.time()
        with (self.place / "said").open("ab") as said:
            self.process = subprocess.Popen(
                self.words(),
                cwd=self.place,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                start_new_session=True,
                env={**os.environ, "WATCHDOG_TEST_LIFETIME": LIFETIME},
            )

    def kill(self) -> None:
        """SIGKILL of the supervisor alone."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def wait_for_work(self) -> list[Life]:
        """Until it has its program, as far as it knows; the main processes that live then."""
        raise NotImplementedError

    def mains(self) -> list[Life]:
        """The main processes that live, by their stamps."""
        return [life for life in living.find(self.place) if life.is_main]

    def close(self) -> None:
        """Everything ends."""
        self.kill()
        living.end(self.place)


class Supervisord(Owner):
    """supervisor, from the package index."""

    def configure(self) -> None:
        """As an operator would who knows of its options."""
        place = self.place
        (place / "supervisord.conf").write_text(f"""[supervisord]
logfile={place}/supervisord.log
pidfile={place}/supervisord.pid
childlogdir={place}
[unix_http_server]
file={place}/socket
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
[program:bot]
command={" ".join(self.command)}
startsecs=0
autorestart=true
redirect_stderr=true
stopasgroup=true
killasgroup=true
stopwaitsecs=1
""")

    def words(self) -> list[str]:
        """In the foreground."""
        return [str(BIN / "supervisord"), "-n", "-c", str(self.place / "supervisord.conf")]

    def ask(self, action: str) -> None:
        """By XML-RPC, waiting for the end."""
        method = {"start": "startProcess", "stop": "stopProcess"}[action]
        getattr(self._proxy().supervisor, method)("bot", True)

    def wait_for_work(self) -> list[Life]:
        """Until it says that its program runs, and that has stamped."""

        def works() -> list[Life]:
            with contextlib.suppress(OSError):
                pid = self._proxy().supervisor.getProcessInfo("bot")["pid"]
                mains = self.mains()
                if any(life.pid == pid for life in mains):
                    return mains
            return []

        return wait_for(works)

    def _proxy(self) -> Any:
        from xmlrpc.client import ServerProxy

        from supervisor.xmlrpc import SupervisorTransport

        transport = SupervisorTransport(None, None, f"unix://{self.place}/socket")
        return ServerProxy("http://127.0.0.1", transport=transport)


class Ours(Owner):
    """This one."""

    extra = ""

    def configure(self) -> None:
        """One singleton; the locks are in a directory of its own."""
        (self.place / "w.toml").write_text(
            '[watchdog]\nstate = "state"\n'
            f"[programs.bot]\ncommand = {json.dumps(self.command)}\n"
            f'singleton = "benchmark-{uuid.uuid4().hex}"\nstart_seconds = 0\n'
            f'stop = {{ grace = "1s" }}\nlogs = {{ maximum = 0 }}\n{self.extra}'
        )

    def words(self) -> list[str]:
        """In the foreground."""
        return [str(BIN / "watchdog"), "run", "-c", str(self.place / "w.toml")]

    @property
    def socket(self) -> str:
        """Where it listens."""
        return str(self.place / "state" / "control.sock")

    def ask(self, action: str) -> None:
        """By its own client."""
        from watchdog.client import Client

        client = Client(self.socket)
        client.request(action, ["bot"])
        client.close()

    def journal(self) -> list[dict[str, Any]]:
        """Every line so far."""
        path = self.place / "state" / "journal.jsonl"
        return [json.loads(line) for line in path.read_bytes().splitlines()]

    def wait_for_work(self) -> list[Life]:
        """Until it serves and has its program."""
        from watchdog.client import Client
        from watchdog.client.errors import Unreachable

        def works() -> list[Life]:
            client = Client(self.socket)
            with contextlib.suppress(Unreachable):
                pid = client.status()["programs"][0]["pid"]
                mains = self.mains()
                if any(life.pid == pid for life in mains):
                    return mains
            client.close()
            return []

        return wait_for(works)

    def wait_served(self) -> None:
        """Until it answers."""
        from watchdog.client import Client
        from watchdog.client.errors import Unreachable

        def answers() -> bool:
            with contextlib.suppress(Unreachable):
                client = Client(self.socket)
                client.status()
                client.close()
                return True
            return False

        wait_for(answers)

    def adoptions(self) -> Iterator[tuple[float, float]]:
        """For each adoption in the journal: when that watchdog greeted, and when it had adopted."""
        greeted = 0.0
        for line in self.journal():
            if line["event"] == "watchdog" and line.get("state") == "RUNNING":
                greeted = moment_of(line)
            elif line.get("by") == "Adopted":
                yield greeted, moment_of(line)


def moment_of(line: dict[str, Any]) -> float:
    """When a line of the journal was written, in seconds of the wall clock."""
    return datetime.fromisoformat(line["at"]).timestamp()


def wait_for(condition: Any) -> Any:
    """The first true value; TimeoutError after a minute."""
    end = time.monotonic() + PATIENCE
    while not (value := condition()):
        if time.monotonic() > end:
            raise TimeoutError("a supervisor does not do what it should")
        time.sleep(0.005)
    return value


def still_alive(owner: Owner, after: float = 0.1) -> int:
    """How many processes of the program live some time after it was stopped; they are ended."""
    time.sleep(after)
    now = time.monotonic_ns()
    count = len(judge.fresh(living.find(owner.place), now))
    living.end(owner.place)
    return count


def stop_process(process: subprocess.Popen[bytes]) -> None:
    """SIGTERM, and SIGKILL if need be."""
    process.terminate()
    try:
        process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
