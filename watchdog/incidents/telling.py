"""An incident in a few plain sentences. Pure: the same evidence always reads the same.

It says what was seen and nothing more: where the evidence is silent, so are the sentences.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

import msgspec

from watchdog.incidents.model import Incident, Moment, Summary
from watchdog.incidents.printed import frames_of_dump, frames_of_traceback, split_dump
from watchdog.incidents.stacks import Place, find_place, place_of

BUSY = 0.5  # of a core: above it a process computes, below it waits
SAME = 0.3  # seconds: two moments closer than this are told as one
TEXTS = ("line", "message", "msg", "event")  # where a line in JSON has its text
LATELY = 3600.0  # seconds before a failure, in which others are told with it
LONGEST = 300  # characters of a last line
DOWN = ("FATAL", "EXITED", "STOPPED", "BACKOFF", "WAITING")


def tell(incident: Incident, now: float | None = None) -> str:
    """The story, as one paragraph, for somebody who reads it `now`; None: on the same day."""
    return " ".join(sentences(incident, incident.at if now is None else now))


def sentences(incident: Incident, now: float) -> Iterator[str]:
    """What happened, what was seen of it, and how it ended."""
    if incident.drill:
        yield "This was a drill."
    yield tell_failure(incident, now)
    yield from tell_sight(incident)
    yield from tell_last_line(incident)
    if incident.repeats:
        times = "once" if incident.repeats == 1 else f"{incident.repeats} times"
        until = " before it had recovered" if incident.recovered else ""
        yield f"The same happened {times} more{until}."
    yield from tell_recovery(incident)


def tell_failure(incident: Incident, now: float) -> str:
    """The first sentence."""
    at, name, reason = clock(incident.at, now), incident.program, incident.reason.rstrip(".")
    match incident.cause:
        case "hang":
            return f"At {at} {name} was found hanging: {reason}.{since_well(incident)}"
        case "startup":
            return f"At {at} {name} was given up on, for it did not come up: {reason}."
        case "memory":
            return f"At {at} {name} had outgrown its memory: {reason.removeprefix('memory: ')}."
        case "cpu":
            used = reason.removeprefix("cpu: ")
            return f"At {at} {name} had used too much processor time: {used}."
        case "spawn":
            return f"At {at} {name} could not be started: {reason}."
        case "hook":
            return f"At {at} {name} was held up by its {reason}."
        case "refused":
            return f"At {at} {name} was refused what it needs: {reason}."
        case "unseen":
            return f"{name} ended while no watchdog ran; that was seen at {at}."
    return f"At {at} {name} ended by itself: {reason}.{how_long(incident)}"


def since_well(incident: Incident) -> str:
    """When it was last seen well."""
    if incident.last_well is None:
        return ""
    return f" It was last seen well at {clock(incident.last_well, incident.at)}."


def how_long(incident: Incident) -> str:
    """How long it had run."""
    if incident.began is None:
        return ""
    return f" It had run for {duration(incident.at - incident.began)}."


# --- what was seen -----------------------------------------------------------------------------


def tell_sight(incident: Incident) -> Iterator[str]:
    """Where it was, and whether it computed or waited."""
    if not incident.processes:
        yield from tell_end(incident)
        return
    leader = incident.processes[0]
    place = find_place(incident.processes) or dumped(incident)
    if place is not None:
        yield tell_place(place, float(leader.get("cpu_share") or 0.0), waits_in(leader))
    elif leader.get("state") == "T":
        yield "The process was stopped (SIGSTOP)."
    elif leader.get("state") == "D":
        yield f"It was in an uninterruptible sleep in the kernel{waits_in(leader)}."
    elif float(leader.get("cpu_share") or 0.0) > BUSY:
        yield f"It used {leader['cpu_share']:.0%} of a core."
    elif leader.get("waits_in"):
        yield f"It was waiting in the kernel{waits_in(leader)}."


def own_output(incident: Incident) -> str:
    """What the incarnation wrote itself, as far as that is told apart from those before it."""
    lines = incident.output.splitlines()
    own = len(lines) if incident.own_lines is None else min(incident.own_lines, len(lines))
    return "\n".join(lines[len(lines) - own :])


def dumped(incident: Incident) -> Place | None:
    """Where it was by the stacks that it printed itself when it was asked to, or died."""
    frames = frames_of_dump(split_dump(own_output(incident))[1])
    return place_of(frames) if frames else None


def tell_end(incident: Incident) -> Iterator[str]:
    """Where it ended by itself, as far as it has printed that."""
    place = dumped(incident)
    if place is not None:
        yield f"It was {where(place)}{within(place)}."
        return
    frames = frames_of_traceback(own_output(incident)) if incident.cause == "crash" else []
    if frames:
        place = place_of(frames)
        yield f"Its last traceback ends {where(place)}{within(place)}."


def tell_place(place: Place, share: float, kernel: str) -> str:
    """The program's own line, and what it waited in."""
    if place.idle:
        return (
            f"Its event loop was idle, {where(place)}: nothing was blocked, it had nothing to do."
        )
    if share > BUSY:
        return f"Its main thread was computing {where(place)}{within(place)}."
    inner = within(place) or (f", in the kernel{kernel}" if kernel else "")
    return f"Its main thread was waiting {where(place)}{inner}."


