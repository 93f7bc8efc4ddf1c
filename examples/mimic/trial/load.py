"""Load on the web server: wrk, with kept and with new connections, and what it saw go wrong."""

from __future__ import annotations

import contextlib
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field

from trial.place import HOME, Place
from trial.platform import Trouble

LONGEST = 600  # seconds, after which wrk ends by itself
PATIENCE = 30  # seconds that a request may take: while gunicorn starts, requests wait
_REQUESTS = re.compile(r"(\d+) requests in")
_ERRORS = re.compile(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)")
_BAD = re.compile(r"Non-2xx or 3xx responses: (\d+)")


@dataclass
class Tally:
    """What all connections saw together."""

    requests: int = 0
    failures: int = 0  # refused, cut off, timed out, or not answered with 2xx
    reports: list[str] = field(default_factory=list)

    def add(self, report: str) -> None:
        """Read one report of wrk."""
        found = _REQUESTS.search(report)
        if found is None:
            raise Trouble(f"wrk ended without a report: {report.strip()}")
        self.requests += int(found[1])
        errors = _ERRORS.search(report)
        bad = _BAD.search(report)
        self.failures += sum(map(int, errors.groups())) if errors else 0
        self.failures += int(bad[1]) if bad else 0
        self.reports.append(report)


@contextlib.contextmanager
def load(place: Place, gentle: bool = True) -> Iterator[Tally]:
    """Requests as long as the block lasts; the tally is complete after it."""
    program = shutil.which("wrk")
    if program is None:
        raise Trouble("there is no wrk: apt-get install wrk")
    pace = ["-s", str(HOME / "trial" / "gentle.lua")] if gentle else []
    common = [program, "-t1", "-c4", f"-d{LONGEST}", f"--timeout={PATIENCE}", *pace]
    kinds: tuple[list[str], ...] = ([], ["-H", "Connection: close"])
    running = [_start([*common, *kind, f"http://{place.web}/"]) for kind in kinds]
    tally = Tally()
    try:
        yield tally
    finally:
        for process in running:
            process.send_signal(signal.SIGINT)  # it ends, and reports
        reports = [process.communicate(timeout=PATIENCE)[0] for process in running]
    for report in reports:
        tally.add(report)


def _start(words: list[str]) -> subprocess.Popen[str]:
    return subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
