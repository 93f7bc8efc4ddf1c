"""The captured output of all programs: the daemon's way in to this package.

Before a spawn `Captures.open` gives the descriptors for the child; when the tree is gone `release`
writes what is left. In between the event loop does the reading. Nothing here raises because of a
log or a state directory that cannot be written: trouble is reported by `on_trouble`, and the child
runs on. Only running out of descriptors makes `open` fail (OSError), as it would the spawn.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from functools import lru_cache, partial
from pathlib import Path

from watchdog.logs.attic import ALL_STAYS, Attic, Log
from watchdog.logs.fifo import Allowance, affordable
from watchdog.logs.lines import Formatter, formatter, one_line
from watchdog.logs.model import NOWHERE, LogsConfig, Paths, file_name, log_paths, program_of
from watchdog.logs.packing import Packer
from watchdog.logs.pump import LinePump, Tap
from watchdog.logs.redaction import Redactor
from watchdog.logs.rotation import RotatingFile
from watchdog.logs.scratch import Scratch
from watchdog.logs.shelf import shelf_of
from watchdog.logs.stream import Stream

OnTrouble = Callable[[str, str | None], None]
"""(program, a sentence) when its output meets trouble; (program, None) when all of it is over."""


TapOf = Callable[[str, str], Tap | None]
"""(program, "stdout" or "stderr"): who else wants what is written."""


def untapped(program: str, stream: str) -> None:
    """Nobody."""


_NONE: frozenset[str] = frozenset()
_DESCRIPTORS = {"stdout": 1, "stderr": 2}


class ChildEnds:
    """Descriptors for a child's standard output and error; close them once it is spawned."""

    __slots__ = ("stderr_fd", "stdout_fd")

    def __init__(self, stdout_fd: int, stderr_fd: int) -> None:
        self.stdout_fd = stdout_fd
        self.stderr_fd = stderr_fd
        """The same number as `stdout_fd` when standard error is merged."""

    def close(self) -> None:
        """Close our copies; idempotent."""
        for fd in {self.stdout_fd, self.stderr_fd} - {-1}:
            os.close(fd)
        self.stdout_fd = self.stderr_fd = -1


class _Sink:
    """One stream of a program, with the parts that a new configuration changes."""

    __slots__ = ("file", "name", "pump", "stream")

    def __init__(self, name: str, file: RotatingFile, pump: LinePump, stream: Stream) -> None:
        self.name = name
        self.file = file
        self.pump = pump
        self.stream = stream


