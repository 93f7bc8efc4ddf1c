"""What a drill of a program is judged by: its promises and how it is now. Pure, in plain data."""

from __future__ import annotations

from typing import Any

from watchdog.config.loopback import is_loopback
from watchdog.config.model import ProgramConfig
from watchdog.core.model import Hook, Policy, Role
from watchdog.core.program import Program
from watchdog.core.restart import backoff, recent

UNLUCKY = 1.0  # the draw of chance with which the jitter makes a delay longest


def facts_of(program: Program, config: ProgramConfig, now: float, busy: str) -> dict[str, Any]:
    """All of it; `busy` is the program whose drill is under way."""
    policy, restart = program.policy, program.policy.restart
    return {
        "name": policy.name,
        "state": str(program.state),
        "health": str(program.health),
        "reason": program.reason,
        "incarnation": program.incarnation,
        "restart": restart.when,
        "restarts": len(recent(program.failures, restart, now)),
        "limit": restart.limit,
        "within": restart.within,
        "delays": [backoff(restart, program.attempt + n, UNLUCKY) for n in range(4)],
        "looks": looks_of(policy, config),
        "heartbeat": policy.heartbeat,
        "evidence": policy.evidence,
        "grace": grace_of(policy),
        "up_within": up_within(policy),
        "notice": config.drill.notice,
        "commands": [fault for fault in ("block", "mute") if config.drill.command(fault)],
        "sandbox": sandbox_of(config),
        "busy": busy,
    }


def sandbox_of(config: ProgramConfig) -> dict[str, Any] | None:
    """Where a bot's Bot API server is, if that is no other than this machine: a sandbox."""
    url = config.environment.get("TELEGRAM_API_URL", "").rstrip("/")
    host, _, port = url.rpartition("//")[2].partition(":")
    bot = config.singleton.key.partition(":")[2] if config.singleton else ""
    if not (is_loopback(host) and port.isdecimal() and bot.isdecimal()):
        return None
    return {"host": host, "port": int(port), "bot": int(bot)}


def looks_of(policy: Policy, config: ProgramConfig) -> list[dict[str, Any]]:
    """The probes that may end a process that hangs, and within which time (seconds) each does."""
    return [
        {
            "role": str(role),
            "kind": config.probes[role].kind,
            "bound": probe.failure_threshold * probe.period + probe.timeout,
            "period": probe.period,
            "timeout": probe.timeout,
            "failure_threshold": probe.failure_threshold,
        }
        for role, probe in policy.probes.items()
        if role in (Role.LIVENESS, Role.OUTSIDE)
    ]


def grace_of(policy: Policy) -> float:
    """How long a process that hangs has between the stop signal and SIGKILL."""
    looks = (policy.probes.get(role) for role in (Role.LIVENESS, Role.OUTSIDE))
    return max((probe.grace for probe in looks if probe is not None), default=0.0)


def up_within(policy: Policy) -> float:
    """The longest that a process may take until it counts as well, with the hooks before it."""
    between = (policy.hooks.get(hook) for hook in (Hook.POST_EXIT, Hook.PRE_START))
    return sum(hook.timeout for hook in between if hook is not None) + come_up_within(policy)


def come_up_within(policy: Policy) -> float:
    """The same for the process alone, from its start."""
    if policy.ready_within is not None:
        return policy.ready_within
    startup = policy.probes.get(Role.STARTUP)
    if startup is not None:
        return startup.delay + startup.period * startup.failure_threshold + startup.timeout
    first = (probe.delay + probe.period + probe.timeout for probe in policy.probes.values())
    return policy.start_seconds + max(first, default=0.0)
