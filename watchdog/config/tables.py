"""The options of a program's own tables: restart, exit_codes, stop, logs, limits."""

from __future__ import annotations

from watchdog.config import kinds
from watchdog.config.options import PATH, option, section

RESTART = section(
    "restart",
    "When and how fast a program that ended comes back: first after `initial`, then after 1 s, "
    "and each time `factor` times longer, up to `maximum`.",
    option(
        "when",
        kinds.choice("always", "on-failure", "never"),
        "always",
        "After which ends it is started again.",
        elsewhere="autorestart policy",
    ),
    option(
        "initial",
        kinds.duration(),
        "0s",
        "The delay before the first restart.",
        elsewhere="RestartSec delay",
    ),
    option("factor", kinds.number(1, 100), 2, "By how much each further delay is longer."),
    option("maximum", kinds.duration(0.1), "5m", "The longest delay.", elsewhere="max cap"),
    option(
        "jitter",
        kinds.number(0, 1),
        0.2,
        "By up to which fraction, both ways, a delay varies by chance.",
    ),
    option(
        "reset_after",
        kinds.duration(),
        "60s",
        "A time of health after which the delays begin anew.",
    ),
    option(
        "limit",
        kinds.integer(0, 1_000_000),
        10,
        "How many automatic restarts there may be `within` a time; 0 is none.",
        elsewhere="StartLimitBurst max_restarts retries",
    ),
    option(
        "within",
        kinds.duration(0.01),
        "10m",
        "The time in which the restarts are counted.",
        elsewhere="StartLimitIntervalSec StartLimitInterval",
    ),
    option(
        "then",
        kinds.choice("hold", "exit"),
        "hold",
        'What happens at the limit: "hold" parks the program as FATAL and tries again every '
        '`maximum`; "exit" ends the watchdog with the program\'s exit code.',
    ),
    option(
        "slow",
        kinds.duration(),
        "60s",
        "The first delay after an exit code from `exit_codes.slow`.",
    ),
    option(
        "start_retries",
        kinds.integer(0, 1_000_000),
        None,
        "How often one that ended before it was RUNNING is tried again, after 1 s, 2 s, 3 s ...; "
        "then it is FATAL until somebody starts it. As in supervisor.",
        example="3",
        unset="the same rules as for any other failure",
        elsewhere="startretries",
    ),
    option(
        "after_success",
        kinds.duration(),
        None,
        "After an exit code from `exit_codes.success`: the least time from one start to the next, "
        "with no growing delays.",
        example='"1s"',
        unset="the same delays as after a failure",
    ),
)

EXIT_CODES = section(
    "exit_codes",
    "What an exit code means; one in no list is a failure. A code that you list is taken out of "
    "the default lists of the other keys.",
    option(
        "success",
        kinds.codes(0, 255),
        [0],
        "It ended as it should.",
        elsewhere="exitcodes SuccessExitStatus",
    ),
    option(
        "fatal",
        kinds.codes(0, 255),
        [2, 77, 78, 126, 127],
        "Starting it again cannot help; it becomes FATAL.",
        elsewhere="RestartPreventExitStatus stop_exit_codes",
    ),
    option(
        "slow",
        kinds.codes(0, 255),
        [69, 75],
        "Something else is in its way; it is started again after `restart.slow`.",
    ),
)

# fmt: off
_SIGNALS = (
    "TERM", "INT", "HUP", "QUIT", "ABRT", "KILL", "USR1", "USR2", "WINCH", "ALRM", "CONT", "PIPE",
    "PROF", "PWR", "RTMIN", "RTMAX", "STOP", "TSTP", "TTIN", "TTOU", "URG", "VTALRM", "XCPU",
    "XFSZ",
)
# fmt: on

STOP = section(
    "stop",
    "How a program is stopped: the signal, then SIGKILL to whatever is left of it.",
    option(
        "signal",
        kinds.signal(*_SIGNALS),
        "TERM",
        "The first signal.",
        elsewhere="stopsignal KillSignal",
    ),
    option(
        "grace",
        kinds.duration(),
        "15s",
        "How long it has between that signal and SIGKILL.",
        elsewhere="stopwaitsecs TimeoutStopSec kill_timeout timeout",
    ),
    option(
        "scope",
        kinds.choice("group", "main"),
        "group",
        "Who gets the first signal: the whole process group, or the main process only.",
        elsewhere="stopasgroup killasgroup KillMode",
    ),
)

RELOAD = section(
    "reload",
    "How it is told to read its own configuration again without an end, as a pre-fork server does "
    "at SIGHUP: `watchdog reload NAME` sends the signal to its main process, and says that it is "
    "done once it is healthy after that. `reload = true` is this table with its defaults "
    "([instances.md](instances.md#a-servers-own-reload)).",
    option(
        "signal",
        kinds.signal("HUP", "USR1", "USR2", "WINCH", "ALRM", "URG", "RTMIN", "RTMAX"),
        "HUP",
        "The signal.",
        elsewhere="ExecReload",
    ),
    option(
        "within",
        kinds.duration(0.1),
        "60s",
        "How long it may take until it is healthy.",
    ),
    optional=True,
    switch=True,
)

