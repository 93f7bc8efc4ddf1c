"""One incident as one self-contained HTML page: no script, no font, no picture from elsewhere.

Everything that is shown is escaped: a program's output is never taken for markup.
"""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

from watchdog.export.incident_sections import sections

_STYLE = """
:root { color-scheme: light dark; --line: #8884; --accent: #b3261e; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.5rem; margin-bottom: 0 } h2 { font-size: 1.05rem; margin: 2rem 0 .5rem }
.cause { color: var(--accent); font-weight: 600 }
.told { font-size: 1.15rem; overflow-wrap: anywhere }
pre { overflow-x: auto; border: 1px solid var(--line); border-radius: 6px; padding: .75rem;
      font: 13px/1.45 ui-monospace, monospace; margin: 0 }
footer { margin: 3rem 0 1rem; opacity: .7; font-size: .85rem }
"""


def render(incident: Mapping[str, Any]) -> str:
    """The page."""
    title = f"{incident['program']}: {incident['cause']}"
    parts = "\n".join(
        f"<h2>{escape(heading)}</h2>\n<pre>{escape(chr(10).join(lines))}</pre>"
        for heading, lines in sections(incident)
    )
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{escape(title)}</title>
<style>{_STYLE}</style>
</head>
<body>
<h1>{escape(incident["program"])} <span class="cause">{escape(incident["cause"])}</span></h1>
<p class="told">{escape(incident["told"])}</p>
{parts}
<footer>Incident {escape(incident["id"])}, kept by watchdog.</footer>
</body>
</html>
"""
