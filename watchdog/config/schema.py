"""Every option of the configuration, once: key, kind, default, meaning.

Reading, validation, the hints for misspelt keys and the reference page all come from these tables.
"""

from __future__ import annotations

from watchdog.config import kinds
from watchdog.config.alert_options import ALERTS
from watchdog.config.drilling import DRILL
from watchdog.config.held_sockets import sockets
from watchdog.config.hooking import HOOKS
from watchdog.config.house_options import HOUSE_OPTIONS
from watchdog.config.identity import singleton
from watchdog.config.listening import LISTENER
from watchdog.config.login_options import LOGIN
from watchdog.config.options import PATH, option, section
from watchdog.config.probe_options import LIVENESS, READINESS, STARTUP
from watchdog.config.recycling import CPU, MEMORY, SCHEDULE
from watchdog.config.tables import (
    EVIDENCE,
    EXIT_CODES,
    INCIDENTS,
    LIMITS,
    LOGS,
    RELOAD,
    RESTART,
    STOP,
)

MOST_INSTANCES = 1000
"""Of one program. More is a mistake, and would be started all the same."""

WATCHDOG = section(
    "watchdog",
    "The watchdog itself. A change of these takes effect at its next start, not at a reload.",
    option(
        "state",
        PATH,
        None,
        "Directory for the journal, incidents and captured logs.",
        example='"state"',
        unset="`~/.local/state/watchdog/<config>` (`$XDG_STATE_HOME`), for root "
        "`/var/lib/watchdog/<config>`; `<config>` is made from the config file's own path",
        elsewhere="directory childlogdir statedir",
    ),
    option(
        "socket",
        PATH,
        None,
        "The control socket, always there. At most 107 bytes long.",
        example='"state/control.sock"',
        unset="`<state>/control.sock`",
        elsewhere="file unix_http_server sock",
    ),
    option(
        "http",
        kinds.address(),
        None,
        "Address and port for control over TCP, `/metrics` and `/healthz`. Without a password only "
        "loopback is allowed, and every user of the machine can use it.",
        example='"127.0.0.1:9877"',
        unset="no TCP port",
        elsewhere="inet_http_server port listen",
    ),
    *LOGIN,
    option(
        "cgroup",
        kinds.choice("auto", "off"),
        "auto",
        "Whether each program gets a cgroup (v2) of its own, below the watchdog's, which holds "
        'what sheds every other trace. "auto": where one may be made, as `watchdog doctor` tells. '
        '"off": never, for programs that make cgroups themselves, such as container engines.',
    ),
    *HOUSE_OPTIONS,
    INCIDENTS,
)