LOGS = section(
    "logs",
    "Captured output. It is rotated at whole lines, and secrets are struck out before it is "
    "written.",
    option(
        "path",
        PATH,
        None,
        "The file.",
        example='"bot.log"',
        unset="`<state>/logs/<name>.log`",
        elsewhere="stdout_logfile out_file stdout",
    ),
    option(
        "maximum",
        kinds.size(),
        "50MB",
        "The size at which it is rotated; 0 is never.",
        elsewhere="stdout_logfile_maxbytes max_size maxbytes",
    ),
    option(
        "backups",
        kinds.integer(0, 1000),
        10,
        "How many rotated files are kept.",
        elsewhere="stdout_logfile_backups retain",
    ),
    option(
        "age",
        kinds.duration(0),
        0,
        "It is also rotated with the first line of a new period of this length; 0 is never. A "
        'period of days begins at midnight: `"1d"` makes a file a day.',
        example='"1d"',
    ),
    option(
        "compress",
        kinds.boolean(),
        False,
        "Rotated files are packed with gzip, but for the newest. `watchdog logs` reads them all "
        "the same. It is done in pieces of 2 ms, and needs room for one more file within `total`.",
    ),
    option(
        "total",
        kinds.size(),
        0,
        "What all its logs and rotated files may be together; the oldest rotated files go first. "
        "It holds at every moment. 0 is no such limit.",
        example='"500MB"',
    ),
    option(
        "format",
        kinds.choice("raw", "text", "json"),
        "raw",
        'How lines are written: as they came, with a time ("text"), or as JSON objects.',
    ),
    option(
        "stderr",
        kinds.text('"merge", "separate", "state", "discard" or a path'),
        "merge",
        'Where its standard error goes: into the same file, into `<path>.stderr` ("separate"), '
        'into `<state>/logs/<name>.log.stderr` ("state"), nowhere ("discard"), or into the file of '
        "this path.",
        elsewhere="redirect_stderr stderr_logfile error_file",
    ),
    option(
        "stdout_events",
        kinds.boolean(),
        False,
        "Event listeners are told what is written (PROCESS_LOG_STDOUT).",
        elsewhere="stdout_events_enabled",
    ),
    option(
        "stderr_events",
        kinds.boolean(),
        False,
        "The same for a standard error that is not merged.",
        elsewhere="stderr_events_enabled",
    ),
    option(
        "stdout_capture",
        kinds.size(),
        0,
        "What is written between `<!--XSUPERVISOR:BEGIN-->` and `<!--XSUPERVISOR:END-->` is a "
        "message to event listeners (PROCESS_COMMUNICATION_STDOUT) and not logged; of a longer "
        "one, the end is kept. 0 looks for none.",
        elsewhere="stdout_capture_maxbytes",
    ),
    option(
        "stderr_capture",
        kinds.size(),
        0,
        "The same for a standard error that is not merged.",
        elsewhere="stderr_capture_maxbytes",
    ),
    option(
        "stderr_maximum",
        kinds.size(),
        None,
        "The same as `maximum` for a standard error of its own.",
        example='"50MB"',
        unset="as `maximum`",
        elsewhere="stderr_logfile_maxbytes",
    ),
    option(
        "stderr_backups",
        kinds.integer(0, 1000),
        None,
        "The same as `backups` for a standard error of its own.",
        example="10",
        unset="as `backups`",
        elsewhere="stderr_logfile_backups",
    ),
    option(
        "shared",
        kinds.boolean(),
        False,
        "Other programs write into the same file, too; each of their lines stays whole.",
    ),
)

EVIDENCE = section(
    "evidence",
    "What is kept of a failure, for `watchdog why` and `watchdog incidents`. A process that hangs, "
    "never comes up or outgrows its memory is looked at before it is ended.",
    option(
        "within",
        kinds.duration(0, 10),
        "1s",
        "How long that look may put off the end, and so the restart; 0 does without it. It takes "
        "some 100 ms, and more only on a busy machine.",
    ),
    option(
        "signal",
        kinds.signal("USR1", "USR2", "QUIT", "WINCH"),
        None,
        "A signal at which the program prints its own stacks, such as one given to Python's "
        "`faulthandler.register`. They are then among its last lines.",
        example='"USR2"',
        unset="none: Python is looked into by py-spy, where that is installed and allowed",
    ),
    option(
        "lines",
        kinds.integer(0, 10_000),
        200,
        "How many of its last lines of output are kept.",
    ),
)

INCIDENTS = section(
    "incidents",
    "How much evidence is kept in `<state>/incidents`. Over a limit the oldest goes first, of the "
    "program that has the most.",
    option("count", kinds.integer(1, 100_000), 100, "At most so many incidents."),
    option("age", kinds.duration(60), "30d", "None older than this."),
    option("size", kinds.size(2**20), "100MB", "Altogether at most so large."),
)

# plain word, constant in the module `resource`, kind, meaning
_LIMITS = (
    ("open_files", "RLIMIT_NOFILE", kinds.integer(3, 2**31), "Open files.", "nofile LimitNOFILE"),
    ("processes", "RLIMIT_NPROC", kinds.integer(0, 2**31), "Processes of its user.", "nproc"),
    ("core", "RLIMIT_CORE", kinds.size(), "Size of a core dump.", "LimitCORE"),
    ("memory", "RLIMIT_AS", kinds.size(2**20), "Address space of one process.", "as LimitAS"),
    ("cpu", "RLIMIT_CPU", kinds.duration(1), "Processor time of one process.", "LimitCPU"),
    ("file_size", "RLIMIT_FSIZE", kinds.size(), "Size of a file that it writes.", "fsize"),
    ("stack", "RLIMIT_STACK", kinds.size(2**16), "Size of the stack.", "LimitSTACK"),
    ("data", "RLIMIT_DATA", kinds.size(2**16), "Size of the data segment.", "LimitDATA"),
    ("locked_memory", "RLIMIT_MEMLOCK", kinds.size(), "Memory locked into RAM.", "memlock"),
)
RLIMITS = {key: constant for key, constant, *_ in _LIMITS}

LIMITS = section(
    "limits",
    'Resource limits, both the soft and the hard one: a value or "unlimited".',
    *(
        option(key, kinds.limit(kind), None, doc, unset="inherited", elsewhere=others)
        for key, _, kind, doc, others in _LIMITS
    ),
)
