"""`watchdog check`: is this configuration usable, and what does it say."""

from __future__ import annotations

import os
import shlex
from typing import TYPE_CHECKING

from watchdog.cli.context import BAD_CONFIG, OK, Context, complain, make_parser

if TYPE_CHECKING:
    from watchdog.config.model import Config, ProgramConfig


def main(context: Context) -> int:
    """Print what the configuration means; 78 and all that is wrong if it is not usable."""
    from watchdog.config.errors import ConfigError
    from watchdog.config.find import find
    from watchdog.config.loading import load

    summary = "Validate a configuration and say what it means. Nothing is started."
    options = make_parser(context, summary, "watchdog check -c watchdog.toml").parse_args(
        context.words
    )
    try:
        config = load(find(options.config, os.environ))
    except ConfigError as error:
        complain(f"the configuration is not usable\n{error}")
        return BAD_CONFIG
    print(_describe(config))
    if config.alerts is None:
        return OK
    from watchdog.cli.alert import judge

    return judge(context, config)


_EXPOSED = "other machines reach it, in plain text: put TLS before it (docs/monitoring.md)"


def _who_may(config: Config) -> str:
    """Who may use the TCP port."""
    if config.login is None:
        return "without a password: for every user of this machine"
    return "with a password" + (", /metrics without" if config.metrics_public else "")


def _describe(config: Config) -> str:
    lines = [
        f"{config.path} is usable",
        f"  state    {config.state}",
        f"  socket   {config.socket}",
    ]
    if config.http:
        lines.append(f"  http     {config.http}, {_who_may(config)}")
    if config.http and not config.http.is_loopback:
        lines.append(f"           {_EXPOSED}")
    for program in config.programs:
        if program.instance is None:
            lines += ["", program.name, *_describe_program(program)]
        elif program.instance.number == 0:
            lines += ["", _name_all(config, program), *_describe_program(program)]
    if config.notes:
        lines += ["", "notes", *(f"  {note}" for note in config.notes)]
    return "\n".join(lines)


def _describe_program(program: ProgramConfig) -> list[str]:
    policy = program.policy
    shown = [
        ("command", _shown(program)),
        ("directory", program.directory),
        ("user", program.user),
        ("singleton", program.singleton and f"{program.singleton}, when held {program.when_held}"),
        ("needs", ", ".join(policy.depends_on)),
        ("sockets", ", ".join(socket.key for socket in program.sockets)),
        ("probes", ", ".join(f"{role} {target.kind}" for role, target in program.probes.items())),
        ("heartbeat", policy.heartbeat and f"{policy.heartbeat:g} s"),
        ("hooks", ", ".join(f"{hook} {one.timeout:g} s" for hook, one in policy.hooks.items())),
        ("planned", _planned(program)),
        ("ceilings", _ceilings(program)),
        ("restart", f"{policy.restart.when}, then {policy.restart.then}"),
        ("stop", f"{policy.stop.signal}, after {policy.stop.grace:g} s KILL"),
        ("log", program.logs.path),
    ]
    return [f"  {name:<9} {value}" for name, value in shown if value]


def _planned(program: ProgramConfig) -> str:
    """When it is restarted although it is well."""
    from watchdog.config.units import format_duration

    told, age = [], program.policy.maximum_age
    if program.restart_at:
        told.append(f'at "{program.restart_at}" {program.restart_at_zone or ""}'.strip())
    if age is not None:
        spread = program.policy.maximum_age_spread
        least = f"{format_duration(age - spread)} to " if spread else ""
        told.append(f"when {least}{format_duration(age)} old")
    return ", ".join(told)


def _ceilings(program: ProgramConfig) -> str:
    """How much it may use."""
    from watchdog.config.units import format_duration, format_size

    told = []
    if program.memory is not None:
        told.append(("memory", format_size(program.memory), program.memory_over))
    if program.cpu is not None:
        told.append(("cpu", f"{program.cpu * 100:g}%", program.cpu_over))
    return ", ".join(
        f"{name} {limit}" + (f" over {format_duration(over)}" if over else "")
        for name, limit, over in told
    )


def _name_all(config: Config, first: ProgramConfig) -> str:
    """The instances of one table, of which the first stands for all."""
    count = config.templates[first.written].count
    names = [program.name for program in config.programs if program.written == first.written]
    return names[0] if count == 1 else f"{names[0]} to {names[-1]}, {count} instances; the first:"


def _shown(program: ProgramConfig) -> str:
    """The command, its secrets struck out."""
    from watchdog.config.secret import strike

    return strike(shlex.join(program.command), program.secrets)
