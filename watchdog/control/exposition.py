"""The text form in which Prometheus reads metrics, and OpenMetrics, its standard. Pure.

Families come one after the other, each with its help and type before its samples, and no series
comes twice; that is all these formats ask for.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from msgspec import Struct

Type = Literal["counter", "gauge", "histogram"]

PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"
OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"
END = "# EOF\n"  # of OpenMetrics


class Family(Struct, frozen=True):
    """One metric: its name (a counter's with `_total`), its type and what it means."""

    name: str
    type: Type
    help: str

    def head(self, form: str) -> str:
        """The lines before its samples."""
        name = self.name
        if form == OPENMETRICS and self.type == "counter":
            name = name.removesuffix("_total")
        return f"# HELP {name} {self.help}\n# TYPE {name} {self.type}\n"


def labels(pairs: Iterable[tuple[str, str]]) -> str:
    """Labels as they stand between the braces."""
    return ",".join(f'{name}="{escape(value)}"' for name, value in pairs)


def escape(value: str) -> str:
    """A label's value, so that nothing in it can end it."""
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def number(value: float) -> str:
    """A value as both formats take it; a whole number without a point."""
    return str(int(value)) if value == int(value) else repr(float(value))


def choose_form(accept: str) -> str:
    """The form that a client asks for; Prometheus' own where it does not say."""
    return OPENMETRICS if "application/openmetrics-text" in accept else PROMETHEUS
