"""The options that say who may use the control sockets."""

from __future__ import annotations

from watchdog.config import kinds
from watchdog.config.options import PATH, option

_USER = kinds.text("a name without a colon")
_PASSWORD = kinds.text("a password, or {SHA} and the 40 hex digits of its SHA-1")

LOGIN = (
    option(
        "username",
        _USER,
        None,
        "Who may use `http`. Needs `password` or `password_file`.",
        example='"admin"',
        unset="no password is asked for",
        elsewhere="user",
    ),
    option(
        "password",
        _PASSWORD,
        None,
        "The password for `http`. Better a variable, or `password_file`, than the text itself.",
        example='"${WATCHDOG_PASSWORD}"',
        private=True,
        elsewhere="passwd",
    ),
    option(
        "password_file",
        PATH,
        None,
        "A file whose first line is the password for `http`.",
        example='"/etc/watchdog/password"',
    ),
    option(
        "metrics_public",
        kinds.boolean(),
        False,
        "Let everybody who reaches `http` read `/metrics` without the password.",
    ),
    option(
        "socket_username",
        _USER,
        None,
        "Who may use `socket`, beside what its mode asks for. Needs `socket_password`.",
        unset="whoever may open the file",
    ),
    option(
        "socket_password",
        _PASSWORD,
        None,
        "The password for `socket`, as for `password`.",
        private=True,
    ),
)
