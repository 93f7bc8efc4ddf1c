"""The program that is supervised in the chaos: it stamps its life into a file, every 2 ms.

It runs alone (`python -S -E life.py PLACE`), imports nothing of the project, and starts at most six
further processes, most of which resist their end. `PLACE/mood` says in words what it does:

  hostile   helpers: one with a session of its own, forked twice; one that ignores SIGTERM; one
            that forks a successor and exits, 400 times at most; one without environment,
            session and descriptors
  stubborn  the main process ignores SIGTERM
  slow      it needs a while to end after SIGTERM
  brief     it fails after 30 ms
  chatty    it writes numbered lines

A stamp is (begin, last, pid, tree, role): nanoseconds of CLOCK_MONOTONIC, and the tree is the begin
of the main process. The main process also takes the lock on `PLACE/gate`, which its forked helpers
inherit: if somebody has it, two trees live, and that is written to `PLACE/doubles`.
"""

# pathlib would be the slowest part of its start:
# ruff: noqa: PTH104, PTH123

import fcntl
import mmap
import os
import signal
import socket
import struct
import sys
import time

BEGAN = time.monotonic_ns()
STAMP = struct.Struct("=5q")
PERIOD = 0.002  # seconds
LAST = struct.Struct("=q")
GENERATIONS = 400  # of the helper that forks on and on
# Seconds after which everything of it ends by itself, whatever happened.
LIFETIME = float(os.environ.get("WATCHDOG_TEST_LIFETIME", "600"))


class Stamps:
    """One process's own file."""

    def __init__(self, place, tree, role):
        begun = time.monotonic_ns()
        name = f"{place}/lives/{tree}-{role}-{os.getpid()}-{begun}"
        with open(f"{name}.new", "wb+") as file:
            file.write(STAMP.pack(begun, begun, os.getpid(), tree, role))
            file.flush()
            self.page = mmap.mmap(file.fileno(), STAMP.size)
        os.rename(f"{name}.new", name)

    def inherit(self):
        """Go on in this process where its parent ends."""
        LAST.pack_into(self.page, 2 * LAST.size, os.getpid())

    def now(self):
        """It lives."""
        LAST.pack_into(self.page, LAST.size, time.monotonic_ns())


def live(stamps, until):
    """Stamp, and no more, until the time has come."""
    end = time.monotonic() + until
    while time.monotonic() < end:
        stamps.now()
        time.sleep(PERIOD)


def fork():
    """True in the child."""
    return os.fork() == 0


def stray(place, tree):
    """A session of its own, forked twice."""
    if fork():
        os.setsid()
        if fork():
            live(Stamps(place, tree, 1), LIFETIME)
        os._exit(0)


def deaf(place, tree):
    """Ignores all that can be ignored."""
    if fork():
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        live(Stamps(place, tree, 2), LIFETIME)
        os._exit(0)


def hydra(place, tree):
    """One at a time: each forks the next and ends."""
    if not fork():
        return
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    stamps = Stamps(place, tree, 3)
    for number in range(GENERATIONS):
        live(stamps, 0.01)
        if number % 3 == 0:
            os.setpgid(0, 0)
        if not fork():
            os._exit(0)
        stamps.inherit()
    os._exit(0)


def bare(place, tree):
    """No environment but the world's own mark, no session, no descriptor of its parents."""
    if not fork():
        return
    os.setsid()
    if fork():
        os.closerange(0, 256)
        kept = {key: os.environ[key] for key in ("WATCHDOG_TEST_WORLD",) if key in os.environ}
        words = [sys.executable, "-S", "-E", __file__, place, "helper", str(tree)]
        os.execve(sys.executable, words, kept)
    os._exit(0)


def pass_the_gate(place, tree):
    """Take the lock of the judge, or bear witness that somebody has it."""
    gate = os.open(f"{place}/gate", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(gate, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        with open(f"{place}/doubles", "a") as file:
            file.write(f"{tree} {os.getpid()} {time.monotonic_ns()}\n")
    return gate


def beat(address):
    """A function that says that all is well, if anybody wants to hear it."""
    if not address:
        return lambda: None
    sender = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    sender.setblocking(False)
    name = "\0" + address[1:] if address.startswith("@") else address

    def send():
        try:
            sender.sendto(b"READY=1\nWATCHDOG=1", name)
        except OSError:
            return  # nobody listens just now

    return send


def main(place):
    """The main process."""
    tree = BEGAN
    stamps = Stamps(place, tree, 0)
    gate = pass_the_gate(place, tree)
    with open(f"{place}/mood") as file:
        mood = file.read().split()
    if "hostile" in mood:
        for start in (stray, deaf, hydra, bare):
            start(place, tree)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    ending = []
    handler = signal.SIG_IGN if "stubborn" in mood else lambda *_: ending.append(time.monotonic())
    signal.signal(signal.SIGTERM, handler)
    send = beat(os.environ.get("NOTIFY_SOCKET"))
    grace = 0.05 if "slow" in mood else 0.0
    number, began = 0, time.monotonic()
    while time.monotonic() < began + LIFETIME:
        stamps.now()
        if number % 20 == 0:
            send()
        if "chatty" in mood:
            os.write(1, b"line %d %d of a life\n" % (tree, number))
        number += 1
        if ending and time.monotonic() >= ending[0] + grace:
            break
        if "brief" in mood and time.monotonic() > began + 0.03:
            os._exit(1)
        time.sleep(PERIOD)
    os.close(gate)
    stamps.now()


if __name__ == "__main__":
    if sys.argv[2:3] == ["helper"]:
        live(Stamps(sys.argv[1], int(sys.argv[3]), 4), LIFETIME)
    else:
        main(sys.argv[1])
