"""One program of a configuration, or all its instances: for a service of its own (`--per-program`).

Several watchdogs then share one file. Each has a state directory of its own below the common one,
and whoever starts them sees to their order, so that here nothing is depended on.
"""

from __future__ import annotations

from msgspec.structs import replace

from watchdog.config.errors import ConfigError, Problem
from watchdog.config.loading import load
from watchdog.config.model import Config, ProgramConfig
from watchdog.config.places import SOCKET_NAME
from watchdog.core.model import Need


def single_out(config: Config, name: str) -> Config:
    """The configuration with this program only; `ConfigError` if there is none of this name."""
    if name not in config.templates and not any(name == p.name for p in config.programs):
        known = ", ".join(dict.fromkeys(program.written for program in config.programs))
        problem = f"there is no program {name} (named by --alone)"
        raise ConfigError(Problem(str(config.path), None, "programs", problem, known))
    meant = [program for program in config.programs if name in (program.name, program.written)]
    state = config.state / name
    return replace(
        config,
        state=state,
        socket=state / SOCKET_NAME,
        http=None,  # they cannot share a port
        programs=tuple(map(_free, meant)),
        templates={key: one for key, one in config.templates.items() if key == name},
        alone=name,
    )


def _free(program: ProgramConfig) -> ProgramConfig:
    """The program without anything that it waits for."""
    needs = program.policy.needs - {Need.DEPENDENCIES}
    policy = replace(program.policy, depends_on=(), needs=needs)
    return replace(program, policy=policy, depends_on=())


def load_again(config: Config) -> Config:
    """The same file as it is now, read for the same purpose; `ConfigError` as `load` raises it."""
    assert config.path is not None
    fresh = load(config.path)
    if config.alone:
        fresh = single_out(fresh, config.alone)
    if not config.scaled:
        return fresh
    from watchdog.config.scaling import carry_over  # others need nothing of it

    return carry_over(config, fresh)
