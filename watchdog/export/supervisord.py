"""A `[program:x]` section for a supervisord.conf that is there already."""

from __future__ import annotations

import math
import shlex

from watchdog.export.kind import File, Option, Step
from watchdog.export.subject import Subject

SUMMARY = "a [program:x] section for supervisord"
OPTIONS = (
    Option("--conf-dir", "where supervisord looks for more sections", "DIR"),
    Option("--log-dir", "where supervisord keeps what the watchdog prints", "DIR"),
)
CONF_DIR, LOG_DIR = "/etc/supervisor/conf.d", "/var/log/supervisor"
"""Debian's; the package of another system may have others."""

START_SECONDS = 5
"""What ends sooner never ran: it refused. A watchdog is up within a second; a slow disk is allowed
for."""

START_RETRIES = 10
"""supervisord waits 1 s, 2 s, 3 s ... before each: it gives up after about a minute."""

KEPT_OUT = (0, 69, 77, 78)
"""Exit codes after which nobody starts it again: it was told to end; another one runs, and has the
programs; a program's token was refused, or the configuration is bad, and a person must act."""


def render(subject: Subject) -> list[File]:
    """The section."""
    return [File(f"{_directory(subject)}/{subject.name}.conf", section_of(subject))]


def install(subject: Subject) -> list[Step]:
    """supervisord reads it, and starts it; or again, if it has changed."""
    return [
        Step(("mkdir", "-p", _logs(subject))),
        Step(("supervisorctl", "update", subject.name)),
    ]


def uninstall(subject: Subject) -> list[Step]:
    """Stopped, with its programs, and forgotten."""
    return [
        Step(("supervisorctl", "stop", subject.name), required=False),
        Step(("supervisorctl", "remove", subject.name), required=False),
    ]


def section_of(subject: Subject) -> str:
    """The section, with what each key is there for."""
    codes = ",".join(map(str, KEPT_OUT))
    head, *words = subject.command
    at = words.index("run") + 1
    command = join([head, *words[:at], "--take-over", *words[at:]])
    return f"""\
; {escape(subject.config)} below supervisord.
; Made by `watchdog service supervisord`; make it anew when the graces in it change.
[program:{subject.name}]
command={command}
{_who(subject)}
; A refusal ends sooner than startsecs and is tried again startretries times, with growing pauses;
; then it is FATAL, and a person has to look: another watchdog runs (69), bad configuration (78).
autostart=true
startsecs={START_SECONDS}
startretries={START_RETRIES}
; Killed or failed later: started again at once, and it adopts what runs. Not after these codes.
autorestart=unexpected
exitcodes={codes}

; One SIGTERM, to the watchdog alone: it stops the programs itself, in order and with their graces,
; for which it needs up to stopwaitsecs. After that supervisord kills the watchdog, and only it.
stopsignal=TERM
stopwaitsecs={math.ceil(subject.stop_seconds)}
stopasgroup=false
killasgroup=false

; What the watchdog says; what its programs write has logs of its own.
redirect_stderr=true
stdout_logfile={escape(_logs(subject))}/%(program_name)s.log
stdout_logfile_maxbytes=10MB
stdout_logfile_backups=5
"""


def join(words: list[str]) -> str:
    """A command as supervisord takes it apart again: first its own `%` and comments, then words."""
    return " ".join(map(_quote, words))


def escape(text: str) -> str:
    """A value in which supervisord shall expand nothing."""
    return text.replace("%", "%%")


def _quote(word: str) -> str:
    quoted = escape(shlex.quote(word))
    # After a space these begin a comment, also within quotes: the quotes are closed and opened.
    return quoted.replace(" ;", " '';").replace(" #", " ''#")


def _who(subject: Subject) -> str:
    """The user, and the environment that a login would have given him."""
    around = subject.around
    wanted = {"PATH": around.path, "HOME": around.home if around.user else ""}
    wanted["USER"] = wanted["LOGNAME"] = around.user
    pairs = [f'{key}="{escape(value)}"' for key, value in wanted.items() if _can_say(value)]
    lines = [f"user={around.user}"] if around.user else []
    return "\n".join([*lines, *([f"environment={','.join(pairs)}"] if pairs else []), ""])


def _can_say(value: str) -> bool:
    """Whether supervisord's `environment` has a way to write it."""
    return bool(value) and not any(bad in value for bad in ('"', "'", "\n", " ;", " #"))


def _directory(subject: Subject) -> str:
    return subject.options.get("conf-dir", CONF_DIR)


def _logs(subject: Subject) -> str:
    return subject.options.get("log-dir", LOG_DIR)
