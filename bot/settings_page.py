"""What can be set, as an `.env` to fill in and as a table, from what the code reads. Pure."""

import textwrap
from collections.abc import Iterator, Sequence

from bot.environment import Variable


def example_text(variables: Sequence[Variable]) -> str:
    """An `.env` in which everything is a comment but the token, each with what it is for."""
    return "\n\n".join("\n".join(_example(variable)) for variable in variables) + "\n"


def _example(variable: Variable) -> Iterator[str]:
    yield from textwrap.wrap(variable.about, 90, initial_indent="# ", subsequent_indent="# ")
    allowed = f"Allowed: {variable.allowed}".removesuffix(".") + "."
    yield from textwrap.wrap(allowed, 90, initial_indent="# ", subsequent_indent="# ")
    mark = "" if variable.about.startswith("Required") else "#"
    yield f"{mark}{variable.names[0]}={variable.default}"


def table(variables: Sequence[Variable]) -> str:
    """The same as a table in Markdown."""
    head = ["| variable | default | allowed | what for |", "|---|---|---|---|"]
    return "\n".join([*head, *map(_row, variables)]) + "\n"


def _row(variable: Variable) -> str:
    names = " or ".join(f"`{name}`" for name in variable.names)
    default = f"`{variable.default}`" if variable.default else ""
    return f"| {names} | {default} | {variable.allowed} | {variable.about} |"
