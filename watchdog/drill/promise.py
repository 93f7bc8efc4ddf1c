"""What the configuration promises for each fault, or why it promises nothing. Pure.

A hang is seen within failure_threshold x period + timeout of the liveness probe, or within the
heartbeat. A program that is blocked or deaf may take `drill.notice` to see that itself. Being well
again takes, beside that: the evidence, the grace, the delay of the restart, and the start.
"""

from __future__ import annotations

from watchdog.drill.model import Facts, Promise

AT_ONCE = "the kernel, at once"


def promise_of(fault: str, facts: Facts) -> Promise | str:
    """The promise; or, in words, why there is none, and nothing to rehearse."""
    if fault in ("block", "mute") and fault not in facts["commands"]:
        name = facts["name"]
        return f"no command does it: programs.{name}.drill.{fault} is not set"
    if fault == "kill":
        return Promise(0.0, back_within(facts, hangs=False), AT_ONCE)
    watchers = deafness(facts) if fault == "mute" else hangs(facts, fault)
    if not watchers:
        return nobody_looks(fault, facts)
    # Whoever notices first is the promise; of deafness it depends on what there is to be heard.
    detect, by = max(watchers) if fault == "mute" else min(watchers)
    return Promise(detect, detect + back_within(facts, hangs=True), by)


def hangs(facts: Facts, fault: str) -> list[tuple[float, str]]:
    """Who notices that it stands still, and within which time."""
    notice = facts["notice"] if fault == "block" else 0.0
    found = [(look["bound"] + notice, tell(look)) for look in looks(facts, "liveness")]
    beat = facts["heartbeat"]
    return [*found, (beat + notice, f"a heartbeat every {beat:g} s")] if beat else found


def deafness(facts: Facts) -> list[tuple[float, str]]:
    """Who notices that it does not do its work: its own health, or a look from outside."""
    own = [(look["bound"] + facts["notice"], tell(look)) for look in looks(facts, "liveness")]
    return [*own, *((look["bound"], tell(look)) for look in looks(facts, "outside"))]


def looks(facts: Facts, role: str) -> list[Facts]:
    """The probes of a role."""
    return [look for look in facts["looks"] if look["role"] == role]


def tell(look: Facts) -> str:
    """A probe in words: "liveness (http), 3 x 5 s + 2 s"."""
    timing = f"{look['failure_threshold']} x {look['period']:g} s + {look['timeout']:g} s"
    return f"{look['role']} ({look['kind']}), {timing}"


def nobody_looks(fault: str, facts: Facts) -> str:
    """Why a hang is not promised to be seen."""
    if fault == "mute":
        return "not promised: no liveness probe asks whether it does its work"
    if looks(facts, "outside"):
        return "not promised: liveness.telegram sees a hang only while updates wait for the bot"
    return "not promised: it has no liveness probe and no heartbeat"


def back_within(facts: Facts, *, hangs: bool) -> float:
    """From being noticed to being well again."""
    spent = facts["evidence"] + facts["grace"] if hangs else 0.0
    return float(spent + facts["delays"][0] + facts["up_within"])
