"""Where the lock files are: one directory that depends on the user alone, never on $HOME.

It must be ours alone, or others could move a held file away; and on a local filesystem, because
a network filesystem turns flock into a record lock, which no child inherits and any close drops.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Mapping
from pathlib import Path

from watchdog.locks.record import LockProblem

assert sys.platform != "win32"

OVERRIDE = "WATCHDOG_LOCK_DIR"  # for tests: everyone must agree on one directory
ROOTS = Path("/run/watchdog")
USERS = ".local/state/watchdog/locks"

# As /proc/self/mountinfo names them.
NETWORK = frozenset(
    {"nfs", "nfs4", "cifs", "smb2", "smb3", "smbfs", "ncpfs", "9p", "afs", "coda", "ceph", "davfs"}
    | {"gfs2", "ocfs2", "lustre", "gpfs", "beegfs", "glusterfs", "orangefs"}
    | {f"fuse.{name}" for name in ("sshfs", "glusterfs", "ceph", "s3fs", "rclone", "gcsfuse")}
    | {f"fuse.{name}" for name in ("goofys", "davfs", "curlftpfs", "juicefs", "seaweedfs")}
)


def lock_directory(environ: Mapping[str, str] = os.environ) -> Path:
    """The directory of this user's lock files, whether or not it exists."""
    if override := environ.get(OVERRIDE):
        return Path(override)
    if os.geteuid() == 0:
        return ROOTS
    import pwd  # root needs it not

    try:
        return Path(pwd.getpwuid(os.geteuid()).pw_dir) / USERS
    except KeyError:
        raise LockProblem(
            f"the user with id {os.geteuid()} has no home directory on record, where its locks "
            f"would be kept; add it to the user database, or set {OVERRIDE}"
        ) from None


def prepare(directory: Path) -> None:
    """Create the directory, or check that it is fit; raises LockProblem."""
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = directory.stat(follow_symlinks=False)
    except OSError as error:
        raise LockProblem(
            f"the lock directory {directory} cannot be made: {error.strerror}"
        ) from None
    _check_owner(directory, found)
    _check_filesystem(directory)


def filesystem_of(path: str, mountinfo: str) -> str:
    """The type of the filesystem that `path` (absolute, no links) is on, by mountinfo's text."""
    best, kind = "", ""
    for line in mountinfo.splitlines():
        left, _, right = line.partition(" - ")
        fields = left.split()
        if len(fields) < 5 or not right:
            continue
        point = _unescape(fields[4])
        # Of two mounts on one point the later one is on top.
        if _is_below(path, point) and len(point) >= len(best):
            best, kind = point, right.split()[0]
    return kind


def _check_owner(directory: Path, found: os.stat_result) -> None:
    if not stat.S_ISDIR(found.st_mode):
        raise LockProblem(f"the lock directory {directory} is no directory (or a link); remove it")
    if found.st_uid != os.geteuid():
        raise LockProblem(
            f"the lock directory {directory} belongs to the user with id {found.st_uid}, not to "
            f"{os.geteuid()}; remove it, or chown it"
        )
    if found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise LockProblem(
            f"the lock directory {directory} can be written by others, who could move a held lock "
            f"away; chmod 700 {directory}"
        )


def _check_filesystem(directory: Path) -> None:
    try:
        mountinfo = Path("/proc/self/mountinfo").read_text(errors="surrogateescape")
    except OSError:
        return  # no /proc: nothing is known, and nothing is refused
    kind = filesystem_of(str(directory.resolve()), mountinfo)
    if kind in NETWORK:
        raise LockProblem(
            f"the lock directory {directory} is on a network filesystem ({kind}), where locks do "
            f"not hold as they must; set {OVERRIDE} to a local directory, the same for all users "
            "of the lock"
        )


def _is_below(path: str, point: str) -> bool:
    return path == point or path.startswith(point.rstrip("/") + "/")


def _unescape(text: str) -> str:
    """Undo mountinfo's octal escapes of space, tab, newline and backslash."""
    for code, character in (("040", " "), ("011", "\t"), ("012", "\n"), ("134", "\\")):
        text = text.replace(f"\\{code}", character)
    return text
