"""The core has no way to know the time, to throw dice, or to touch the world."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import watchdog.core

FOLDER = Path(watchdog.core.__file__).parent
ALLOWED = {
    "__future__",
    "collections",
    "collections.abc",
    "copy",
    "enum",
    "typing",
    "msgspec",
    "msgspec.structs",
}
"""All that the core may import. No os, time, random, asyncio, logging, socket, threading, ..."""

BUILT_IN = {"open", "print", "input", "exec", "eval", "compile", "__import__", "breakpoint", "id"}
"""Functions that need no import and are no better."""

MODULES = sorted(FOLDER.rglob("*.py"))


def imports(tree: ast.AST) -> set[str]:
    """The full name of every imported module, wherever the import stands."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            found.add("." * node.level + (node.module or ""))
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_core_imports_only_what_is_pure(path: Path) -> None:
    """A module of the core imports the core and a handful of pure modules, and nothing else."""
    foreign = {
        name
        for name in imports(ast.parse(path.read_text(encoding="utf-8")))
        if name not in ALLOWED and name.split(".")[:2] != ["watchdog", "core"]
    }
    assert not foreign


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_core_calls_nothing_that_acts(path: Path) -> None:
    """No built-in function reaches the world behind the back of the imports."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    assert not names & BUILT_IN


def test_core_stands_below_everything() -> None:
    """`import watchdog` brings nothing that the core would then know of."""
    root = ast.parse((FOLDER.parent / "__init__.py").read_text(encoding="utf-8"))
    assert all(name.startswith("watchdog.") or name in ALLOWED for name in imports(root))
