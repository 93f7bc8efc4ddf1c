"""Which texts in a table of the configuration are secret, before and after its variables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from watchdog.config.expand import CannotExpand, Scope, expand, names_in
from watchdog.config.secret import SHORTEST, parts_of, secrets_of


def find_secrets(raw: Any, scope: Scope, environment: Mapping[str, str]) -> frozenset[str]:
    """All that must be struck out: by name, by shape, and the singleton's token."""
    texts = list(_texts(raw))
    named = {name: scope.get(name) or "" for text in texts for name in names_in(text)}
    shapes = {part for text in texts for part in parts_of(_expanded(text, scope))}
    shapes.update(_tokens(raw, scope))
    by_name = secrets_of(environment) | secrets_of(named)
    return by_name | {text for text in shapes if len(text) >= SHORTEST}


def _tokens(raw: Any, scope: Scope) -> Iterator[str]:
    """The singleton's token and its secret half, whatever shape it has."""
    text = raw.get("singleton") if isinstance(raw, dict) else None
    kind, _, token = _expanded(text, scope).partition(":") if isinstance(text, str) else ("",) * 3
    if kind.strip().lower() == "telegram" and ":" in token:
        yield from (token.strip(), token.partition(":")[2].strip())


def _texts(raw: Any) -> Iterator[str]:
    if isinstance(raw, str):
        yield raw
    elif isinstance(raw, dict | list):
        for item in raw.values() if isinstance(raw, dict) else raw:
            yield from _texts(item)


def _expanded(text: str, scope: Scope) -> str:
    try:
        return str(expand(text, scope))
    except CannotExpand:
        return text
