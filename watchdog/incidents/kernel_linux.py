"""What Linux tells of a living process, read from /proc; it changes nothing and sends no signal.

A process takes some 0.2 ms. What may not be read (other users' processes, kernel stacks for all but
root) is left out.
"""

from __future__ import annotations

import contextlib
import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

assert sys.platform == "linux"

MOST_THREADS = 32  # of a process, whose kernel stacks are read
MOST_FILES = 64  # open files of a process that are named
LONGEST_COMMAND = 400  # characters
TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")
SOCKET_STATES = {
    "01": "ESTABLISHED", "02": "SYN_SENT", "03": "SYN_RECV", "04": "FIN_WAIT1", "05": "FIN_WAIT2",
    "06": "TIME_WAIT", "07": "CLOSE", "08": "CLOSE_WAIT", "09": "LAST_ACK", "0A": "LISTEN",
    "0B": "CLOSING",
}  # fmt: skip
"""The kernel's numbers in /proc/net/tcp (include/net/tcp_states.h)."""


def describe(pid: int, sockets: dict[str, str]) -> dict[str, Any]:
    """One process as the kernel tells of it."""
    return outline(pid) | {
        "open_files": len(listed(f"/proc/{pid}/fd")),
        "files": list(open_files(pid, sockets)),
        "waits_in": read(f"/proc/{pid}/wchan").strip("0"),
        "kernel": kernel_stacks(pid),
    }


def outline(pid: int) -> dict[str, Any]:
    """The little of it that costs little: two small files."""
    stat = stat_of(pid)
    return {
        "pid": pid,
        "parent": int(stat[1]) if stat else 0,
        "command": command_of(pid),
        "state": stat[0] if stat else "",
        "threads": int(stat[17]) if stat else 0,
        "cpu_seconds": round(cpu_seconds(pid), 2),
        "resident_bytes": resident(pid),
    }


def is_python(pid: int) -> bool:
    """Whether it runs an interpreter, by its program or by a library that it has loaded."""
    with contextlib.suppress(OSError):
        if "python" in Path(f"/proc/{pid}/exe").readlink().name:
            return True
    return "libpython" in read(f"/proc/{pid}/maps")


def catches(pid: int, signal: int) -> bool:
    """Whether it has a handler for a signal: a bit of the mask SigCgt in /proc/PID/status."""
    lines = read(f"/proc/{pid}/status").splitlines()
    mask = next((line.split()[1] for line in lines if line.startswith("SigCgt:")), "0")
    return bool(int(mask, 16) >> (signal - 1) & 1)


def read(path: str) -> str:
    """A small file of /proc; empty if it is not there, or not for us."""
    with contextlib.suppress(OSError):
        return Path(path).read_text(errors="replace")
    return ""


def stat_of(pid: int) -> list[str]:
    """The fields of /proc/PID/stat from the state on (field 3 of proc(5) is index 0)."""
    return read(f"/proc/{pid}/stat").rpartition(")")[2].split()


def cpu_seconds(pid: int) -> float:
    """What it has used so far, in user and in kernel mode."""
    stat = stat_of(pid)
    return (int(stat[11]) + int(stat[12])) / TICKS if stat else 0.0


def resident(pid: int) -> int:
    """Bytes that it has in memory."""
    fields = read(f"/proc/{pid}/statm").split()
    return int(fields[1]) * PAGE if fields else 0


def command_of(pid: int) -> str:
    """How it was started, as far as it fits."""
    words = read(f"/proc/{pid}/cmdline").replace("\0", " ").strip()
    return words[:LONGEST_COMMAND]


def kernel_stacks(pid: int) -> list[str]:
    """Where its threads are in the kernel, for root; the same place is told once."""
    threads = sorted(listed(f"/proc/{pid}/task"), key=int)[:MOST_THREADS]
    stacks = (read(f"/proc/{pid}/task/{thread}/stack") for thread in threads)
    return list(dict.fromkeys(names_in(stack) for stack in stacks if stack.strip()))


def names_in(stack: str) -> str:
    """The functions of a kernel stack, innermost first: "[<0>] do_sys_poll+0x1a/0x2b"."""
    lines = (line.partition("] ")[2].partition("+")[0].strip() for line in stack.splitlines())
    return " < ".join(name for name in lines if name)


def listed(path: str) -> list[str]:
    """The names in a directory of /proc."""
    with contextlib.suppress(OSError):
        return os.listdir(path)  # noqa: PTH208 - names are all that is wanted
    return []


def open_files(pid: int, sockets: dict[str, str]) -> Iterator[str]:
    """Its open descriptors, in words: a path, or both ends of a connection."""
    for name in sorted(listed(f"/proc/{pid}/fd"), key=int)[:MOST_FILES]:
        with contextlib.suppress(OSError):
            target = str(Path(f"/proc/{pid}/fd/{name}").readlink())
            yield f"{name}: {sockets.get(target, target)}"


def read_sockets(pid: int) -> dict[str, str]:
    """Every TCP socket of the network that the process is in, by the name that /proc gives it."""
    found: dict[str, str] = {}
    for table in ("tcp", "tcp6"):
        for line in read(f"/proc/{pid}/net/{table}").splitlines()[1:]:
            fields = line.split()
            ends = f"{address(fields[1])} -> {address(fields[2])}"
            state = SOCKET_STATES.get(fields[3], fields[3])
            found[f"socket:[{fields[9]}]"] = f"tcp {ends} {state}"
    return found


def address(text: str) -> str:
    """An address of /proc/net/tcp: hexadecimal words of the machine's own byte order."""
    digits, _, port = text.partition(":")
    words = (digits[i : i + 8] for i in range(0, len(digits), 8))
    raw = b"".join(int(word, 16).to_bytes(4, sys.byteorder) for word in words)
    family = socket.AF_INET if len(raw) == 4 else socket.AF_INET6
    return f"{socket.inet_ntop(family, raw)}:{int(port, 16)}"
