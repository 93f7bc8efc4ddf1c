"""Which probes a program gets: targets that are inherited, and the startup probe that is implied.

A liveness probe must not judge a process that is still coming up; so there is always a startup
probe before it, written or implied.
"""

from __future__ import annotations

import binascii
import math
from collections.abc import Callable

from msgspec import Struct

from watchdog.config.errors import Findings
from watchdog.config.model import ProbeTarget
from watchdog.config.read import Table
from watchdog.core.model import ProbePolicy, Role

Probe = tuple[ProbeTarget, ProbePolicy]
KINDS = ("http", "tcp", "exec", "heartbeat")
ALLOWANCE = 60.0  # seconds that the implied startup probe gives a program to come up
_WRITTEN = (Role.LIVENESS, Role.READINESS, Role.STARTUP)  # the tables, as they inherit
_TIMING = ("period", "timeout", "failure_threshold", "grace")  # that of telegram
_BROKEN = ProbeTarget("exec")  # stands for a target whose problem was already noted


class Plan(Struct, frozen=True):
    """The probes that are run, and how long the process has to say READY=1 if it is to say so."""

    probes: dict[Role, Probe]
    ready_within: float | None = None


def plan_probes(program: Table, findings: Findings) -> Plan:
    """The program's probes by role, in the order of `Role`.

    A startup of kind heartbeat is no probe that somebody runs: it is a time limit.
    """
    tables = {role: program[role.value] for role in _WRITTEN if program[role.value] is not None}
    own = {role: _own_target(table, findings) for role, table in tables.items()}
    plan: dict[Role, Probe] = {}
    if Role.LIVENESS in tables and (outside := tables[Role.LIVENESS]["telegram"]) is not None:
        plan[Role.OUTSIDE] = _look_from_outside(outside)
        if own[Role.LIVENESS] is None:
            _check_alone(tables.pop(Role.LIVENESS), findings)
    for role in _WRITTEN:
        if role in tables:
            plan[role] = _complete(role, tables[role], own[role], plan, findings)
    if Role.LIVENESS in plan and Role.STARTUP not in plan:
        plan[Role.STARTUP] = _implied_startup(*plan[Role.LIVENESS])
    target, policy = plan.get(Role.STARTUP, (None, None))
    within = None
    if target and policy and target.kind == "heartbeat":
        del plan[Role.STARTUP]
        within = policy.delay + policy.period * policy.failure_threshold
    return Plan({role: plan[role] for role in Role if role in plan}, within)


def _complete(
    role: Role, table: Table, target: ProbeTarget | None, plan: dict[Role, Probe], found: Findings
) -> Probe:
    """The probe with a target of its own, or with one that it inherits."""
    if target is not None:
        return target, _policy(table, table["timeout"])
    donor = next((plan[other] for other in (Role.LIVENESS, Role.READINESS) if other in plan), None)
    if donor is None:
        found.add(table.path, "found no target", *_allowed_targets(role))
        return _BROKEN, _policy(table, table["timeout"])
    takes_timeout = role is Role.STARTUP and "timeout" not in table.given
    return donor[0], _policy(table, donor[1].timeout if takes_timeout else table["timeout"])


def _look_from_outside(table: Table) -> Probe:
    """Telegram is asked for the first time a period after the program came up."""
    timing = {key: table[key] for key in _TIMING}
    return ProbeTarget("telegram", mode=table["mode"]), ProbePolicy(**timing, delay=table["period"])


def _check_alone(liveness: Table, findings: Findings) -> None:
    """With no target but telegram, liveness's own timing would be for nothing."""
    for key in sorted(liveness.given - {"telegram", "status", "headers"}):
        if liveness[key] not in (None, False):
            hint = f"write telegram = {{ {key} = ... }}" if key in _TIMING else ""
            findings.add(
                (*liveness.path, key), "found without http, tcp or exec beside it", hint=hint
            )


def _allowed_targets(role: Role) -> tuple[str, str]:
    if role is Role.STARTUP:
        return "http, tcp, exec or heartbeat", "or give liveness one, which startup then takes too"
    if role is Role.READINESS:
        return "http, tcp or exec", "or give liveness one, which readiness then takes too"
    return "http, tcp, exec or telegram", ""


def _own_target(table: Table, findings: Findings) -> ProbeTarget | None:
    given = [
        kind for kind in KINDS if kind in table.given and table.values.get(kind, False) is not False
    ]
    if len(given) > 1:
        findings.add(table.path, f"found {' and '.join(given)}", "one target")
    _check_extras(table, given, findings)
    if not given:
        return None
    return _BROKEN if table[given[0]] is None else _TARGETS[given[0]](table)


def _check_extras(table: Table, given: list[str], findings: Findings) -> None:
    for key in ("status", "headers"):
        if key in table.given and "http" not in given:
            findings.add((*table.path, key), "found without http in the same table")


def _http_target(table: Table) -> ProbeTarget:
    """Credentials leave the URL for a header: URLs are shown, headers are not."""
    scheme, _, rest = table["http"].partition("://")
    cut = min((rest.find(mark) for mark in "/?#" if mark in rest), default=len(rest))
    credentials, at, host = rest[:cut].rpartition("@")
    headers = dict(table["headers"] or {})
    if at:
        headers.setdefault("Authorization", _basic(credentials))
    return ProbeTarget(
        "http", url=f"{scheme}://{host}{rest[cut:]}", status=table["status"] or (), headers=headers
    )


def _basic(credentials: str) -> str:
    """The header's value for `user:password`, in which %-escapes are resolved."""
    from urllib.parse import unquote  # only for a URL with a password

    encoded = binascii.b2a_base64(unquote(credentials).encode(), newline=False)
    return f"Basic {encoded.decode()}"


_TARGETS: dict[str, Callable[[Table], ProbeTarget]] = {
    "http": _http_target,
    "tcp": lambda table: ProbeTarget("tcp", address=table["tcp"]),
    "exec": lambda table: ProbeTarget("exec", command=table["exec"]),
    "heartbeat": lambda table: ProbeTarget("heartbeat"),
}


def _policy(table: Table, timeout: float) -> ProbePolicy:
    return ProbePolicy(
        period=table["period"],
        timeout=timeout,
        failure_threshold=table["failure_threshold"],
        success_threshold=table["success_threshold"],
        delay=table["delay"],
        grace=table.values.get("grace", 0.0),
    )


def _implied_startup(target: ProbeTarget, liveness: ProbePolicy) -> Probe:
    period = min(1.0, liveness.period)
    return target, ProbePolicy(
        period=period,
        timeout=liveness.timeout,
        failure_threshold=math.ceil(ALLOWANCE / period),
        delay=liveness.delay,
        grace=liveness.grace,
    )
