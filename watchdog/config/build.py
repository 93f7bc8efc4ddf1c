"""From one program's table to its `ProgramConfig`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from msgspec import Struct

from watchdog.config.drilling import drill_of
from watchdog.config.envfile import read_env_file
from watchdog.config.errors import ConfigError, Findings, KeyPath
from watchdog.config.expand import CannotExpand, Scope, expand
from watchdog.config.held_sockets import sockets_of
from watchdog.config.hooking import check_hooks, commands_of, policies_of
from watchdog.config.kinds import UNLIMITED
from watchdog.config.listening import listener_of
from watchdog.config.log_limits import check_limits
from watchdog.config.model import (
    TOKEN_VARIABLES,
    EvidenceConfig,
    Instance,
    LogsConfig,
    ProgramConfig,
)
from watchdog.config.places import resolve
from watchdog.config.probing import Plan, plan_probes
from watchdog.config.read import Table, read_section
from watchdog.config.recycling import ceilings_of, check_schedule
from watchdog.config.schema import PROGRAM
from watchdog.config.secret import secrets_of_headers
from watchdog.config.sensitive import find_secrets
from watchdog.config.tables import RLIMITS
from watchdog.config.units import format_duration
from watchdog.core.model import (
    ExitCodes,
    Need,
    Policy,
    ReloadPolicy,
    RestartPolicy,
    Role,
    StopPolicy,
)


class Surroundings(Struct, frozen=True):
    """What a program's table is read with."""

    base: Path  # what relative paths are relative to
    state: Path
    environ: Mapping[str, str]


class _Variables(Struct, frozen=True):
    """A program's `.env`, and where its `${VAR}` are looked for."""

    path: Path | None
    content: dict[str, str]
    scope: Scope


def build_program(
    name: str,
    raw: Any,
    around: Surroundings,
    findings: Findings,
    instance: Instance | None = None,
) -> ProgramConfig:
    """The program. What is wrong is noted; then the result only serves the further checks."""
    table_name = name if instance is None else instance.of
    path: KeyPath = ("programs", table_name)
    variables = _load_variables(raw, path, around, findings)
    table = read_section(PROGRAM, raw, path, variables.scope, findings)
    plan = plan_probes(table, findings)
    environment = {**variables.content, **(table["environment"] or {})}
    _check_lease(table, findings)
    check_schedule(table, findings)
    check_hooks(table, findings)
    _check_token(table, plan, environment, around, findings)
    return ProgramConfig(
        name=name,
        command=table["command"] or (),
        directory=resolve(around.base, table["directory"] or ".", around.environ),
        environment=environment,
        env_file=variables.path,
        user=table["user"],
        group=table["group"],
        umask=table["umask"],
        limits=_limits(table["limits"]),
        singleton=table["singleton"],
        when_held=table["when_held"],
        lease=table["lease"],
        on_watchdog_death=table["on_watchdog_death"] or _fate(table),
        logs=_logs(name, table["logs"], around, findings),
        probes={role: target for role, (target, _) in plan.probes.items()},
        secrets=find_secrets(raw, variables.scope, environment) | _header_secrets(plan),
        policy=_policy(name, table, plan, findings),
        autostart=table["autostart"],
        stdin=table["stdin"],
        evidence=EvidenceConfig(table["evidence"]["signal"], table["evidence"]["lines"]),
        group_name=table["group_name"] or "",
        listener=listener_of(table_name, table, findings),
        drill=drill_of(table, findings),
        group_priority=table["group_priority"],
        sockets=sockets_of(name, table, around.base, around.environ, findings),
        instance=instance,
        update=table["update"],
        depends_on=table["depends_on"],
        hooks=commands_of(table),
        restart_at=table["restart_at"],
        restart_at_zone=table["restart_at_zone"],
        **ceilings_of(table),
    )


def _fate(table: Table) -> Literal["adopt", "kill"]:
    """Nobody guards a lease without the watchdog, and a listener's pipes end with it."""
    return "kill" if table["lease"] or table["listener"] else "adopt"


def _load_variables(
    raw: Any, path: KeyPath, around: Surroundings, findings: Findings
) -> _Variables:
    """Read the `.env`, if one is named; its own name may only use the watchdog's environment."""
    outer = ("the environment", around.environ)
    named = raw.get("env_file") if isinstance(raw, dict) else None
    if not isinstance(named, str) or not named.strip() or "\0" in named:
        return _Variables(None, {}, Scope((outer,)))
    try:
        file = resolve(around.base, expand(named, Scope((outer,))), around.environ)
        content = read_env_file(file)
    except CannotExpand:  # said when the key itself is read
        return _Variables(None, {}, Scope((outer,)))
    except ConfigError as error:
        _report_env_file((*path, "env_file"), error, findings)
        return _Variables(None, {}, Scope((outer,), complete=False))
    return _Variables(file, content, Scope(((str(file), content), outer)))


def _report_env_file(path: KeyPath, error: ConfigError, findings: Findings) -> None:
    """A bad line is the file's problem; a file that cannot be read is that of the key."""
    first = error.problems[0]
    if first.line is not None:
        findings.include(error)
    else:
        hint = "create it, or take the key out"
        findings.add(path, f"{first.file}: {first.found}", hint=hint)


