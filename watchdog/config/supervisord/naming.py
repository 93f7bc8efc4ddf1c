"""Problems that the schema finds in our tables, said in the words of the file that was written."""

from __future__ import annotations

from collections.abc import Mapping

from watchdog.config.errors import Findings, KeyPath, Problem, dotted
from watchdog.config.supervisord.document import Document
from watchdog.config.supervisord.own import PREFIX, SECTION

_PROGRAM = {
    "command": "command",
    "directory": "directory",
    "environment": "environment",
    "user": "user",
    "umask": "umask",
    "priority": "priority",
    "autostart": "autostart",
    "start_seconds": "startsecs",
    "restart.when": "autorestart",
    "restart.start_retries": "startretries",
    "exit_codes.success": "exitcodes",
    "stop.signal": "stopsignal",
    "stop.grace": "stopwaitsecs",
    "logs.path": "stdout_logfile",
    "logs.maximum": "stdout_logfile_maxbytes",
    "logs.backups": "stdout_logfile_backups",
    "logs.stderr": "stderr_logfile",
    "logs.stderr_maximum": "stderr_logfile_maxbytes",
    "logs.stderr_backups": "stderr_logfile_backups",
    "logs": "stdout_logfile",
    "listener.events": "events",
    "listener.buffer": "buffer_size",
    "sockets": "socket",
}
_HOUSE = {
    "socket": ("unix_http_server", "file"),
    "socket_mode": ("unix_http_server", "chmod"),
    "socket_owner": ("unix_http_server", "chown"),
    "socket_username": ("unix_http_server", "username"),
    "socket_password": ("unix_http_server", "password"),
    "http": ("inet_http_server", "port"),
    "username": ("inet_http_server", "username"),
    "password": ("inet_http_server", "password"),
    "log": ("supervisord", "logfile"),
    "log_maximum": ("supervisord", "logfile_maxbytes"),
    "log_backups": ("supervisord", "logfile_backups"),
    "pidfile": ("supervisord", "pidfile"),
    "identifier": ("supervisord", "identifier"),
    "open_files": ("supervisord", "minfds"),
    "processes": ("supervisord", "minprocs"),
}


class DialectFindings(Findings):
    """Findings about our tables, told at the section and key that they came from."""

    def __init__(self, document: Document, sections: Mapping[str, str]) -> None:
        super().__init__(document.sources[0][0])
        self._document = document
        self._sections = sections

    def add(self, path: KeyPath, found: str, allowed: str = "", hint: str = "") -> None:
        """Note a problem at the key `path` of our tables."""
        section, key = self._origin(path)
        place = self._document.place(section, key)
        where = f"[{section}] {key}".strip() if section else ""
        self._problems.append(Problem(*place, where, found, allowed, hint))

    def _origin(self, path: KeyPath) -> tuple[str, str]:
        """The section and the key; ours if it was written there."""
        if path[:1] == ("programs",) and len(path) > 1:
            return self._origin_in_program(str(path[1]), _plain(path[2:]))
        key = _plain(path if path[:1] == ("alerts",) else path[1:])
        if key in self._document.sections.get(SECTION, {}):
            return SECTION, key
        return _HOUSE.get(key, ("", ""))

    def _origin_in_program(self, program: str, key: str) -> tuple[str, str]:
        section = self._sections.get(program, "")
        for name in (program, section.partition(":")[2].strip()):
            ours = self._document.sections.get(PREFIX + name, {})
            if written := _longest(key, ours):
                return PREFIX + name, written
        return section, _longest(key, _PROGRAM) and _PROGRAM[_longest(key, _PROGRAM)]


def _plain(path: KeyPath) -> str:
    return dotted(tuple(part for part in path if not isinstance(part, int)))


def _longest(key: str, known: Mapping[str, object]) -> str:
    """The key, or one within it, or the table around it that is known; empty if none is."""
    within = next((other for other in known if key and other.startswith(f"{key}.")), "")
    while key and key not in known:
        key = key.rpartition(".")[0]
    return key or within
