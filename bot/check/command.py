"""`python -m bot check`: the settings and where each comes from, the banner, and some looks."""

import asyncio
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.banner import banner
from bot.capability import Capability
from bot.catalogue import make_catalogue
from bot.check.here import look_here
from bot.check.looks import Look, worst
from bot.check.online import look_online
from bot.database import Database
from bot.exits import ExitCode
from bot.figures import Figures
from bot.health import Limits
from bot.parts import Parts
from bot.report import Reporter
from bot.sessions import Sessions
from bot.settings import Settings
from bot.survey import Survey, Told, load_survey

_NO_PID = "none, nothing is started"


@dataclass(frozen=True)
class Report:
    """All that was found; without catalogue and looks if the settings have mistakes."""

    survey: Survey
    catalogue: Sequence[Capability] = ()
    here: Sequence[Look] = ()
    online: Sequence[Look] = ()

    @property
    def code(self) -> ExitCode:
        if self.survey.problems:
            return ExitCode.CONFIG
        return worst([*self.here, *self.online])


def check(online: bool, as_json: bool) -> ExitCode:
    """Print what there is to say; 78 for a mistake, else 0 or what the looks came to."""
    report = asyncio.run(make_report(load_survey(), online))
    if as_json:
        print(json.dumps(compose(report), indent=2))
    else:
        print("\n".join(describe(report)))
    return report.code


async def make_report(survey: Survey, online: bool) -> Report:
    """Look at all that these settings name."""
    if survey.problems:
        return Report(survey)
    settings = survey.settings
    elsewhere = await look_online(settings) if online else []
    return Report(survey, preview(settings), await look_here(settings), elsewhere)


def preview(settings: Settings) -> Sequence[Capability]:
    """The capabilities that these settings make; nothing is opened."""
    figures = Figures(settings.bot_id)
    reporter = Reporter(figures, Limits(settings.loop_stale_seconds, settings.poll_stale_seconds))
    database = Database(settings.database_path, ())
    sessions = Sessions(database, settings.guards.session_seconds)
    return make_catalogue(Parts(settings, figures, reporter, database, sessions))


def describe(report: Report) -> Iterator[str]:
    """The report in lines."""
    survey = report.survey
    yield from _describe_told(survey)
    yield from _section("Doubts", (f"  {doubt}" for doubt in survey.doubts))
    if survey.problems:
        yield from _section("Mistakes", (f"  {problem}" for problem in survey.problems))
    else:
        yield from ("", *banner(survey.settings, report.catalogue, _NO_PID))
    yield from _section("Here", (look.line for look in report.here))
    yield from _section("Online", (look.line for look in report.online))
    yield from ("", _conclude(report))


def _section(title: str, lines: Iterable[str]) -> list[str]:
    shown = list(lines)
    return ["", f"{title}:", *shown] if shown else []


def _describe_told(survey: Survey) -> Iterator[str]:
    there = "" if survey.file.mode is not None else " (there is none)"
    yield f"Set in the environment, or in {Path(survey.file.name).absolute()}{there}:"
    width = max((len(one.finding.name) for one in survey.told), default=0)
    for one in survey.told:
        shown = one.shown if len(one.shown) <= 40 else one.shown[:39] + "…"
        yield f"  {one.finding.name:<{width}}  {shown}  ({_place(one)})"
    if not survey.told:
        yield "  nothing"
    yield "All else has its default; `python -m bot settings` lists what can be set."


def _place(told: Told) -> str:
    if not told.others:
        return told.finding.source
    other = told.others[0]
    name = "" if other.name == told.finding.name else f"{other.name} in "
    return f"{told.finding.source}, instead of {name}{other.source}"


def _conclude(report: Report) -> str:
    if problems := len(report.survey.problems):
        return f"Not usable: {_count(problems, 'mistake')}. A bot would end with exit code 78."
    if amiss := sum(1 for look in (*report.here, *report.online) if look.code):
        return f"The settings are usable; not ok above: {amiss}."
    doubts = len(report.survey.doubts)
    return "The settings are usable" + (f", with {_count(doubts, 'doubt')}." if doubts else ".")


def _count(number: int, what: str) -> str:
    return f"1 {what}" if number == 1 else f"{number} {what}s"


def compose(report: Report) -> dict[str, Any]:
    """The same for programs."""
    survey = report.survey
    return {
        "ok": not report.code,
        "exit_code": int(report.code),
        "problems": list(survey.problems),
        "doubts": list(survey.doubts),
        "settings": {one.finding.name: _compose_told(one) for one in survey.told},
        "capabilities": {one.name: _compose_capability(one) for one in report.catalogue},
        "here": [_compose_look(look) for look in report.here],
        "online": [_compose_look(look) for look in report.online],
    }


def _compose_told(told: Told) -> dict[str, str]:
    return {"value": told.shown, "source": told.finding.source}


def _compose_capability(capability: Capability) -> dict[str, Any]:
    details = list(capability.details)
    return {"on": capability.on, "missing": capability.missing, "details": details}


def _compose_look(look: Look) -> dict[str, Any]:
    return {"what": look.what, "ok": not look.code, "said": look.said, "exit_code": int(look.code)}
