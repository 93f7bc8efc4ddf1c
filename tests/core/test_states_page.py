"""The page of states is what the table says."""

from __future__ import annotations

import runpy
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"


def test_page_is_up_to_date() -> None:
    """docs/states.md was generated from the table as it is now."""
    page = runpy.run_path(str(DOCS / "generate.py"))["page"]()
    written = (DOCS / "states.md").read_text(encoding="utf-8")
    assert written == page, "run: python docs/generate.py"