PROGRAM = section(
    "programs.NAME",
    "One program. The name has letters, digits, `_`, `.`, `@`, `+` and `-`; as "
    '`[programs."web:worker_1"]` it belongs to a group, and `watchdog stop web:*` means all of it.',
    option(
        "command",
        kinds.command(),
        None,
        "What to run. One string is split into words as a shell does it, but no shell runs: for "
        'pipes and the like write `["sh", "-c", "..."]`.',
        example='["python", "-m", "bot"]',
        required=True,
        private=True,
        unset="required",
        elsewhere="ExecStart cmd script exec run args",
    ),
    option(
        "directory",
        PATH,
        None,
        "Where it runs.",
        example='"."',
        unset="the config file's directory",
        elsewhere="WorkingDirectory cwd chdir working_directory",
    ),
    option(
        "environment",
        kinds.variables(),
        None,
        "Variables for it, over those of `env_file`, over the watchdog's own.",
        example='{ LANG = "C.UTF-8" }',
        private=True,
        elsewhere="env Environment",
    ),
    option(
        "env_file",
        PATH,
        None,
        "A file of KEY=value lines, with quotes, `export` and comments; nothing is expanded in it.",
        example='".env"',
        elsewhere="EnvironmentFile dotenv",
    ),
    option(
        "user",
        kinds.text("a user's name or number"),
        None,
        "Run as this user (needs root).",
        example='"bot"',
        unset="the watchdog's own",
        elsewhere="User uid",
    ),
    option(
        "group",
        kinds.text("a group's name or number"),
        None,
        "Run as this group.",
        example='"bot"',
        unset="the user's own",
        elsewhere="Group gid",
    ),
    option(
        "umask",
        kinds.octal(),
        None,
        "Mask for the modes of new files.",
        example='"022"',
        unset="inherited",
        elsewhere="UMask",
    ),
    option(
        "singleton",
        singleton(),
        None,
        "The identity of which only one may run on this machine. Of `telegram:<token>` only the "
        "bot's numeric id is used and stored.",
        example='"telegram:${TELEGRAM_BOT_TOKEN}"',
        unset="any number may run",
        private=True,
        elsewhere="lock lockfile unique",
    ),
    option(
        "when_held",
        kinds.choice("fail", "wait"),
        "fail",
        'What to do when another holds the singleton: fail, or stand by ("wait").',
    ),
    option(
        "lease",
        kinds.url("redis", "rediss", "postgresql", "postgres", "etcd", "etcds"),
        None,
        "The store that keeps the singleton unique across machines. It needs `singleton`, and "
        'makes `on_watchdog_death` "kill".',
        example='"redis://localhost:6379/0"',
        unset="this machine only",
        private=True,
    ),
    option(
        "depends_on",
        kinds.names('a list of programs\' names such as ["web"]'),
        [],
        "Programs that must be ready before this one starts (docs/order.md).",
        example='["web"]',
        elsewhere="After Requires needs",
    ),
    option(
        "group_name",
        kinds.label(),
        None,
        "The group of programs that it belongs to, for supervisorctl's `group:*`.",
        example='"workers"',
        unset="a group of its own, with its own name",
    ),
    option(
        "instances",
        kinds.integer(0, MOST_INSTANCES),
        None,
        "How many of it there are: the group `NAME` of `NAME:NAME_00`, `NAME:NAME_01` ..., also "
        "for 1. In its texts `%(process_num)d` and the like are replaced, and `%%` is a percent "
        "sign ([instances.md](instances.md)).",
        example="4",
        unset="one, that is called `NAME`; no % is replaced",
        elsewhere="numprocs replicas scale",
    ),
    option(
        "update",
        kinds.choice("at-once", "rolling"),
        "at-once",
        "When a reload changes what its process is started with: restarted at once, or one after "
        "the other, as `watchdog restart --rolling` does it.",
    ),
    option(
        "stdin",
        kinds.choice("null", "pipe", "socket"),
        "null",
        "What it reads from: nothing, or what supervisorctl's `fg` (`sendProcessStdin`) sends it, "
        'or, as FastCGI servers have it, the one socket of `sockets` ("socket").',
        elsewhere="StandardInput",
    ),
    option(
        "sockets",
        sockets(),
        [],
        "Addresses at which the watchdog listens for it. They stay open while it is restarted, and "
        "it gets them from descriptor 3 on, as from systemd (`LISTEN_FDS`); "
        "[sockets.md](sockets.md) says more.",
        example='["127.0.0.1:8000", { listen = "unix:web.sock", mode = "660" }]',
        elsewhere="ListenStream bind listen",
    ),
    option("autostart", kinds.boolean(), True, "Start it together with the watchdog."),
    option(
        "priority",
        kinds.integer(-1_000_000, 1_000_000),
        999,
        "Lower starts earlier and stops later.",
    ),
    option(
        "group_priority",
        kinds.integer(-1_000_000, 1_000_000),
        None,
        "The priority of its group, which counts before its own.",
        example="999",
        unset="as `priority`",
    ),
    option(
        "start_seconds",
        kinds.duration(),
        "1s",
        "Without a startup probe: how long it must live to count as RUNNING.",
        elsewhere="startsecs min_uptime",
    ),
    option(
        "heartbeat",
        kinds.duration(0.1),
        None,
        "The longest silence between two sd_notify `WATCHDOG=1`; after it the program hangs.",
        example='"30s"',
        unset="no heartbeat",
        elsewhere="WatchdogSec",
    ),
    *SCHEDULE,
    option(
        "on_watchdog_death",
        kinds.choice("adopt", "kill"),
        None,
        "When the watchdog is killed: the program lives on and the next watchdog adopts it, or "
        "it is killed too.",
        example='"adopt"',
        unset='`"adopt"`; with a lease, or of a listener, `"kill"`',
    ),
    STARTUP,
    READINESS,
    LIVENESS,
    RESTART,
    EXIT_CODES,
    STOP,
    HOOKS,
    RELOAD,
    MEMORY,
    CPU,
    LIMITS,
    LOGS,
    LISTENER,
    EVIDENCE,
    DRILL,
)
SECTIONS = (WATCHDOG, PROGRAM, ALERTS)
