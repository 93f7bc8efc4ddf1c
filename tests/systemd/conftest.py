"""One booted systemd for all tests here (for each of pytest's workers), and services in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.systemd.box import Box, CannotBoot, Service, boot

Install = Callable[..., Service]


@pytest.fixture(scope="session")
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