class Capture:
    """The output of one program, across its incarnations."""

    __slots__ = ("_captures", "_paths", "_program", "_sinks", "_troubles")

    def __init__(self, captures: Captures, program: str) -> None:
        self._captures = captures
        self._program = program
        self._paths = Paths(None, None, merged=True)
        self._sinks: tuple[_Sink, ...] = ()
        self._troubles = _NONE  # the origins of what is wrong now

    def configure(self, config: LogsConfig, secrets: frozenset[str]) -> None:
        """Use `config` and `secrets` from now on; where standard error goes, from the next open.

        A stream that the new configuration no longer captures is still read to its end: the running
        process would otherwise fill its FIFO and stand still.
        """
        self._paths = log_paths(config)
        self._furnish(config)
        for name, path in self._paths.named():
            self._aim(name, path, config, _redactor(secrets))

    def open(self) -> ChildEnds:
        """The ends for the next incarnation. Raises OSError when descriptors run out."""
        stdout = self._open("stdout", self._paths.stdout)
        if self._paths.merged:
            return ChildEnds(stdout, stdout)
        try:
            return ChildEnds(stdout, self._open("stderr", self._paths.stderr))
        except OSError:
            os.close(stdout)
            raise

    def readers(self) -> list[int]:
        """The descriptors that are read now."""
        return [sink.stream.reader for sink in self._sinks if sink.stream.reader >= 0]

    def adopt(self, pid: int) -> None:
        """Read the FIFOs that `pid`, left running by another watchdog, still holds."""
        for sink in self._sinks:
            try:
                sink.stream.adopt(pid, _DESCRIPTORS[sink.name])
            except OSError as error:
                self._tell("fifo", f"the output of the adopted process {pid} is lost: {error}")

    def attach(self) -> None:
        """Have the running event loop read, and see to the rotated files; idempotent."""
        for sink in self._sinks:
            sink.stream.attach()
        self._attic.tidy()

    def recover(self) -> None:
        """Write what an earlier watchdog left unwritten."""
        for sink in self._sinks:
            sink.stream.recover()

    def release(self) -> None:
        """The process is gone: write all that it left."""
        for sink in self._sinks:
            sink.stream.release()

    def last_words(self) -> str:
        """The last line that the process wrote; of standard error if that is separate, not mute."""
        lines = (sink.stream.last_line() for sink in reversed(self._sinks))
        return next(filter(None, lines), b"").decode("utf-8", "replace")

    def reopen(self) -> None:
        """Open the logs at their paths again."""
        for sink in self._sinks:
            sink.file.reopen()

    def clear(self) -> None:
        """Begin the logs anew."""
        for sink in self._sinks:
            sink.file.clear()

    def close(self) -> None:
        """Let go of everything; a live process goes on and its FIFO waits for the next watchdog."""
        for sink in self._sinks:
            sink.stream.close()

    def _open(self, name: str, path: str | None) -> int:
        sink = self._find(name)
        if sink is None or path is None:
            return os.open(NOWHERE, os.O_RDWR | os.O_CLOEXEC)
        sink.file.ready()
        try:
            end = sink.stream.open()
        except OSError as error:
            end = sink.stream.open_without()
            self._tell("fifo", f"the output would not survive the watchdog: {error}")
        else:
            self._tell("fifo", None)
        return end

    def _find(self, name: str) -> _Sink | None:
        return next((sink for sink in self._sinks if sink.name == name), None)

    def _furnish(self, config: LogsConfig) -> None:
        """Who looks after the rotated files; most programs need nobody."""
        attics = self._captures.attics
        if config.compress or config.total or config.age:
            attics.setdefault(self._program, Attic(self._captures.packer.wake))
        if attic := attics.get(self._program):
            logs = (Log(path, *_sizes(config, name)) for name, path in self._paths.named())
            attic.configure(tuple(logs), config)

    @property
    def _attic(self) -> Attic:
        return self._captures.attics.get(self._program, ALL_STAYS)

    def _aim(self, name: str, path: str, config: LogsConfig, redactor: Redactor) -> None:
        form = formatter(config.format, *self._captures.signature(self._program, name))
        rules = (path, *_sizes(config, name))
        notice = _notice(form)
        tap = self._captures.tap_of(self._program, name)
        sink = self._find(name)
        if sink is None:
            tell = partial(self._tell, name)
            fifo_path = self._captures.fifo_path(self._program, name)
            scratch = self._captures.scratch(fifo_path)
            file = RotatingFile(*rules, tell, notice, witness=scratch, attic=self._attic)
            pump = LinePump(file, redactor, form, scratch=scratch, tap=tap)
            self._add(name, fifo_path, file, pump)
        else:
            sink.file.retarget(*rules, notice, self._attic)
            sink.pump.change(redactor, form, tap)

    def _add(self, name: str, path: str, file: RotatingFile, pump: LinePump) -> None:
        sink = _Sink(name, file, pump, Stream(path, pump, self._captures.allowance))
        self._sinks = (*self._sinks, sink)

    def _tell(self, origin: str, text: str | None) -> None:
        """Report each trouble as it begins, and the end when the last of them is over."""
        if text is not None:
            self._troubles |= {origin}
            self._captures.on_trouble(self._program, text)
        elif origin in self._troubles:
            self._troubles -= {origin}
            if not self._troubles:
                self._captures.on_trouble(self._program, None)


