"""Random policies: small numbers, so that every limit and every threshold is met often."""

from __future__ import annotations

from random import Random

from msgspec.structs import replace

from watchdog.core.model import (
    ExitCodes,
    Hook,
    HookPolicy,
    Need,
    Policy,
    ProbePolicy,
    ReloadPolicy,
    RestartPolicy,
    Role,
    StopPolicy,
)

CODES = ExitCodes(success=(0,), fatal=(77, 127), slow=(75,))
PERIODS = (1.0, 2.0, 4.0)


def draw_policies(rng: Random) -> list[Policy]:
    """One to four programs, each of which may depend on those before it."""
    names = ["a", "b", "c", "d"][: rng.choice((1, 2, 3, 3, 4))]
    leave_with_child = rng.random() < 0.04
    return [
        draw_policy(rng, name, names[:place], leave_with_child) for place, name in enumerate(names)
    ]


def draw_policy(rng: Random, name: str, before: list[str], leave_with_child: bool) -> Policy:
    """One program; `leave_with_child` allows `then = "exit"`."""
    depends_on = tuple(other for other in before if rng.random() < 0.45)
    return Policy(
        name,
        restart=draw_restart(rng, leave_with_child),
        exit_codes=CODES,
        stop=StopPolicy(grace=rng.choice((0.0, 0.5, 3.0)), scope=rng.choice(("group", "main"))),
        reload=rng.choice((None, ReloadPolicy(within=10.0), ReloadPolicy(within=3.0))),
        start_seconds=rng.choice((0.0, 0.5, 2.0)),
        probes=draw_probes(rng),
        ready_within=rng.choice((None, None, None, None, 2.0, 5.0)),
        heartbeat=rng.choice((None, None, None, None, None, 3.0)),
        needs=draw_needs(rng, depends_on),
        evidence=rng.choice((0.0, 0.0, 0.5, 2.0)),
        depends_on=depends_on,
        priority=rng.choice((1, 999, 999)),
        autostart=rng.random() < 0.8,
        hooks=draw_hooks(rng),
        maximum_age=rng.choice((None,) * 6 + (20.0, 60.0)),
        maximum_age_spread=rng.choice((0.0, 3.0)),
    )


def redraw_policy(rng: Random, old: Policy) -> Policy:
    """What a reload may make of a program; it never makes a circle of dependencies."""
    before = [other for other in "abcd" if other < old.name]
    return draw_policy(rng, old.name, before, old.restart.then == "exit")


def retuned_policy(rng: Random, old: Policy) -> Policy:
    """What a reload may make of a living program: the lock and the lease stay."""
    new = redraw_policy(rng, old)
    kept = old.needs - {Need.DEPENDENCIES}
    return replace(new, needs=kept | (new.needs & {Need.DEPENDENCIES}))


def draw_restart(rng: Random, leave_with_child: bool) -> RestartPolicy:
    """A restart policy, sometimes an absurd one (no restarts allowed, initial above maximum)."""
    return RestartPolicy(
        when=rng.choice(("always",) * 6 + ("on-failure", "never")),
        initial=rng.choice((0.0, 0.0, 0.5, 30.0)),
        factor=rng.choice((2.0, 3.0, 1.5)),
        maximum=rng.choice((4.0, 10.0, 20.0)),
        jitter=rng.choice((0.0, 0.2, 0.5)),
        reset_after=rng.choice((2.0, 10.0)),
        limit=rng.choice((0, 1, 3, 5)),
        within=rng.choice((10.0, 60.0)),
        then="exit" if leave_with_child and rng.random() < 0.5 else "hold",
        slow=rng.choice((2.0, 6.0)),
    )


def draw_probes(rng: Random) -> dict[Role, ProbePolicy]:
    """Any of the four roles, or none."""
    odds = {Role.STARTUP: 0.3, Role.READINESS: 0.2, Role.LIVENESS: 0.5, Role.OUTSIDE: 0.15}
    return {role: draw_probe(rng, role) for role, odd in odds.items() if rng.random() < odd}


def draw_probe(rng: Random, role: Role) -> ProbePolicy:
    """One probe; its timeout is at most its period, so that its results come in order."""
    period = rng.choice(PERIODS)
    return ProbePolicy(
        period=period,
        timeout=period * rng.choice((0.25, 0.5, 1.0)),
        failure_threshold=rng.choice((1, 2, 3)),
        success_threshold=rng.choice((1, 2)) if role is Role.READINESS else 1,
        delay=rng.choice((0.0, 0.0, 1.0)),
        grace=rng.choice((0.0, 0.0, 1.0)),
    )


def draw_hooks(rng: Random) -> dict[Hook, HookPolicy]:
    """Any of the four, or none."""
    if rng.random() < 0.75:
        return {}
    return {
        hook: HookPolicy(rng.choice((0.5, 2.0)), rng.choice(("fail", "fail", "ignore")))
        for hook in Hook
        if rng.random() < 0.5
    }


def draw_needs(rng: Random, depends_on: tuple[str, ...]) -> frozenset[Need]:
    """A lock, a lease, both or none; dependencies where there are some."""
    odds = {Need.LOCK: 0.4, Need.LEASE: 0.25}
    needs = {need for need, odd in odds.items() if rng.random() < odd}
    return frozenset(needs | ({Need.DEPENDENCIES} if depends_on else set()))
