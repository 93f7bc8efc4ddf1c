"""An incident in a few plain sentences. Pure: the same evidence always reads the same.

It says what was seen and nothing more: where the evidence is silent, so are the sentences.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from watchdog.incidents.model import Incident, Moment
from watchdog.incidents.stacks import Place, find_place

BUSY = 0.5  # of a core: above it a process computes, below it waits
SAME = 0.3  # seconds: two moments closer than this are told as one
LONGEST = 300  # characters of a last line
DOWN = ("FATAL", "EXITED", "STOPPED", "BACKOFF", "WAITING")


def tell(incident: Incident) -> str:
    """The story, as one paragraph."""
    return " ".join(sentences(incident))


def sentences(incident: Incident) -> Iterator[str]:
    """What happened, what was seen of it, and how it ended."""
    if incident.drill:
        yield "This was a drill."
    yield tell_failure(incident)
    yield from tell_sight(incident)
    yield from tell_last_line(incident)
    if incident.repeats:
        times = "once" if incident.repeats == 1 else f"{incident.repeats} times"
        yield f"The same happened {times} more before it had recovered."
    yield from tell_recovery(incident)


def tell_failure(incident: Incident) -> str:
    """The first sentence."""
    at, name, reason = clock(incident.at), incident.program, incident.reason.rstrip(".")
    match incident.cause:
        case "hang":
            return f"At {at} {name} was found hanging: {reason}.{since_well(incident)}"
        case "startup":
            return f"At {at} {name} was given up on, for it did not come up: {reason}."
        case "memory":
            return f"At {at} {name} had outgrown its memory: {reason}."
        case "spawn":
            return f"At {at} {name} could not be started: {reason}."
        case "refused":
            return f"At {at} {name} was refused what it needs: {reason}."
        case "unseen":
            return f"{name} ended while no watchdog ran, before {at}: {reason}."
    return f"At {at} {name} ended by itself: {reason}.{how_long(incident)}"


def since_well(incident: Incident) -> str:
    """When it was last seen well."""
    if incident.last_well is None:
        return ""
    return f" It was last seen well at {clock(incident.last_well)}."


def how_long(incident: Incident) -> str:
    """How long it had run."""
    if incident.began is None:
        return ""
    return f" It had run for {duration(incident.at - incident.began)}."


# --- what was seen -----------------------------------------------------------------------------


def tell_sight(incident: Incident) -> Iterator[str]:
    """Where it was, and whether it computed or waited."""
    if not incident.processes:
        return
    leader = incident.processes[0]
    place = find_place(incident.processes)
    if place is not None:
        yield tell_place(place, float(leader.get("cpu_share") or 0.0))
    elif leader.get("state") == "T":
        yield "The process was stopped (SIGSTOP)."
    elif leader.get("state") == "D":
        yield f"It was in an uninterruptible sleep in the kernel{waits_in(leader)}."
    elif float(leader.get("cpu_share") or 0.0) > BUSY:
        yield f"It used {leader['cpu_share']:.0%} of a core."
    elif leader.get("waits_in"):
        yield f"It was waiting in the kernel{waits_in(leader)}."


def tell_place(place: Place, share: float) -> str:
    """The program's own line, and what it waited in."""
    where = f"in {place.file} line {place.line} ({place.function})"
    if place.idle:
        return f"Its event loop was idle, {where}: nothing was blocked, it had nothing to do."
    within = f", in {place.within}" if place.within else ""
    how = "computing" if share > BUSY else "waiting"
    return f"Its main thread was {how} {where}{within}."


def waits_in(leader: Mapping[str, Any]) -> str:
    """The kernel's own word for what it waits in."""
    name = leader.get("waits_in")
    return f" ({name})" if name else ""


def tell_last_line(incident: Incident) -> Iterator[str]:
    """What it said last, unless the reason says that already."""
    line = next((line for line in reversed(incident.output.splitlines()) if line.strip()), "")
    line = line.strip()
    if line and line not in incident.reason and incident.cause != "spawn":
        shown = line if len(line) <= LONGEST else line[: LONGEST - 1] + "…"
        yield f'Its last line was "{shown}".'


# --- how it went on ----------------------------------------------------------------------------


def tell_recovery(incident: Incident) -> Iterator[str]:
    """When it was started again and answered again; or that it was not."""
    started = last_start(incident.timeline)
    if incident.recovered is None:
        yield tell_present(incident.timeline)
        return
    gone = duration(incident.recovered - incident.at)
    if started is None or abs(incident.recovered - started) < SAME:
        yield f"It was up again at {clock(incident.recovered)}, {gone} later."
        return
    up = clock(incident.recovered)
    yield f"It was restarted at {clock(started)} and was well again at {up}, {gone} later."


def last_start(timeline: tuple[Moment, ...]) -> float | None:
    """When the latest incarnation was started."""
    return next((m.at for m in reversed(timeline) if m.pid and m.state == "STARTING"), None)


def tell_present(timeline: tuple[Moment, ...]) -> str:
    """It has not recovered: where it stands."""
    if not timeline:
        return "Nothing is known of what followed."
    last = timeline[-1]
    text = f": {last.text.rstrip('.')}" if last.text else ""
    return f"It has not recovered; since {clock(last.at)} it is {last.state}{text}."


# --- times -------------------------------------------------------------------------------------


def clock(at: float) -> str:
    """A time of the day, here; with the date unless a reader would know it."""
    return datetime.fromtimestamp(at).astimezone().strftime("%H:%M:%S")


def duration(seconds: float) -> str:
    """A duration, as exact as a person wants it."""
    seconds = max(seconds, 0.0)
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 120:
        return f"{seconds:.0f} s"
    if seconds < 7200:
        return f"{seconds / 60:.0f} min"
    if seconds < 172800:
        return f"{seconds / 3600:.0f} h"
    return f"{seconds / 86400:.0f} days"
