"""The evidence of an incident in titled sections of lines, for a terminal or a page. Pure.

A section without anything in it is left out; what was not seen is not mentioned.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

Section = tuple[str, list[str]]


def sections(incident: Mapping[str, Any]) -> Iterator[Section]:
    """Title and lines of each, in the order in which a person asks."""
    yield "Incident", facts(incident)
    for process in incident["processes"]:
        yield from of_process(process)
    for title, lines in (
        ("Timeline", [of_moment(moment) for moment in incident["timeline"]]),
        ("Probes", [of_probe(result) for result in incident["probes"]]),
        ("Last output", incident["output"].splitlines()),
    ):
        if lines:
            yield title, lines


def facts(incident: Mapping[str, Any]) -> list[str]:
    """What it was, in lines of two columns."""
    exit = incident["exit"] or {}
    taken = incident["examined_in"]
    told = {
        "id": incident["id"],
        "program": f"{incident['program']} (incarnation {incident['incarnation']}"
        + (f", pid {incident['pid']})" if incident["pid"] else ")"),
        "at": stamp(incident["at"]),
        "cause": incident["cause"],
        "seen": incident["reason"],
        "promised": incident["promised"],
        "exit": exit.get("text", ""),
        "repeated": f"{incident['repeats']} times" if incident["repeats"] else "",
        "recovered": stamp(incident["recovered"]) if incident["recovered"] else "not yet",
        "evidence": f"taken in {taken:.3f} s" if taken is not None else "",
    }
    return [f"{key:<10} {value}" for key, value in told.items() if value]


def of_process(process: Mapping[str, Any]) -> Iterator[Section]:
    """One process of the tree: what it used, and the stacks of its threads."""
    megabytes = process["resident_bytes"] / 2**20
    lines = [
        process["command"],
        f"state {process['state']}, {process['threads']} threads, {megabytes:.1f} MiB resident, "
        f"{process['cpu_seconds']:.2f} s of CPU, now {process.get('cpu_share', 0):.0%} of a core, "
        f"{process['open_files']} open files",
    ]
    if process["waits_in"]:
        lines.append(f"waits in {process['waits_in']}")
    for thread in sorted(process["stacks"], key=lambda one: one["name"] != "MainThread"):
        lines += ["", *of_thread(thread)]
    if process["kernel"]:
        lines += ["", "in the kernel:", *(f"  {stack}" for stack in process["kernel"])]
    if process["files"]:
        lines += ["", "open files:", *(f"  {file}" for file in process["files"])]
    yield f"Process {process['pid']}", lines


def of_thread(thread: Mapping[str, Any]) -> list[str]:
    """A thread's stack, innermost first."""
    words = [thread["name"] or "a thread"]
    words += ["running"] if thread["running"] else []
    words += ["holds the GIL"] if thread["has_gil"] else []
    frames = [f"  {f['file']}:{f['line']} {f['function']}" for f in thread["frames"]]
    return [", ".join(words), *frames]


def of_moment(moment: Mapping[str, Any]) -> str:
    """One step of the story."""
    words = [stamp(moment["at"]), f"{moment['state']:<8}"]
    if moment.get("health", "unknown") not in ("unknown", ""):
        words.append(moment["health"])
    if moment.get("pid"):
        words.append(f"pid {moment['pid']}")
    return "  ".join((*words, moment.get("text", ""))).rstrip()


def of_probe(result: Mapping[str, Any]) -> str:
    """One probe, as it went."""
    verdict = "passed" if result["ok"] else "FAILED"
    latency = f"{result.get('latency', 0.0) * 1000:.0f} ms"
    text = result.get("text", "")
    return f"{stamp(result['at'])}  {result['role']:<9}  {verdict}  {latency:>7}  {text}".rstrip()


def stamp(at: float) -> str:
    """A local time with milliseconds."""
    return datetime.fromtimestamp(at).astimezone().isoformat(sep=" ", timespec="milliseconds")
