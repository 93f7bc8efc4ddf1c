"""A report as one self-contained HTML page: no script, nothing from elsewhere, all escaped."""

from __future__ import annotations

from html import escape
from typing import Any

from watchdog.report.model import Figures, Span, Window
from watchdog.report.words import duration, facts, heading, latency, moment

_STYLE = """
:root { color-scheme: light dark; --up: #2e7d32; --down: #c62828; --apart: #9e9e9e;
        --unknown: #f9a825; --line: #8884 }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.5rem; margin-bottom: 0 } h2 { font-size: 1.15rem; margin: 2.5rem 0 .5rem }
svg { width: 100%; height: 2.2rem; display: block; border-radius: 6px }
.up { fill: var(--up) } .down { fill: var(--down) } .apart { fill: var(--apart) }
.unknown { fill: var(--unknown) }
table { border-collapse: collapse; margin-top: .75rem; width: 100% }
th, td { text-align: left; padding: .3rem .75rem .3rem 0; border-bottom: 1px solid var(--line);
         vertical-align: top } th { font-weight: 500; white-space: nowrap; width: 14rem }
.legend svg { display: inline-block; width: 1em; height: 1em; vertical-align: -.1em }
.legend span { margin-right: 1.25rem }
footer { margin: 3rem 0 1rem; opacity: .7; font-size: .85rem }
"""
_LEGEND = {
    "up": "up",
    "down": "down",
    "apart": "down as it should be",
    "unknown": "no watchdog looked",
}
LEAST = 0.15  # per cent of the width: a short outage is still to be seen


def render(
    figures: list[Figures], window: Window, latencies: list[dict[str, Any]], notes: list[str]
) -> str:
    """The page."""
    programs = "\n".join(section(one, window, latencies) for one in figures)
    legend = "".join(
        f'<span><svg><rect class="{kind}" width="100%" height="100%"/></svg> {word}</span>'
        for kind, word in _LEGEND.items()
    )
    told = "".join(f"<p>{escape(note)}</p>" for note in notes)
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Report of watchdog</title>
<style>{_STYLE}</style>
</head>
<body>
<h1>Report</h1>
<p>{escape(heading(window))}</p>
<p class="legend">{legend}</p>
{programs}
<footer>{told}<p>Written by watchdog from its journal.</p></footer>
</body>
</html>
"""


def section(figures: Figures, window: Window, latencies: list[dict[str, Any]]) -> str:
    """One program: its time, and its figures."""
    own = [one for one in latencies if one["program"] == figures.name]
    rows = [*facts(figures), *((f"{one['role']} ({one['kind']})", latency(one)) for one in own)]
    table = "\n".join(
        f"<tr><th>{escape(name)}</th><td>{escape(value)}</td></tr>" for name, value in rows
    )
    name = escape(figures.name)
    return f"<h2>{name}</h2>\n{strip(figures.spans, window)}\n<table>\n{table}\n</table>"


def strip(spans: tuple[Span, ...], window: Window) -> str:
    """The time as a strip; what is worst is drawn last, and so never hidden."""
    order = ("up", "apart", "unknown", "down")
    drawn = sorted(spans, key=lambda span: order.index(span.kind))
    return f'<svg role="img">{"".join(rectangle(span, window) for span in drawn)}</svg>'


def rectangle(span: Span, window: Window) -> str:
    """One span, with what it was for whoever points at it."""
    length = window.until - window.since
    left = (span.start - window.since) / length * 100
    width = max(span.seconds / length * 100, LEAST)
    told = f"{span.kind} {span.cause}".strip()
    title = escape(f"{told}: {moment(span.start)}, {duration(span.seconds)}")
    place = f'x="{left:.4f}%" width="{width:.4f}%" height="100%"'
    return f'<rect class="{span.kind}" {place}><title>{title}</title></rect>'
