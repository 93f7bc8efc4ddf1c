"""Which sections and keys supervisord knows. It ignores any other, without a word; we say so."""

from __future__ import annotations

from watchdog.config.errors import nearest
from watchdog.config.supervisord.own import PREFIX as OURS
from watchdog.config.supervisord.own import SECTION as OUR_SECTION
from watchdog.config.supervisord.reading import Reading

_PROGRAM = frozenset(
    [
        "command",
        "process_name",
        "numprocs",
        "numprocs_start",
        "directory",
        "umask",
        "priority",
        "autostart",
        "autorestart",
        "startsecs",
        "startretries",
        "stopsignal",
        "stopwaitsecs",
        "stopasgroup",
        "killasgroup",
        "exitcodes",
        "user",
        "redirect_stderr",
        "environment",
        "serverurl",
        "stdout_logfile",
        "stdout_logfile_maxbytes",
        "stdout_logfile_backups",
        "stdout_capture_maxbytes",
        "stdout_events_enabled",
        "stdout_syslog",
        "stderr_logfile",
        "stderr_logfile_maxbytes",
        "stderr_logfile_backups",
        "stderr_capture_maxbytes",
        "stderr_events_enabled",
        "stderr_syslog",
    ]
)
_LOGIN = frozenset({"username", "password"})
_KEYS: dict[str, frozenset[str] | None] = {  # None: whatever the plugin wants
    "supervisord": frozenset(
        [
            "nodaemon",
            "user",
            "umask",
            "directory",
            "logfile",
            "logfile_maxbytes",
            "logfile_backups",
            "loglevel",
            "pidfile",
            "identifier",
            "childlogdir",
            "minfds",
            "minprocs",
            "nocleanup",
            "strip_ansi",
            "profile_options",
            "silent",
            "environment",
        ]
    ),
    "supervisorctl": _LOGIN | {"serverurl", "prompt", "history_file"},
    "unix_http_server": _LOGIN | {"file", "chmod", "chown"},
    "inet_http_server": _LOGIN | {"port"},
    "include": frozenset({"files"}),
    "program": _PROGRAM,
    "group": frozenset({"programs", "priority"}),
    "eventlistener": _PROGRAM | {"events", "buffer_size", "result_handler"},
    "fcgi-program": _PROGRAM | {"socket", "socket_backlog", "socket_owner", "socket_mode"},
    "rpcinterface": None,
    "ctlplugin": None,
}
_IGNORED = {
    "rpcinterface": "plugins of supervisord are not loaded; its own interface is always there",
    "ctlplugin": "this is for supervisorctl, which loads it by itself",
}
_BUILT_IN = "rpcinterface:supervisor"


def note_unknown(reading: Reading) -> None:
    """Note every section and key that supervisord would ignore."""
    shared = reading.document.sections
    for section, keys in shared.items():
        kind = section.partition(":")[0]
        if section == OUR_SECTION or section.startswith(OURS):
            continue
        if kind not in _KEYS:
            reading.note(section, "", "unknown section, ignored" + _meant(kind, [*_KEYS]))
        elif kind in _IGNORED and section != _BUILT_IN:
            reading.note(section, "", _IGNORED[kind])
        else:
            _note_keys(reading, section, _KEYS[kind] or frozenset(keys), [*keys])


def _note_keys(reading: Reading, section: str, known: frozenset[str], keys: list[str]) -> None:
    for key in keys:
        if key not in known:
            reading.note(section, key, "unknown key, ignored" + _meant(key, sorted(known)))


def _meant(word: str, known: list[str]) -> str:
    close = nearest(word, known)
    return f"; did you mean {close}?" if close else ""
