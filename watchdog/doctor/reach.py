"""Limits on descriptors, and the ports that the configuration names."""

from __future__ import annotations

import errno
import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

from watchdog.cli.ports import Finding
from watchdog.config.model import Address, Config, ProbeTarget

OURS, EACH = 64, 16
"""Descriptors of the watchdog itself (clients, logs), and at most for each program: two pipes with
four ends, two log files, two locks, a pidfd, a notify socket, a probe of each role."""


def examine_limits(programs: int) -> Finding:
    """Whether the watchdog may open enough descriptors."""
    import resource

    return judge_limit(programs, resource.getrlimit(resource.RLIMIT_NOFILE)[0])


def judge_limit(programs: int, limit: int) -> Finding:
    """Pure: the finding for so many programs under this soft limit (-1 is none)."""
    needed = OURS + EACH * programs
    if limit < 0 or limit >= needed:
        shown = "unlimited" if limit < 0 else f"{limit}"
        return Finding("limits", "ok", f"{shown} open files, of which {needed} may be needed")
    text = f"at most {limit} open files, of which {programs} programs may need {needed}"
    return Finding("limits", "wrong", text, f"ulimit -n {needed}, or LimitNOFILE={needed}")


def examine_ports(config: Config, runs: bool) -> Iterator[Finding]:
    """Those that we would listen on, and those that probes ask. `runs`: our watchdog is up."""
    if config.http is not None and not runs:
        yield _try_listen(config.http)
    elif config.http is not None:
        yield Finding("ports", "ok", f"{config.http}: our own watchdog's")
    for name, address in probed(config):
        finding = None if runs else _look_for_squatter(name, address)
        if finding is not None:
            yield finding


def probed(config: Config) -> list[tuple[str, Address]]:
    """The local addresses that probes ask, with the program's name, each once."""
    found = {
        (program.name, address)
        for program in config.programs
        for target in program.probes.values()
        if (address := address_of(target)) is not None and _is_local(address.host)
    }
    return sorted(found, key=lambda pair: (pair[0], pair[1].port))


def address_of(target: ProbeTarget) -> Address | None:
    """Where a probe connects to; None if it does not."""
    if target.address is not None:
        return target.address
    parts = urlsplit(target.url)
    if not parts.hostname:
        return None
    return Address(parts.hostname, parts.port or (443 if parts.scheme == "https" else 80))


def _is_local(host: str) -> bool:
    return host in ("localhost", "::1") or host.startswith("127.")


def _try_listen(address: Address) -> Finding:
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    try:
        with socket.socket(family) as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trial.bind((address.host, address.port))
    except OSError as error:
        taken = error.errno == errno.EADDRINUSE
        who = f"taken{_by_whom(address.port)}" if taken else error.strerror or str(error)
        advice = "end that, or set `http` under [watchdog] to another address"
        return Finding("ports", "wrong", f"{address} (http): {who}", advice)
    return Finding("ports", "ok", f"{address} (http) is free")


def _look_for_squatter(name: str, address: Address) -> Finding | None:
    """Somebody who answers the probe of a program that does not run would pass for it."""
    try:
        socket.create_connection((address.host, address.port), 1.0).close()
    except OSError:
        return Finding("ports", "ok", f"{address} (probe of {name}) is free for it")
    text = f"{address} (probe of {name}) is taken{_by_whom(address.port)}, and no watchdog runs"
    advice = f"if that is a {name} of its own, end it: `watchdog holders {name}` may say more"
    return Finding("ports", "warning", text, advice)


def _by_whom(port: int) -> str:
    """The process that listens, as far as we may see it."""
    import psutil

    try:
        found = psutil.net_connections("tcp")
    except (psutil.Error, OSError):
        return ""
    listening = [c for c in found if c.status == psutil.CONN_LISTEN]
    pids = {c.pid for c in listening if c.laddr and c.laddr[1] == port and c.pid}
    return f" by pid {min(pids)} ({_name(min(pids))})" if pids else ""


def _name(pid: int) -> str:
    from watchdog.locks.holders import command_of
    from watchdog.locks.record import clean

    return clean(command_of(pid)) or "?"