def _limits(table: Table) -> dict[str, int | None]:
    given = {key: value for key, value in table.values.items() if value is not None}
    return {RLIMITS[key]: None if value == UNLIMITED else value for key, value in given.items()}


def _check_lease(table: Table, findings: Findings) -> None:
    if table["lease"] and "singleton" not in table.given:
        hint = "add a singleton: the lease is kept under its name"
        findings.add((*table.path, "lease"), "found without singleton", hint=hint)
    if table["lease"] and table["on_watchdog_death"] == "adopt":
        key = (*table.path, "on_watchdog_death")
        findings.add(key, 'found "adopt" beside lease', '"kill"', "an unwatched lease may expire")


def _check_token(
    table: Table,
    plan: Plan,
    environment: Mapping[str, str],
    around: Surroundings,
    findings: Findings,
) -> None:
    """Without a token there is nobody to ask Telegram about."""
    seen = {**around.environ, **environment}
    if Role.OUTSIDE in plan.probes and not any(
        seen.get(name, "").strip() for name in TOKEN_VARIABLES
    ):
        names = " or ".join(TOKEN_VARIABLES)
        hint = f"put {names} into the program's env_file or environment"
        findings.add((*table.path, "liveness", "telegram"), "found without a bot's token", "", hint)


def _logs(name: str, table: Table, around: Surroundings, findings: Findings) -> LogsConfig:
    path = around.state / "logs" / f"{name}.log"
    if table["path"]:
        path = resolve(around.base, table["path"], around.environ)
    mode, stderr = table["stderr"], None
    if mode == "separate":
        stderr = path.with_name(f"{path.name}.stderr")
    elif mode == "state":
        mode, stderr = "separate", around.state / "logs" / f"{name}.log.stderr"
    elif mode not in ("merge", "discard"):
        mode, stderr = "separate", resolve(around.base, mode, around.environ)
    keys = ("maximum", "backups", "format", "shared", "stdout_events", "stderr_events")
    more = ("stdout_capture", "stderr_capture", "age", "compress", "total")
    given = {key: table[key] for key in (*keys, *more)}
    for key in ("maximum", "backups"):
        own = table[f"stderr_{key}"]
        given[f"stderr_{key}"] = table[key] if own is None else own
    logs = LogsConfig(path=path, stderr=mode, stderr_path=stderr, **given)
    check_limits(logs, table.path, findings)
    return logs


def _policy(name: str, table: Table, plan: Plan, findings: Findings) -> Policy:
    return Policy(
        name=name,
        restart=_restart(table["restart"], findings),
        exit_codes=_exit_codes(table["exit_codes"], findings),
        stop=StopPolicy(**table["stop"].values),
        reload=ReloadPolicy(**table["reload"].values) if table["reload"] else None,
        start_seconds=table["start_seconds"],
        probes={role: policy for role, (_, policy) in plan.probes.items()},
        ready_within=plan.ready_within,
        heartbeat=table["heartbeat"],
        needs=_needs(table),
        evidence=table["evidence"]["within"],
        depends_on=table["depends_on"],
        priority=_priority(table),
        group_priority=table["group_priority"],
        autostart=table["autostart"],
        hooks=policies_of(table),
        maximum_age=table["maximum_age"],
        maximum_age_spread=table["maximum_age_spread"],
    )


def _priority(table: Table) -> int:
    """Listeners start first and stop last, to hear of all that lies between."""
    first = table["listener"] is not None and "priority" not in table.given
    return 0 if first else int(table["priority"])


def _needs(table: Table) -> frozenset[Need]:
    wanted = {
        Need.DEPENDENCIES: table["depends_on"],
        Need.LOCK: table["singleton"],
        Need.LEASE: table["lease"],
    }
    return frozenset(need for need, value in wanted.items() if value)


def _restart(table: Table, findings: Findings) -> RestartPolicy:
    policy = RestartPolicy(**table.values)
    if policy.initial > policy.maximum:
        key = "maximum" if "maximum" in table.given else "initial"
        found = f"found initial {format_duration(policy.initial)} above maximum"
        allowed = f"initial up to maximum, which is {format_duration(policy.maximum)}"
        findings.add((*table.path, key), found, allowed)
    return policy


def _exit_codes(table: Table, findings: Findings) -> ExitCodes:
    """A code in two written lists is a mistake; one in a default list yields to the written."""
    written: dict[int, str] = {}
    for key in (key for key in table.values if key in table.given):
        for code in table[key]:
            if code in written:
                hint = f"{written[code]} has it too; an exit code has one meaning"
                findings.add((*table.path, key), f"found {code} twice", hint=hint)
            written[code] = key
    return ExitCodes(
        **{
            key: tuple(code for code in codes if written.get(code, key) == key)
            for key, codes in table.values.items()
        }
    )


def _header_secrets(plan: Plan) -> frozenset[str]:
    targets = (target for target, _ in plan.probes.values())
    return frozenset().union(*(secrets_of_headers(target.headers) for target in targets))
