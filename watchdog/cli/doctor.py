"""`watchdog doctor`: what this machine offers, and what is wrong, each with what to do."""

from __future__ import annotations

import sys

from watchdog.cli.context import FAILED, OK, Context, complain, make_parser
from watchdog.cli.ports import Finding, as_data
from watchdog.cli.progress import Waiting
from watchdog.cli.terminal import wants_colour

_SUMMARY = """Say what this machine offers to a watchdog, and what is wrong, each with what to do:
kernel features, the clock, who is above us, optional packages, directories, disk, limits, ports,
the configuration, other copies, the bots' tokens. Each is tried; nothing is changed.

Exit code: 0 nothing is wrong (a warning is no fault), 1 something is."""

_EXAMPLE = """watchdog doctor -c watchdog.toml
  watchdog doctor --json"""

_SIGNS = {"ok": "✓", "warning": "!", "wrong": "✗"}
_ASCII_SIGNS = {"ok": "+", "warning": "!", "wrong": "x"}
_COLOURS = {"ok": "32", "warning": "33", "wrong": "31"}


def main(context: Context) -> int:
    """Print the findings."""
    parser = make_parser(context, _SUMMARY, _EXAMPLE)
    parser.add_argument("--json", action="store_true", help="for scripts; the form is stable")
    options = parser.parse_args(context.words)
    if context.supplies.examine is None:
        complain("the part that examines is not installed here")
        return FAILED
    with Waiting("trying what this machine offers"):
        findings = context.supplies.examine(options.config)
    _print(findings, options.json)
    return FAILED if any(finding.level == "wrong" for finding in findings) else OK


def _print(findings: list[Finding], as_json: bool) -> None:
    if as_json:
        import json

        print(json.dumps([as_data(finding) for finding in findings], indent=2))
        return
    for line in layout(findings, _signs(sys.stdout.encoding), wants_colour(sys.stdout)):
        print(line)


def layout(findings: list[Finding], signs: dict[str, str], colour: bool) -> list[str]:
    """Aligned lines: sign, area, finding, and below it what to do; at last the sum."""
    wide = max((len(finding.area) for finding in findings), default=0)
    lines = []
    for finding in findings:
        sign = signs[finding.level]
        if colour:
            sign = f"\x1b[{_COLOURS[finding.level]}m{sign}\x1b[0m"
        first, *rest = finding.text.splitlines() or [""]
        lines.append(f"{sign} {finding.area:<{wide}}  {first}")
        indent = " " * (wide + 4)
        lines += [f"{indent}{line}" for line in rest]
        lines += [f"{indent}-> {finding.advice}"] if finding.advice else []
    return [*lines, "", summarise(findings)]


def summarise(findings: list[Finding]) -> str:
    """How many of which level."""
    wrong = sum(finding.level == "wrong" for finding in findings)
    warnings = sum(finding.level == "warning" for finding in findings)
    told = [f"{wrong} wrong"] if wrong else ["nothing is wrong"]
    told += [f"{warnings} warning{'s' if warnings != 1 else ''}"] if warnings else []
    return ", ".join(told)


def _signs(encoding: str) -> dict[str, str]:
    """The signs that the output can show."""
    try:
        "".join(_SIGNS.values()).encode(encoding)
    except (UnicodeError, LookupError):
        return _ASCII_SIGNS
    return _SIGNS
