"""Which labels a new issue gets, by patterns in its text: a pure function of the text."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

_LONGEST_LABEL = 50  # characters, GitHub's own limit


class BadRoute(Exception):
    """What GITHUB_LABEL_ROUTES says cannot be understood; the text says which part and why."""


@dataclass(frozen=True)
class Route:
    """A pattern, and the labels of every issue in whose text it is found."""

    pattern: re.Pattern[str]
    labels: tuple[str, ...]


def parse_routes(text: str) -> tuple[Route, ...]:
    """The routes in `PATTERN => label, label; PATTERN => label`; raises `BadRoute`."""
    return tuple(_parse(part.strip()) for part in text.split(";") if part.strip())


def _parse(part: str) -> Route:
    pattern, arrow, names = part.rpartition("=>")
    labels = tuple(name.strip() for name in names.split(",") if name.strip())
    if not arrow or not pattern.strip() or not labels:
        raise BadRoute(f"{part!r}, which has no pattern, no => or no label")
    if long := next((label for label in labels if len(label) > _LONGEST_LABEL), None):
        raise BadRoute(f"{long!r}, a label of more than {_LONGEST_LABEL} characters")
    try:
        return Route(re.compile(pattern.strip(), re.IGNORECASE), labels)
    except re.error as error:
        raise BadRoute(f"{pattern.strip()!r}, which is no pattern: {error}") from None


def find_labels(routes: Sequence[Route], text: str) -> list[str]:
    """The labels of all routes whose pattern is in `text`, each once, in their order."""
    labels = (label for route in routes if route.pattern.search(text) for label in route.labels)
    return list(dict.fromkeys(labels))
