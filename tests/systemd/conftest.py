"""One booted systemd for the tests of a module (for each of pytest's workers), and services in it.

Not for the session: it is a child of the worker, and other tests look at all of its children.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.systemd.box import Box, CannotBoot, Service, boot

Install = Callable[..., Service]


@pytest.fixture(scope="module")
def box() -> Iterator[Box]:
    """A real systemd."""
    try:
        booted = boot()
    except CannotBoot as reason:
        pytest.skip(str(reason))
    yield booted
    booted.end()


@pytest.fixture
def install(box: Box) -> Iterator[Install]:
    """Makes services that are written, not yet installed; all are gone afterwards."""
    services: list[Service] = []

    def make(text: str, *options: str) -> Service:
        services.append(Service(box, text, *options))
        return services[-1]

    yield make
    for service in services:
        service.make("--uninstall")