def where(place: Place) -> str:
    """A line of a program."""
    return f"in {place.file} line {place.line} ({place.function})"


def within(place: Place) -> str:
    """The library that it had called there."""
    return f", in {place.within}" if place.within else ""


def waits_in(leader: Mapping[str, Any]) -> str:
    """The kernel's own word for what it waits in."""
    name = leader.get("waits_in")
    return f" ({name})" if name else ""


def tell_last_line(incident: Incident) -> Iterator[str]:
    """What it said last, unless the reason says that already."""
    said = (plain(line).strip() for line in reversed(split_dump(own_output(incident))[0]))
    line = next(filter(None, said), "")
    if line and line not in incident.reason and incident.cause != "spawn":
        shown = line if len(line) <= LONGEST else line[: LONGEST - 1] + "…"
        yield f'Its last line was "{shown}".'


def plain(line: str) -> str:
    """What a line says: of one in JSON, ours or the program's, the text in it."""
    if not line.startswith("{"):
        return line
    with contextlib.suppress(msgspec.MsgspecError):
        said = msgspec.json.decode(line, type=dict[str, Any])
        texts = (said.get(key) for key in TEXTS)
        return next((plain(text) for text in texts if isinstance(text, str)), line)
    return line


# --- how it went on ----------------------------------------------------------------------------


def tell_recovery(incident: Incident) -> Iterator[str]:
    """When it was started again and answered again; or that it was not."""
    started = last_start(incident.timeline)
    if incident.recovered is None:
        yield tell_present(incident)
        return
    gone = duration(incident.recovered - incident.at)
    if started is None or abs(incident.recovered - started) < SAME:
        yield f"It was up again at {clock(incident.recovered, incident.at)}, {gone} later."
        return
    up, begun = clock(incident.recovered, incident.at), clock(started, incident.at)
    yield f"It was restarted at {begun} and was well again at {up}, {gone} later."


def last_start(timeline: tuple[Moment, ...]) -> float | None:
    """When the latest incarnation was started."""
    return next((m.at for m in reversed(timeline) if m.pid and m.state == "STARTING"), None)


def tell_present(incident: Incident) -> str:
    """It has not recovered: where it stands, with the reason unless that has been told."""
    if not incident.timeline:
        return "Nothing is known of what followed."
    last = incident.timeline[-1]
    reason = last.text.removeprefix(incident.reason).removesuffix(incident.reason).strip("; .")
    text = f": {reason}" if reason else ""
    since = clock(last.at, incident.at)
    return f"It has not recovered; since {since} it is {last.state}{text}."


def tell_series(incident: Incident, known: Iterable[Summary]) -> str:
    """How often it had failed before, lately; empty if this is the first time."""
    earlier = [
        one
        for one in known
        if one.id != incident.id and not one.drill and 0 <= incident.at - one.at <= LATELY
    ]
    if not earlier:
        return ""
    times = sum(one.repeats + 1 for one in earlier)
    often = "once," if times == 1 else f"{times} times, first"
    since = clock(min(one.at for one in earlier), incident.at)
    return f"In the hour before it had failed {often} at {since}."


# --- times -------------------------------------------------------------------------------------


def clock(at: float, beside: float) -> str:
    """A time of the day, here; with the date if that is another than that of `beside`."""
    here = datetime.fromtimestamp(at).astimezone()
    same = here.date() == datetime.fromtimestamp(beside).astimezone().date()
    return here.strftime("%H:%M:%S" if same else "%Y-%m-%d %H:%M:%S")


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