class Captures:
    """The captures of all programs."""

    def __init__(self, state_dir: Path, on_trouble: OnTrouble, tap_of: TapOf = untapped) -> None:
        self.state = state_dir
        self.on_trouble = on_trouble
        self.tap_of = tap_of
        self._by_program: dict[str, Capture] = {}
        self.allowance = Allowance(affordable())
        self._shelf = shelf_of(str(state_dir))
        self.packer = Packer()
        self.attics: dict[str, Attic] = {}  # of the programs that have one
        self._marks: dict[str, tuple[str, str]] = {}  # of what runs beside a program

    def open(self, program: str, config: LogsConfig, secrets: frozenset[str]) -> ChildEnds:
        """Ends for a new incarnation; reading begins. Needs a running loop. Raises OSError."""
        capture = self._configured(program, config, secrets)
        ends = capture.open()
        capture.attach()
        return ends

    def mark(self, beside: str, program: str, mark: str) -> None:
        """Have the lines of `beside`, captured like a program, marked in the program's own log."""
        self._marks[beside] = (program, mark)

    def signature(self, program: str, stream: str) -> tuple[str, str, str]:
        """The program, the stream and the mark that its lines are written with."""
        owner, mark = self._marks.get(program, (program, ""))
        return owner, stream, mark

    def adopt(self, program: str, config: LogsConfig, secrets: frozenset[str], pid: int) -> None:
        """Go on capturing `pid`, which an earlier watchdog started. Needs a running loop."""
        capture = self._configured(program, config, secrets)
        capture.adopt(pid)
        capture.attach()

    def readers(self) -> list[int]:
        """The descriptors that are read now: while a copy is open, what lies in them is safe."""
        return [reader for capture in self._by_program.values() for reader in capture.readers()]

    def left_behind(self) -> list[str]:
        """The programs of which an earlier watchdog left output that is in no log yet."""
        stems = {name.rpartition(".")[0] for name in self._shelf.names()}
        found = []
        for stem in sorted(stems):
            with contextlib.suppress(ValueError):  # a file that is none of ours
                found.append(program_of(stem))
        return found

    def recover(self, program: str, config: LogsConfig, secrets: frozenset[str]) -> None:
        """Write what an earlier watchdog took of a `program` that is neither opened nor adopted."""
        self._configured(program, config, secrets).recover()

    def release(self, program: str) -> None:
        """The process (best, its whole tree) is gone: write all that it left. Unknown is fine."""
        for capture in self._named(program):
            capture.release()

    def last_words(self, program: str) -> str:
        """The last line that the running or just ended process wrote, without secrets; or ""."""
        return next((capture.last_words() for capture in self._named(program)), "")

    def reconfigure(self, program: str, config: LogsConfig, secrets: frozenset[str]) -> None:
        """Use another configuration or other secrets for what is written from now on."""
        for capture in self._named(program):
            capture.configure(config, secrets)

    def forget(self, program: str) -> None:
        """The program left the configuration."""
        for capture in self._named(program):
            capture.close()
        self._by_program.pop(program, None)
        self._marks.pop(program, None)
        self.attics.pop(program, None)

    def clear(self, program: str) -> None:
        """Begin the logs of `program` anew. Raises OSError when a log cannot be removed."""
        for capture in self._named(program):
            capture.clear()

    def reopen_all(self) -> None:
        """Open every log at its path again (SIGUSR2, after an external rotation)."""
        for capture in self._by_program.values():
            capture.reopen()

    def close(self) -> None:
        """Write what is there and let go; live processes go on, their FIFOs wait."""
        for capture in self._by_program.values():
            capture.close()
        self.packer.close()
        self._shelf.clear_away()

    def scratch(self, fifo_path: str) -> Scratch:
        """For what is on its way from that FIFO to a log."""
        return Scratch(self._shelf, fifo_path)

    def fifo_path(self, program: str, stream: str) -> str:
        """`<state>/fifo/<program>.out` or `.err`; as text, which weighs a third of a Path."""
        return f"{self.state}/fifo/{file_name(program)}.{stream[3:]}"

    def _configured(self, program: str, config: LogsConfig, secrets: frozenset[str]) -> Capture:
        capture = self._by_program.get(program)
        if capture is None:
            capture = self._by_program[program] = Capture(self, program)
        capture.configure(config, secrets)
        return capture

    def _named(self, program: str) -> Iterator[Capture]:
        if program in self._by_program:
            yield self._by_program[program]


def _sizes(config: LogsConfig, stream: str) -> tuple[int, int]:
    """At which size the stream's file is rotated, and how many are kept."""
    if stream == "stderr":
        return config.stderr_maximum, config.stderr_backups
    return config.maximum, config.backups


@lru_cache(maxsize=16)
def _notice(form: Formatter) -> Callable[[str], bytes]:
    """One for all programs whose lines have the same form."""
    return partial(one_line, form)


@lru_cache(maxsize=16)
def _redactor(secrets: frozenset[str]) -> Redactor:
    """One for all programs with the same secrets."""
    return Redactor(secrets)
