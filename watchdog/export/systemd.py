"""A unit for systemd."""

from __future__ import annotations

from watchdog.export.kind import File, Option, Step
from watchdog.export.subject import Subject

SUMMARY = "a unit for systemd"
OPTIONS: tuple[Option, ...] = ()


def render(subject: Subject) -> list[File]:
    """The unit."""
    return [File(f"/etc/systemd/system/{subject.name}.service", "[Service]\nType=notify\n")]


def install(subject: Subject) -> list[Step]:
    """Enabled and started."""
    return [Step(("systemctl", "daemon-reload"))]


def uninstall(subject: Subject) -> list[Step]:
    """Stopped and disabled."""
    return [Step(("systemctl", "daemon-reload"))]
