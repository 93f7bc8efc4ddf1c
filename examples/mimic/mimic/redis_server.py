"""`python -m mimic.redis_server`: there is a Redis at the port, ours or one that runs already.

If somebody else's answers, this process stays and holds a connection to it: it costs nothing, and
when that Redis goes away, the process ends, is started again, and then starts one itself.
"""

from __future__ import annotations

import os
import shutil
import socket
import sys
from pathlib import Path

from mimic.settings import read_settings

HOST = "127.0.0.1"
MISSING = 78  # a person has to install it: the watchdog does not try again


def main() -> int:
    """Run a Redis, or watch the one that is there."""
    settings = read_settings()
    other = find_redis(settings.redis_port)
    if other is not None:
        print(f"A Redis answers at port {settings.redis_port} already: that one is used.")
        return watch(other)
    return start(settings.redis_port, settings.state / "redis")


def find_redis(port: int) -> socket.socket | None:
    """A connection to the Redis at this port, if one answers."""
    try:
        connection = socket.create_connection((HOST, port), timeout=2)
        connection.sendall(b"PING\r\n")
        return connection if connection.recv(64).startswith((b"+PONG", b"-NOAUTH")) else None
    except OSError:
        return None


def watch(connection: socket.socket) -> int:
    """Wait, for as long as it takes, until the other Redis ends."""
    connection.settimeout(None)
    sys.stdout.flush()
    try:
        while connection.recv(64):
            pass
    except OSError:
        pass
    print("The Redis that was used is gone.")
    return 1


def start(port: int, place: Path) -> int:  # noqa: RET503 - exec does not return
    """Become redis-server; what is queued survives its end (appendonly)."""
    program = shutil.which("redis-server")
    if program is None:
        print("There is no redis-server: apt-get install redis-server", file=sys.stderr)
        return MISSING
    place.mkdir(parents=True, exist_ok=True)
    options = ["--bind", HOST, "--port", str(port), "--dir", str(place)]
    os.execv(program, [program, *options, "--appendonly", "yes", "--save", ""])


if __name__ == "__main__":
    sys.exit(main())
