"""A drill as a person reads it: what was promised, what was seen, and the verdict. Pure."""

from __future__ import annotations

from watchdog.drill.model import Promise, Rehearsal, Seen, result_of

_HEADING = ("FAULT", "NOTICED", "PROMISED", "WELL AGAIN", "PROMISED", "TWO AT ONCE", "VERDICT")
_GAP = "  "


def tell_plan(name: str, plan: list[tuple[str, Promise | str]]) -> list[str]:
    """What is about to be done."""
    lines = [f"The drill breaks {name}, which is live, {count(plan)}:"]
    for fault, promise in plan:
        if isinstance(promise, str):
            lines.append(f"  {fault:<6}left out: {promise}")
        else:
            bound = f"{bound_of(promise.detect)}, well again {bound_of(promise.recover)}"
            lines.append(f"  {fault:<6}noticed {bound} ({promise.by})")
    return lines


def count(plan: list[tuple[str, Promise | str]]) -> str:
    """How often it is broken."""
    times = sum(isinstance(promise, Promise) for _, promise in plan)
    return {1: "once", 2: "twice"}.get(times, f"{times} times")


def tell(name: str, rehearsals: list[Rehearsal]) -> list[str]:
    """The table, what is to be said beside it, and the verdict on the whole."""
    rows = [row(rehearsal) for rehearsal in rehearsals if rehearsal.promise]
    lines = aligned([_HEADING, *rows]) if rows else []
    lines += [note for rehearsal in rehearsals for note in notes(rehearsal)]
    return [*lines, conclude(name, rehearsals)]


def row(rehearsal: Rehearsal) -> tuple[str, ...]:
    """One line of the table."""
    promise, seen = rehearsal.promise, rehearsal.seen
    assert promise is not None
    return (
        rehearsal.fault,
        seconds(seen.detect),
        bound_of(promise.detect),
        seconds(seen.recover),
        bound_of(promise.recover),
        two_at_once(seen),
        rehearsal.verdict.upper() if rehearsal.verdict == "broken" else rehearsal.verdict,
    )


def notes(rehearsal: Rehearsal) -> list[str]:
    """What does not fit into a column."""
    fault, seen = rehearsal.fault, rehearsal.seen
    if rehearsal.verdict == "skipped":
        return [f"{fault}: left out: {rehearsal.reason}"]
    found = [f"{fault}: BROKEN: {rehearsal.reason}"] if rehearsal.verdict == "broken" else []
    if rehearsal.verdict == "broken" and fault == "stop" and is_tcp(rehearsal):
        found.append(f"{fault}: the kernel accepts connections also for a process that is stopped")
    if seen.incident:
        living = ", with a look into the living process" if seen.examined else ""
        found.append(f"{fault}: evidence: watchdog incidents {seen.incident}{living}")
    else:
        found.append(f"{fault}: evidence: none was kept")
    if seen.remark:
        found.append(f"{fault}: now its health says: {seen.remark}")
    return found


def is_tcp(rehearsal: Rehearsal) -> bool:
    """Whether nothing but a connection was promised to notice it."""
    return rehearsal.promise is not None and "(tcp)" in rehearsal.promise.by


def two_at_once(seen: Seen) -> str:
    """Whether two were seen at once: by the watchdog's ledger, and by Telegram's sandbox."""
    ran = "not known" if seen.double is None else f"{seen.double:g} s"
    if seen.conflicts is None:
        return ran
    return f"{ran}, {seen.conflicts} conflict{'' if seen.conflicts == 1 else 's'}"


def conclude(name: str, rehearsals: list[Rehearsal]) -> str:
    """The last line."""
    held = [one for one in rehearsals if one.verdict != "skipped"]
    kept = [one for one in held if one.verdict == "kept"]
    match result_of(rehearsals):
        case "broken":
            return f"{name}: a promise was BROKEN ({len(kept)} of {len(held)} kept)"
        case "kept":
            return f"{name}: every promise was kept ({len(kept)} of {len(held)})"
    return f"{name}: nothing was rehearsed"


def seconds(value: float | None) -> str:
    """A time that was measured."""
    return "never" if value is None else f"{value:.3f} s"


def bound_of(value: float) -> str:
    """A time that was promised."""
    return f"within {value:.3g} s" if value else "at once"


def aligned(rows: list[tuple[str, ...]]) -> list[str]:
    """Columns as wide as their widest cell."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        _GAP.join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()
        for cells in rows
    ]
