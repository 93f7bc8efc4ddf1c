"""Which hosts are this machine itself, by name or by number. Pure: no name is looked up."""

from __future__ import annotations

_NAMES = frozenset({"localhost", "ip6-localhost", "::1"})


def is_loopback(host: str) -> bool:
    """Whether the host can be reached from this machine only."""
    return host.lower() in _NAMES or _is_ipv4_loopback(host)


def _is_ipv4_loopback(host: str) -> bool:
    parts = host.split(".")
    return parts[0] == "127" and len(parts) == 4 and all(part.isdecimal() for part in parts)
