"""Whether a process was started with what the configuration says now: a hash of all it saw."""

from __future__ import annotations

from watchdog.config import Config, ProgramConfig
from watchdog.config.reread import seen


def fingerprint(program: ProgramConfig, config: Config) -> str:
    """The same for two configurations that a process could not tell apart. It holds no secret."""
    from hashlib import blake2b

    import msgspec

    facts = msgspec.json.encode(seen(program, config), enc_hook=str, order="deterministic")
    return blake2b(facts, digest_size=16).hexdigest()
