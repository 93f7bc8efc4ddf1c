"""Runs hooks: a process of its own beside the program's, with all that makes one provable.

A hook is spawned as a program is: in a session, under a mark, in a cgroup where there are any. So
its whole tree is ended at its timeout, and it is over only when nothing of it lives. It gets
neither the lock's descriptors nor the notify socket. It does not outlive the watchdog: the guardian
ends it (where there can be one), and what that missed the next watchdog finds by the record and
ends before anything starts. An upgrade hands it over like any process.

Loaded with the first hook.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from watchdog.config.model import ProgramConfig
from watchdog.core.effects import EndHook, RunHook
from watchdog.core.events import Event, Exited, HookDone, OfProcess, SpawnFailed, TreeEmpty
from watchdog.core.model import Exit, Hook
from watchdog.core.program import Program
from watchdog.daemon.crew import Adapters, limit_of
from watchdog.daemon.hook_place import key_of, logs_of
from watchdog.daemon.keeper import Keeper
from watchdog.daemon.story import shorten
from watchdog.logs.capture import ChildEnds
from watchdog.process import PROVES_TREES, Birth, SpawnSpec

GONE = Exit(detail="how it ended is not known")


class Running(Struct):
    """One hook, from its start to the proof that nothing of it lives."""

    hook: Hook
    incarnation: int
    exit: Exit = GONE
    began: float = msgspec.field(default_factory=time.monotonic)


class Hooks:
    """Performs RunHook and EndHook."""

    def __init__(
        self,
        adapters: Adapters,
        keeper: Keeper,
        config_of: Callable[[str], ProgramConfig],
        environment_of: Callable[[str], dict[str, str]],
        post: Callable[[str, Event], None],
    ) -> None:
        self._adapters = adapters
        self._processes = adapters.processes
        self._keeper = keeper
        self._config_of = config_of
        self._environment_of = environment_of
        self._post = post
        self._running: dict[str, Running] = {}  # by program

    def run(self, effect: RunHook) -> None:
        """Start it; HookDone follows, whatever becomes of it."""
        name = effect.program
        self._running[name] = Running(effect.hook, effect.incarnation)
        nonce = self._processes.next_mark()
        self._keeper.note_hook(effect, nonce)
        try:
            self._spawn(effect, nonce)
        except OSError as error:
            detail = f"cannot prepare it: {error.strerror or error}"
            self._conclude(name, Exit(detail=detail))

    def end(self, effect: EndHook) -> None:
        """Send the signal; with KILL to all that belongs to it."""
        key = key_of(effect.program)
        if effect.signal == "KILL":
            self._processes.kill(key, effect.incarnation)
        else:
            self._processes.signal(key, effect.incarnation, effect.signal, True)

    def hear(self, name: str, event: Event) -> None:
        """What becomes of the hook's process."""
        running = self._running.get(name)
        if running is None or not isinstance(event, OfProcess):
            return
        if isinstance(event, SpawnFailed):
            self._conclude(name, event.exit)
        elif isinstance(event, Exited):
            running.exit = self._with_last_words(name, event.exit)
            self._processes.kill(key_of(name), running.incarnation)  # nothing stays behind
        elif isinstance(event, TreeEmpty):
            self._conclude(name, running.exit)

    # --- of an earlier watchdog, and for a later version ----------------------------------------

    def bury(self, name: str, incarnation: int, hook: Hook, nonce: int) -> None:
        """End what an earlier watchdog's hook has left; HookDone follows."""
        self._running[name] = Running(hook, incarnation)
        if not self._processes.bury_strays(key_of(name), incarnation, nonce):
            self._conclude(name, GONE)  # no marks: nobody can know

    def births(self) -> dict[str, Birth]:
        """The processes of the hooks that run now, by program."""
        found = {name: self._processes.birth(key_of(name)) for name in self._running}
        return {name: birth for name, birth in found.items() if birth is not None}

    def take_over(self, program: Program, birth: Birth | None) -> None:
        """Watch again what ran at the upgrade; HookDone follows also if it cannot be found."""
        name, hook = program.policy.name, program.hook
        if hook is None:
            return None
        self._running[name] = Running(hook, program.incarnation)
        if birth is None or not self._processes.adopt(birth):
            return self._conclude(name, GONE)
        self.listen(name, birth)
        return self._guard(key_of(name))

    def listen(self, name: str, birth: Birth) -> None:
        """Go on reading what it prints."""
        key, config, captures = key_of(name), self._config_of(name), self._adapters.captures
        captures.mark(key, name, self._running[name].hook)
        captures.adopt(key, logs_of(config), config.secrets, birth.pid)

    # --- inside ---------------------------------------------------------------------------------

    def _spawn(self, effect: RunHook, nonce: int) -> None:
        """Raises OSError: it cannot be prepared."""
        key, config = key_of(effect.program), self._config_of(effect.program)
        captures = self._adapters.captures
        captures.mark(key, effect.program, effect.hook)
        ends = captures.open(key, logs_of(config), config.secrets)
        try:
            if PROVES_TREES:
                self._adapters.wards.expect(key, effect.incarnation, nonce)
            variables = {**self._environment_of(config.name), **variables_of(effect)}
            spec = specify(config, effect.hook, variables, ends)
            self._processes.spawn(key, effect.incarnation, spec, nonce)
        finally:
            ends.close()
        if effect.program in self._running:
            self._guard(key)

    def _guard(self, key: str) -> None:
        if PROVES_TREES:
            self._adapters.wards.watch(key)

    def _with_last_words(self, name: str, exit: Exit) -> Exit:
        """How it ended, and what it said last if it did not end well."""
        words = self._adapters.captures.last_words(key_of(name)) if exit.code else ""
        text = "".join(char if char.isprintable() else " " for char in words).strip()
        return replace(exit, detail=f"{exit.detail}: {shorten(text)}") if text else exit

    def _conclude(self, name: str, exit: Exit) -> None:
        running, key = self._running.pop(name), key_of(name)
        self._adapters.captures.release(key)
        self._adapters.captures.forget(key)
        self._adapters.wards.forget(key)
        self._keeper.forget_hook(name)
        took = time.monotonic() - running.began
        self._post(name, HookDone(running.incarnation, running.hook, exit, took))


def specify(
    config: ProgramConfig, hook: Hook, variables: dict[str, str], ends: ChildEnds
) -> SpawnSpec:
    """The process: as the program's, but for the command, the lock and the notify socket."""
    return SpawnSpec(
        command=config.hooks.get(hook, ()),
        directory=str(config.directory),
        environment=variables,
        user=config.user,
        group=config.group,
        umask=-1 if config.umask is None else config.umask,
        limits={name: limit_of(value) for name, value in config.limits.items()},
        stdout=ends.stdout_fd,
        stderr=ends.stderr_fd,
    )


def variables_of(effect: RunHook) -> dict[str, str]:
    """The event, for the command."""
    exit = effect.exit or Exit()
    return {
        "WATCHDOG_EVENT": effect.hook,
        "WATCHDOG_INCARNATION_NUMBER": str(effect.incarnation),
        "WATCHDOG_CAUSE": effect.cause or "",
        "WATCHDOG_REASON": effect.reason.replace("\0", " "),
        "WATCHDOG_PID": written(effect.pid),
        "WATCHDOG_EXIT_CODE": written(exit.code),
        "WATCHDOG_EXIT_SIGNAL": written(exit.signal),
    }


def written(number: int | None) -> str:
    """A number that may be none."""
    return "" if number is None else str(number)
