"""What a unit forbids the watchdog and, since it is inherited, every program below it.

Comments say what kind of program needs a line loosened. What a program may well need and cannot be
told in advance (writing where it likes, the network, a just-in-time compiler) is left open.
"""

from __future__ import annotations

from pathlib import PurePosixPath

from watchdog.export.subject import Subject
from watchdog.export.systemd_words import quote_words

HOMES = ("/home", "/root", "/run/user")
"""What ProtectHome is about."""

_INTRODUCTION = """
# What follows binds the programs, too. Where a program needs more, loosen a line in a drop-in
# (`systemctl edit`); the comments say for whom."""

# Only filters of system calls: what a user's own systemd can set up without privileges.
_FILTERS = """
# Programs that use sudo or another setuid program: no.
NoNewPrivileges=yes
# Browsers and containers, which make sandboxes of their own: no.
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
SystemCallArchitectures=native
# Packet capture, bluetooth: add AF_PACKET, AF_BLUETOOTH.
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
# Beyond @system-service: the lock of an adopted program, and stacks of one that hangs.
SystemCallFilter=@system-service pidfd_getfd ptrace process_vm_readv
SystemCallErrorNumber=EPERM
"""

_SYSTEM = """
# Programs that write below /usr, /boot or /etc: "yes", or ReadWritePaths=.
ProtectSystem=full
# Serial ports, cameras, GPUs: no, and see DeviceAllow=.
PrivateDevices=yes
PrivateMounts=yes
DevicePolicy=closed
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectClock=yes
ProtectHostname=yes
KeyringMode=private
# New files are for the user and the group only. A program's own `umask` goes before it.
UMask=0027
"""

FILES = ("CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER")
"""What programs of root take for granted: any file can be read and written."""

OTHER_USERS = ("CAP_DAC_OVERRIDE", "CAP_KILL", "CAP_SETGID", "CAP_SETUID", "CAP_SYS_PTRACE")
"""What it takes to run programs as other users, and to know them again when they are adopted."""


def list_hardening(subject: Subject) -> str:
    """The lines of a unit for this subject."""
    return _assemble(subject, rules_of(subject))


def list_general_hardening(subject: Subject) -> str:
    """The lines of a template. What an instance needs beyond that is in its drop-in: `rules_of`."""
    rules = ["ProtectHome=read-only", "PrivateTmp=yes", _bound(FILES)]
    return _assemble(subject, rules)


def _assemble(subject: Subject, rules: list[str]) -> str:
    if not subject.system:
        return f"{_INTRODUCTION}{_FILTERS}"
    return f"{_INTRODUCTION}{_FILTERS}{_SYSTEM.lstrip()}" + "\n".join([*rules, ""])


def rules_of(subject: Subject) -> list[str]:
    """What depends on where the subject's things are, and as whom its programs run."""
    if not subject.system:
        return []
    return [*home_rule(subject), *tmp_rule(subject), *capabilities(subject)]


def home_rule(subject: Subject) -> list[str]:
    """Homes are hidden, unless something of ours or of a program lies there."""
    if any(is_in_homes(path) for path in written_places(subject)):
        return ["# Something that is written lies in a home directory.", "ProtectHome=no"]
    if any(is_in_homes(path) for path in read_places(subject)):
        return ["# Something that is read lies in a home directory.", "ProtectHome=read-only"]
    return ["# Programs with files in a home directory: read-only, or no.", "ProtectHome=yes"]


def tmp_rule(subject: Subject) -> list[str]:
    """A /tmp of its own, unless something that matters is in the common one."""
    places = [*written_places(subject), *read_places(subject)]
    if any(is_below(path, ("/tmp", "/var/tmp")) for path in places):
        return ["# Something of ours lies in /tmp.", "PrivateTmp=no"]
    return ["# Programs that meet others at a file in /tmp: no.", "PrivateTmp=yes"]


def capabilities(subject: Subject) -> list[str]:
    """The capabilities that are left to the watchdog and its programs."""
    if subject.around.user not in ("", "root"):
        return ["CapabilityBoundingSet="]
    note = "# A port below 1024: add CAP_NET_BIND_SERVICE."
    if has_other_users(subject):
        several = "# The programs run as several users: with one (--user), far less is needed."
        return [several, "ProtectProc=invisible", note, _bound(OTHER_USERS)]
    return [note, _bound(FILES)]


def written_places(subject: Subject) -> list[str]:
    """What is written to."""
    locks = [subject.around.home] if subject.around.user not in ("", "root") else []
    programs = [place for one in subject.programs for place in (one.directory, one.log)]
    return [subject.state, subject.socket, *locks, *programs]


def read_places(subject: Subject) -> list[str]:
    """What is only read."""
    around = subject.around
    files = [around.environment_file, *(program.env_file for program in subject.programs)]
    return [subject.config, *around.code, *filter(None, files)]


def is_in_homes(path: str) -> bool:
    """Whether ProtectHome would hide it."""
    return is_below(path, HOMES)


def is_below(path: str, places: tuple[str, ...]) -> bool:
    """Whether the path is one of the places or in one."""
    pure = PurePosixPath(path)
    return any(pure.is_relative_to(place) for place in places)


def _bound(names: tuple[str, ...]) -> str:
    return f"CapabilityBoundingSet={quote_words(names)}"


def has_other_users(subject: Subject) -> bool:
    """Whether some program runs as somebody else than the watchdog."""
    return any(program.user not in ("", subject.around.user) for program in subject.programs)
