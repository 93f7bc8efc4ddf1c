"""Which programs start by themselves, when the command line names some. Pure."""

from __future__ import annotations

from msgspec.structs import replace

from watchdog.config import Config, ProgramConfig
from watchdog.core.model import Policy
from watchdog.wire.names import choose_all


def policies_of(config: Config, names: tuple[str, ...]) -> list[Policy]:
    """The policies; with names given, only those start by themselves, and what they depend on."""
    wanted = with_dependencies(config, names)
    return [choose(program, wanted) for program in config.programs]


def choose(program: ProgramConfig, wanted: frozenset[str]) -> Policy:
    """The policy of a program, started by itself or not as the command line says."""
    if not wanted:
        return program.policy
    return replace(program.policy, autostart=program.name in wanted)


def with_dependencies(config: Config, names: tuple[str, ...]) -> frozenset[str]:
    """The names, and all that they depend on."""
    wanted: set[str] = set()
    open_ends = [
        program.name for program in choose_all(config.programs, names, ProgramConfig.named)
    ]
    while open_ends:
        name = open_ends.pop()
        if name not in wanted:
            wanted.add(name)
            open_ends += config.program(name).policy.depends_on
    return frozenset(wanted)
