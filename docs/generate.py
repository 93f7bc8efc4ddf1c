"""Writes `docs/states.md` from the table of the core, and of the bot the tables in its pages, and
`bot/env.example`.

Run `python -m docs.generate`. What it writes is never edited by hand; tests say when it is out of
date.
"""

from __future__ import annotations

from pathlib import Path

from bot.health_page import write_tables
from bot.settings import known_variables
from bot.settings_page import example_text, table
from watchdog.core.machine import IGNORED, TABLE
from watchdog.core.model import State

PAGE = Path(__file__).with_name("states.md")
BOT_PAGE = Path(__file__).with_name("bot.md")
EXAMPLE = Path(__file__).parents[1] / "bot" / "env.example"
HEALTH_PAGE = Path(__file__).with_name("bot-health.md")
SETTINGS = ("<!-- settings -->\n", "<!-- end of settings -->\n")

ABOUT = """# The states of a program

This page is generated from the table in `watchdog/core/machine.py` by `python docs/generate.py`.

A program is in one of eight states. The names and meanings are supervisor's; WAITING is ours: the
program is wanted, but a lock, a lease, a dependency or what is left of its last incarnation bars
it. Beside the state stands the health (`unknown starting healthy unhealthy`), which is what the
probes say.

An arrow is labelled with the events that may lead from one state to the other. Whether they do is
for the start gate, the restart policy or the health verdicts to say.
"""

CELLS = """## Every event in every state

What is done, by the name of the function in `watchdog/core/transitions.py`; `·` is rightly without
effect. An event that speaks of another incarnation, of an abandoned claim, or of a deadline that
moved is discarded before this table is asked.
"""


def page() -> str:
    """The whole page."""
    return "\n".join((ABOUT, "```mermaid", *diagram(), "```", "", CELLS, *grid(), ""))


def diagram() -> list[str]:
    """The states and the arrows between them."""
    arrows = [f"    {here} --> {there}: {', '.join(why)}" for (here, there), why in paths().items()]
    return ["stateDiagram-v2", "    [*] --> STOPPED", *arrows]


def paths() -> dict[tuple[State, State], list[str]]:
    """For each pair of states the events that lead from one to the other."""
    found: dict[tuple[State, State], list[str]] = {}
    for event, rows in TABLE.items():
        for here, row in rows.items():
            for there in row.leads_to:
                found.setdefault((here, there), []).append(event.__name__)
    return {(a, b): found[a, b] for a in State for b in State if (a, b) in found}


def grid() -> list[str]:
    """One row an event, one column a state."""
    head = ["event", *(state.value for state in State)]
    lines = [line(head), line(["---"] * len(head))]
    for event, rows in TABLE.items():
        cells = [rows[state].do.__name__ if state in rows else "·" for state in State]
        lines.append(line([f"`{event.__name__}`", *cells]))
    assert set(IGNORED) <= set(TABLE)
    return lines


def line(cells: list[str]) -> str:
    """One row of a Markdown table."""
    return f"| {' | '.join(cells)} |"


def bot_page(text: str) -> str:
    """The page about the bot, with the settings as the code reads them now."""
    begin, end = SETTINGS
    before, _, rest = text.partition(begin)
    return f"{before}{begin}\n{table(known_variables())}\n{end}{rest.partition(end)[2]}"


def main() -> None:
    """Write the pages."""
    PAGE.write_text(page(), encoding="utf-8")
    HEALTH_PAGE.write_text(write_tables(HEALTH_PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    BOT_PAGE.write_text(bot_page(BOT_PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    EXAMPLE.write_text(example_text(known_variables()), encoding="utf-8")


if __name__ == "__main__":
    main()
