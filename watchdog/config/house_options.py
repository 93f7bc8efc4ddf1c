"""The options of [watchdog] about itself as a process: its log, its pid file, its limits."""

from __future__ import annotations

from watchdog.config import kinds
from watchdog.config.options import PATH, option

HOUSE_OPTIONS = (
    option(
        "log",
        PATH,
        None,
        "The watchdog's own log.",
        example='"watchdog.log"',
        unset="`<state>/watchdog.log`",
        elsewhere="logfile",
    ),
    option(
        "log_maximum",
        kinds.size(),
        "50MB",
        "The size at which it is rotated; 0 is never.",
        elsewhere="logfile_maxbytes",
    ),
    option(
        "log_backups",
        kinds.integer(0, 1000),
        10,
        "How many rotated files of it are kept.",
        elsewhere="logfile_backups",
    ),
    option(
        "pidfile",
        PATH,
        None,
        "A file with the watchdog's process id, there as long as it runs; for others to read.",
        example='"/run/watchdog.pid"',
        unset="none",
    ),
    option(
        "identifier",
        kinds.text("a name"),
        "watchdog",
        "What it calls itself to supervisor's clients.",
    ),
    option(
        "socket_mode",
        kinds.octal(),
        "600",
        "The mode of the control socket: whoever may write to it controls all programs.",
        elsewhere="chmod",
    ),
    option(
        "socket_owner",
        kinds.text('a user, or "user:group"'),
        None,
        "Who the control socket belongs to (needs root).",
        example='"root:admin"',
        unset="the watchdog's own user",
        elsewhere="chown",
    ),
    option(
        "open_files",
        kinds.integer(0, 2**31),
        None,
        "So many files it must be able to open; the limit is raised at the start, for the programs "
        "too.",
        example="1024",
        unset="the limit stays as it is",
        elsewhere="minfds",
    ),
    option(
        "processes",
        kinds.integer(0, 2**31),
        None,
        "The same for the processes of its user.",
        example="200",
        unset="the limit stays as it is",
        elsewhere="minprocs",
    ),
)
