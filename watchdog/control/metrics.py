"""`/metrics`: which metrics there are, and their samples.

Labels name programs, groups, states, causes, roles and kinds, and nothing else: no command, no
reason, no address, nothing that a program says. The page is written family by family, and others
have their turn in between.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from enum import StrEnum
from itertools import accumulate

from watchdog.control.exposition import END, OPENMETRICS, Family, escape, labels, number
from watchdog.control.measures import BUCKETS, Latency, Measured, Measures
from watchdog.core.model import Cause, Health, State

Sample = Callable[[Measured], "float | None"]
PIECE = 200  # programs between two turns of the loop: some 1 ms

ALWAYS_SHOWN = {str(c): 0 for c in (Cause.CRASH, Cause.HANG, Cause.MEMORY, Cause.STARTUP)}
"""Causes that are shown as 0 before they occur: `increase()` misses the birth of a series."""

STATE = Family("watchdog_program_state", "gauge", "1 for the state that the program is in.")
HEALTH = Family("watchdog_program_health", "gauge", "1 for what the probes say of the program.")
RESTARTS = Family("watchdog_program_restarts_total", "counter", "Restarts, by cause.")
LOG = Family("watchdog_program_log_size_bytes", "gauge", "Size of the log that is written now.")
FAILURES = Family("watchdog_probe_failures_total", "counter", "Probes that failed.")
DURATION = Family("watchdog_probe_duration_seconds", "histogram", "How long probes took.")

PLAIN: tuple[tuple[Family, Sample], ...] = (
    (
        Family("watchdog_program_up", "gauge", "Whether the program is RUNNING."),
        lambda one: float(one.view.state is State.RUNNING),
    ),
    (
        Family("watchdog_program_incarnation", "gauge", "The number of its latest process."),
        lambda one: one.view.incarnation,
    ),
    (
        Family("watchdog_program_start_time_seconds", "gauge", "When its process began."),
        lambda one: one.view.started_at if one.view.pid is not None else None,
    ),
    (
        Family("watchdog_program_next_retry_time_seconds", "gauge", "When it is tried again."),
        lambda one: one.view.retry_at,
    ),
    (
        Family("watchdog_program_spawns_total", "counter", "Processes that were started."),
        lambda one: one.counts.spawns,
    ),
    (
        Family("watchdog_program_crashes_total", "counter", "Ends by itself, unwell."),
        lambda one: one.counts.crashes,
    ),
    (
        Family("watchdog_program_hangs_total", "counter", "Hangs: alive, and of no use."),
        lambda one: one.counts.hangs,
    ),
    (
        Family("watchdog_program_oom_kills_total", "counter", "Kills by the kernel, for memory."),
        lambda one: one.counts.oom_kills,
    ),
    (
        Family("watchdog_program_adoptions_total", "counter", "Adoptions from a dead watchdog."),
        lambda one: one.counts.adoptions,
    ),
    (
        Family("watchdog_program_handovers_total", "counter", "Hand-overs to the next process."),
        lambda one: one.counts.handovers,
    ),
    (
        Family(
            "watchdog_program_handovers_unproved_total",
            "counter",
            "Hand-overs of which nobody can know whether two ran.",
        ),
        lambda one: one.counts.unproved,
    ),
    (
        Family("watchdog_program_double_seconds_total", "counter", "Time in which two ran."),
        lambda one: one.counts.double_seconds,
    ),
    (
        Family("watchdog_program_gap_seconds_total", "counter", "Time in which none ran."),
        lambda one: one.counts.gap_seconds,
    ),
    (
        Family("watchdog_program_cpu_seconds_total", "counter", "CPU time of this incarnation."),
        lambda one: one.resources.cpu_seconds,
    ),
    (
        Family("watchdog_program_resident_memory_bytes", "gauge", "Resident memory of its tree."),
        lambda one: one.resources.resident_bytes,
    ),
    (
        Family("watchdog_program_processes", "gauge", "Processes of its tree."),
        lambda one: one.resources.processes,
    ),
    (
        Family("watchdog_program_open_fds", "gauge", "Open descriptors of its tree."),
        lambda one: one.resources.open_fds,
    ),
)
"""Metrics with one value for each program, or none."""


async def render(measures: Measures, form: str) -> bytes:
    """The page, in one of the forms of `exposition`."""
    whose = [_whose(one) for one in measures.programs]
    parts = list(_of_watchdog(measures, form))
    for family, lines in _families():
        parts.append(family.head(form))
        for count, (one, name) in enumerate(zip(measures.programs, whose, strict=True)):
            if count % PIECE == 0:
                await asyncio.sleep(0)
            parts.append(lines(one, name))
    parts.append(END if form == OPENMETRICS else "")
    return "".join(parts).encode()


Lines = Callable[[Measured, str], str]

# Most lines of a page differ only in whose they are: they are written once, with a mark where that
# is to stand. A thousand programs take a third of the time so.
MARK = "@"


def _one_hot(name: str, label: str, values: type[StrEnum]) -> dict[str, str]:
    """For each value the lines of all of them: 1 for itself, 0 for the others."""
    return {
        here: "".join(
            f'{name}{{{MARK},{label}="{value}"}} {int(value is here)}\n' for value in values
        )
        for here in values
    }


_STATES = _one_hot(STATE.name, "state", State)
_HEALTHS = _one_hot(HEALTH.name, "health", Health)
_DURATIONS = (
    "".join(f'{DURATION.name}_bucket{{{MARK},le="{bound}"}} %d\n' for bound in (*BUCKETS, "+Inf"))
    + f"{DURATION.name}_sum{{{MARK}}} %s\n{DURATION.name}_count{{{MARK}}} %d\n"
)


def _families() -> Iterator[tuple[Family, Lines]]:
    """Each metric of programs, with what makes its lines."""
    yield STATE, lambda one, whose: _STATES[one.view.state].replace(MARK, whose)
    yield HEALTH, lambda one, whose: _HEALTHS[one.view.health].replace(MARK, whose)
    for family, value in PLAIN:
        yield family, _plain(family.name, value)
    yield RESTARTS, _restarts
    yield LOG, _log
    yield FAILURES, _failures
    yield DURATION, _durations


def _whose(one: Measured) -> str:
    return labels((("program", one.view.name), ("group", one.view.group)))


def _plain(name: str, value: Sample) -> Lines:
    def lines(one: Measured, whose: str) -> str:
        found = value(one)
        return "" if found is None else f"{name}{{{whose}}} {number(found)}\n"

    return lines


def _restarts(one: Measured, whose: str) -> str:
    counts = ALWAYS_SHOWN | one.counts.restarts
    return "".join(
        f'{RESTARTS.name}{{{whose},cause="{escape(cause)}"}} {count}\n'
        for cause, count in counts.items()
    )


def _log(one: Measured, whose: str) -> str:
    return "".join(
        f'{LOG.name}{{{whose},stream="{stream}"}} {size}\n'
        for stream, size in one.log_bytes.items()
    )


def _failures(one: Measured, whose: str) -> str:
    return "".join(
        f"{FAILURES.name}{{{_probe(whose, role, latency)}}} {latency.failures}\n"
        for role, latency in one.counts.latencies.items()
    )


def _durations(one: Measured, whose: str) -> str:
    return "".join(
        _duration(_probe(whose, role, latency), latency)
        for role, latency in one.counts.latencies.items()
    )


def _duration(probe: str, latency: Latency) -> str:
    so_far = list(accumulate(latency.counts))
    lines = _DURATIONS % (*so_far, number(latency.seconds), so_far[-1])
    return lines.replace(MARK, probe)


def _probe(whose: str, role: str, latency: Latency) -> str:
    return f'{whose},role="{escape(role)}",kind="{escape(latency.kind)}"'


def _of_watchdog(measures: Measures, form: str) -> Iterator[str]:
    """What there is once: the watchdog itself."""
    about = labels((("version", measures.watchdog.version), ("python", measures.python)))
    yield Family("watchdog_build_info", "gauge", "Always 1; the labels tell.").head(form)
    yield f"watchdog_build_info{{{about}}} 1\n"
    for family, value in _values_of_watchdog(measures):
        if value is not None:
            yield f"{family.head(form)}{family.name} {number(value)}\n"


def _values_of_watchdog(measures: Measures) -> tuple[tuple[Family, float | None], ...]:
    """Its families of one series each; None is not known."""
    watchdog, own = measures.watchdog, measures.own
    return (
        (
            Family("watchdog_start_time_seconds", "gauge", "When this watchdog began."),
            measures.started_at,
        ),
        (
            Family("watchdog_uptime_seconds", "gauge", "How long it has been there."),
            watchdog.uptime_seconds,
        ),
        (
            Family("watchdog_programs", "gauge", "Programs that are configured."),
            len(measures.programs),
        ),
        (
            Family("watchdog_last_reload_successful", "gauge", "Whether the latest reload was."),
            measures.reloaded_well,
        ),
        (
            Family(
                "watchdog_last_reload_success_timestamp_seconds",
                "gauge",
                "When a configuration was last taken.",
            ),
            measures.reloaded_at,
        ),
        (
            Family("process_cpu_seconds_total", "counter", "CPU time of the watchdog."),
            own.cpu_seconds,
        ),
        (
            Family("process_resident_memory_bytes", "gauge", "Its resident memory."),
            own.resident_bytes,
        ),
        (Family("process_open_fds", "gauge", "Its open descriptors."), own.open_fds),
    )
