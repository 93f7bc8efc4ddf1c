"""Fixtures of the view's tests: a world with a real watchdog, as for the tests of the whole."""

from tests.system.conftest import world

__all__ = ["world"]
