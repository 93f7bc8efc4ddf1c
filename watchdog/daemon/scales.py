"""Numbers of instances that somebody wanted: recalled at the start, forgotten with the file's."""

from __future__ import annotations

import contextlib

from watchdog.config import Config


def scaled_as_before(config: Config) -> tuple[Config, str]:
    """The configuration with as many instances as somebody wanted, and what to say of that."""
    if not config.templates:
        return config, ""
    from watchdog.config.scaling import recall  # others need nothing of it

    return recall(config)


def forget_scales(old: Config, fresh: Config) -> list[str]:
    """Where the file has another number of instances now, that counts; what to say of it."""
    gone = [name for name in old.scaled if name not in fresh.scaled]
    if gone:
        from watchdog.config.scaling import keep  # only where something was scaled

        with contextlib.suppress(OSError):  # what is kept has the file's old number, and is void
            keep(fresh)
    return [f"{name}: its instances are those of the file again" for name in gone]
