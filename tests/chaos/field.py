"""Where the chaos happens: one program, whoever watches it, and what was done to them.

It knows the real processes and files, does one thing at a time to them, and can bring everything
back to rest. What is done when is decided elsewhere.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

from msgspec import Struct

from tests.chaos import enclosure, judge, living
from tests.chaos.living import LIFE
from tests.system.harness import Watchdog, World, unused_key, wait_until
from watchdog.client import Client
from watchdog.client.errors import Refused, Unreachable
from watchdog.locks.identity import file_name

DISK = 4 << 20  # bytes of the disk that can be full
NAME = "bot"
STARTED = 10  # descriptors that a watchdog has open when it serves, or soon will


class Options(Struct, frozen=True):
    """How one episode's watchdog is configured."""

    when_held: str = "fail"
    heartbeat: bool = False
    format: str = "raw"
    death: str = "adopt"  # what becomes of the program when its watchdog dies


class Field:
    """Processes and files of one episode."""

    def __init__(self, world: World, options: Options) -> None:
        self.world, self.options = world, options
        self.place = world.place
        self.key = unused_key()
        self.disk = self.place / "disk"
        self.state = self.disk / "state"
        self.limited = False  # the disk has an end
        self.unstable = False  # what runs may be of the kind that fails by itself
        self.revision = 0  # of the configuration
        self.mains: list[Watchdog] = []  # those of our own configuration, of which one can serve
        self.contenders: list[Watchdog] = []
        self.contender_killed = False
        self.records_harmed = False  # so that an adoption may fail
        self.state_harmed = False  # so that a start may be refused
        self.codes: list[tuple[int, str]] = []  # of watchdogs that ended, with what they said
        self.commands: list[subprocess.Popen[bytes]] = []
        self.operators: list[threading.Thread] = []
        self.bystander: subprocess.Popen[bytes] | None = None
        self._stopped: set[int] = set()
        self._ceilings: dict[int, tuple[int, int]] = {}

    # --- the scene ----------------------------------------------------------------------------

    def prepare(self) -> None:
        """Everything but the watchdog."""
        (self.place / "lives").mkdir()
        self.disk.mkdir()
        if enclosure.is_enclosed():
            enclosure.mount("tmpfs", self.disk, data=f"size={DISK},mode=700")
            self.limited = True
        (self.place / "other").mkdir()
        self.set_mood("hostile chatty")
        self.configure()
        contender = Options(format=self.options.format)
        (self.place / "other" / "w.toml").write_text(self._text("state", contender))
        # Somebody else's process, of which records will lie.
        self.bystander = subprocess.Popen(
            ["sleep", "600"], env=self.world.environment, start_new_session=True
        )

    def set_mood(self, mood: str) -> None:
        """What the next incarnation will be like."""
        self.unstable |= "brief" in mood
        fresh = self.place / "mood.new"
        fresh.write_text(mood)
        fresh.replace(self.place / "mood")

    def configure(self) -> None:
        """Write the configuration, as it is in this revision."""
        self.world.write(self._text(str(self.state), self.options))

    def _text(self, state: str, options: Options) -> str:
        command = json.dumps([sys.executable, "-S", "-E", str(LIFE), str(self.place)])
        return (
            f'[watchdog]\nstate = "{state}"\n'
            f'[programs.{NAME}]\ncommand = {command}\nsingleton = "{self.key}"\n'
            f'when_held = "{options.when_held}"\nstart_seconds = 0.05\n'
            f'on_watchdog_death = "{options.death}"\n'
            f'environment = {{ REVISION = "{self.revision}" }}\n'
            + ('heartbeat = "3s"\n' if options.heartbeat else "")
            + 'restart = { initial = "0s", maximum = "200ms", jitter = 0, limit = 1000000, '
            'reset_after = "100ms" }\n'
            'stop = { grace = "200ms" }\n'
            f'logs = {{ maximum = "64KB", backups = 2, format = "{options.format}" }}\n'
        )

    def intrude(self) -> None:
        """Start the program without any lock, for a moment, beside whoever runs."""
        words = [sys.executable, "-S", "-E", str(LIFE), str(self.place)]
        process = subprocess.Popen(words, env=self.world.environment, stdout=subprocess.DEVNULL)
        wait_until(lambda: any(life.pid == process.pid for life in self.lives()), "the intruder")
        time.sleep(0.1)
        process.kill()
        process.wait()
        self.rescue()

    # --- watchdogs ----------------------------------------------------------------------------

    def start(self) -> Watchdog:
        """Another `watchdog run` of our configuration; returns at once."""
        watchdog = self.world.run("-c", str(self.place / "w.toml"))
        watchdog.state = self.state
        self.mains.append(watchdog)
        return watchdog

    def contend(self) -> Watchdog:
        """A `watchdog run` from another directory, with the same singleton."""
        watchdog = self.world.run("-c", str(self.place / "other" / "w.toml"))
        watchdog.state = self.place / "other" / "state"
        self.contenders.append(watchdog)
        return watchdog

    def collect(self) -> None:
        """Drop the watchdogs that have ended, and remember how."""
        for group in (self.mains, self.contenders):
            for watchdog in list(group):
                code = watchdog.process.poll()
                if code is not None:
                    group.remove(watchdog)
                    self.codes.append((code, watchdog.text))

    def signal_mains(self, number: int) -> list[int]:
        """A signal to each watchdog of our own configuration; their pids."""
        return [send(watchdog, number) for watchdog in self.mains]

    def kill_mains(self) -> list[int]:
        """SIGKILL, and wait until they are dead."""
        return kill_all(self.mains)

    def see_it_die(self) -> str:
        """Nothing outlives the last watchdog where that is configured; what is to be noted."""
        if self.options.death != "kill" or self.contenders or self.contender_killed:
            return ""
        began = time.monotonic()
        wait_until(lambda: not living.running(self.place), "the tree to die with its watchdog")
        return f", its tree {time.monotonic() - began:.3f} s later"

    def kill_contenders(self) -> list[int]:
        """The same for those from the other directory, whose child may live on."""
        self.contender_killed |= bool(self.contenders)
        return kill_all(self.contenders)

    # --- processes of the program -------------------------------------------------------------

    def lives(self) -> list[judge.Life]:
        """The processes of the program that live, stopped ones too."""
        return living.find(self.place)

    def strike(self, life: judge.Life, number: int) -> None:
        """Send a signal to one of them."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(life.pid, number)
        if number == signal.SIGSTOP:
            self._stopped.add(life.pid)

    # --- other resources ----------------------------------------------------------------------

    @property
    def lock_file(self) -> Path:
        """The singleton's."""
        return self.place / "locks" / file_name(self.key)

    @property
    def record(self) -> Path:
        """From which the next watchdog adopts."""
        return self.state / "run" / f"{NAME}.json"

    def fill_disk(self) -> int:
        """Not one byte is left; what was written."""
        self.records_harmed = self.state_harmed = True
        with (self.disk / "filler").open("wb", buffering=0) as file:
            total = 0
            with contextlib.suppress(OSError):
                while total < DISK:
                    total += file.write(bytes(4096))
        return total

    def empty_disk(self) -> None:
        """There is room again."""
        (self.disk / "filler").unlink(missing_ok=True)

    def starve(self, spare: int) -> list[int]:
        """Leave the watchdogs only so many further descriptors; how many they have open."""
        self.records_harmed = self.state_harmed = True
        counts = []
        for watchdog in self.mains:
            pid = watchdog.process.pid
            with contextlib.suppress(OSError):
                count = len(list(Path(f"/proc/{pid}/fd").iterdir()))
                if count < STARTED:
                    continue  # an interpreter that is not ours to starve yet
                soft, hard = resource.prlimit(pid, resource.RLIMIT_NOFILE)
                self._ceilings.setdefault(pid, (soft, hard))
                resource.prlimit(pid, resource.RLIMIT_NOFILE, (count + spare, hard))
                counts.append(count)
        return counts

    def feed(self) -> None:
        """Give the descriptors back."""
        for pid, limits in self._ceilings.items():
            with contextlib.suppress(OSError):
                if any(watchdog.process.pid == pid for watchdog in self.mains):
                    resource.prlimit(pid, resource.RLIMIT_NOFILE, limits)
        self._ceilings.clear()

    # --- operators ----------------------------------------------------------------------------

    def operate(self, actions: list[str]) -> None:
        """A client that asks for these one after another, in the background."""

        def work() -> None:
            for action in actions:
                with contextlib.suppress(Unreachable, Refused):
                    self.ask(action)

        thread = threading.Thread(target=work, name=" ".join(actions), daemon=True)
        thread.start()
        self.operators.append(thread)

    def ask(self, action: str) -> list[dict[str, str]]:
        """start, stop or restart, by a new client."""
        client = self.client()
        try:
            return client.request(action, [NAME])
        finally:
            client.close()

    def client(self) -> Client:
        """A new client of whoever serves our configuration."""
        return Client(str(self.state / "control.sock"))

    def status(self) -> dict[str, Any] | None:
        """What the watchdog says of the program; None while nobody answers."""
        client = self.client()
        try:
            found = [p for p in client.status()["programs"] if p["name"] == NAME]
            return found[0] if found else None
        except (Unreachable, Refused):
            return None
        finally:
            client.close()

    def command(self, *words: str) -> None:
        """A command of the command line, in the background."""
        with (self.place / "said").open("ab") as said:
            self.commands.append(
                subprocess.Popen(
                    [sys.executable, "-m", "watchdog", *words],
                    cwd=self.place,
                    env=self.world.environment,
                    stdin=subprocess.DEVNULL,
                    stdout=said,
                    stderr=said,
                )
            )

    # --- peace --------------------------------------------------------------------------------

    def release(self) -> None:
        """Take every standing fault away."""
        for watchdog in [*self.mains, *self.contenders]:
            send(watchdog, signal.SIGCONT)
        for pid in self._stopped:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
        self._stopped.clear()
        self.feed()
        self.empty_disk()
        self._clear_the_address()
        if self.unstable:
            self.set_mood("hostile")

    def _clear_the_address(self) -> None:
        """As the watchdog tells its operator, who has put a plain file where its socket was."""
        for place in (self.state / "control.sock", self.place / "other/state/control.sock"):
            if place.exists() and not place.is_socket():
                place.unlink()

    def rescue(self) -> list[int]:
        """As an operator would whom the watchdog has told who holds the lock: end that."""
        return living.end(self.place)

    def close(self) -> None:
        """End everything."""
        if self.bystander is not None:
            self.bystander.kill()
            self.bystander.wait()
        for command in self.commands:
            command.kill()
            command.wait()
        self.world.end()
        if self.limited:
            enclosure.unmount(self.disk)


def send(watchdog: Watchdog, number: int) -> int:
    """A signal to a watchdog, if it is there; its pid."""
    if watchdog.process.poll() is None:
        watchdog.process.send_signal(number)
    return watchdog.process.pid


def kill_all(watchdogs: list[Watchdog]) -> list[int]:
    """SIGKILL to each, and wait."""
    pids = [send(watchdog, signal.SIGKILL) for watchdog in watchdogs]
    for watchdog in watchdogs:
        watchdog.process.wait()
    return pids
