"""Where the process of a hook stands beside its program: its name, and its part of the log."""

from __future__ import annotations

from msgspec.structs import replace

from watchdog.config.model import LogsConfig, ProgramConfig

_TAIL = " hook"  # as no program's name can end


def key_of(program: str) -> str:
    """The name under which the program's hook is spawned, captured and guarded."""
    return program + _TAIL


def program_of(key: str) -> str | None:
    """The program whose hook has this name; None for a program's own."""
    return key.removesuffix(_TAIL) if key.endswith(_TAIL) else None


def logs_of(config: ProgramConfig) -> LogsConfig:
    """The program's log, which looks after its rotated files itself."""
    return replace(
        config.logs,
        stderr="merge",
        stderr_path=None,
        stdout_capture=0,
        age=0.0,
        compress=False,
        total=0,
        shared=True,
    )
