"""Who may use the control sockets: the keys of [watchdog] that say so, read and checked.

No password is ever in a message: neither a right one nor a wrong one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from watchdog.config.errors import ConfigError, Findings
from watchdog.config.files import read_text
from watchdog.config.model import Login
from watchdog.config.places import resolve
from watchdog.config.read import Table
from watchdog.config.secret import SHORTEST

_SHA = re.compile(r"\{SHA\}[0-9A-Fa-f]{40}")
_SHA_FORM = "{SHA} and the 40 hex digits of the password's SHA-1"


class Logins(Struct, frozen=True):
    """Who may use TCP, and who the unix socket; None is without a password."""

    http: Login | None
    socket: Login | None


def read_logins(table: Table, base: Path, environ: Mapping[str, str], findings: Findings) -> Logins:
    """The logins of the [watchdog] table. What is wrong is noted."""
    if table["password_file"]:
        table.values["password"] = _read_file(table, base, environ, findings)
    logins = Logins(_login(table, "", findings), _login(table, "socket_", findings))
    _check_use(table, logins, findings)
    passwords = (login.password for login in (logins.http, logins.socket) if login)
    findings.hide(password for password in passwords if len(password) >= SHORTEST)
    return logins


def _login(table: Table, prefix: str, findings: Findings) -> Login | None:
    user, password = table[f"{prefix}username"], table[f"{prefix}password"]
    _check_pair(table, prefix, findings)
    if user and ":" in user:
        key = (*table.path, f"{prefix}username")
        findings.add(key, "found a colon in it", "a name without a colon", "HTTP has no way for it")
    if password and password.startswith("{SHA}") and not _SHA.fullmatch(password):
        findings.add((*table.path, f"{prefix}password"), "found {SHA} with no digest", _SHA_FORM)
    return Login(user, password) if user and password else None


def _check_pair(table: Table, prefix: str, findings: Findings) -> None:
    """A user without a password protects nothing, and the other way round."""
    user, *passwords = (f"{prefix}{key}" for key in ("username", "password", "password_file"))
    written = [key for key in passwords if key in table.given]
    if bool(written) == (user in table.given):
        return
    there, missing = (written[0], user) if written else (user, passwords[0])
    hint = f"add {missing}, or take {there} out"
    findings.add((*table.path, there), f"found without {missing}", hint=hint)


def _check_use(table: Table, logins: Logins, findings: Findings) -> None:
    http = table["http"]
    if "password" in table.given and "password_file" in table.given:
        key = (*table.path, "password_file")
        findings.add(key, "found beside password", "one of the two", "take one of them out")
    if logins.http and not http and "http" not in table.given:
        hint = 'add http, such as "127.0.0.1:9877", or take username and password out'
        findings.add((*table.path, "username"), "found without http", "", hint)
    if http and not http.is_loopback and not {"username", "password_file"} & table.given:
        findings.add(
            (*table.path, "http"),
            f"found {http}, where everybody who reaches this machine could control its programs",
            'loopback, such as "127.0.0.1:9877"',
            "or add username and password; then it is allowed",
        )


def _read_file(
    table: Table, base: Path, environ: Mapping[str, str], findings: Findings
) -> str | None:
    """The first line of the password file; None, and a note, if there is none."""
    path, key = resolve(base, table["password_file"], environ), (*table.path, "password_file")
    try:
        password = read_text(path).partition("\n")[0].strip()
    except ConfigError as error:
        findings.add(key, f"{path}: {error.problems[0].found}", hint="write the password into it")
        return None
    if not password:
        findings.add(key, f"{path}: its first line is empty", hint="write the password into it")
    return password or None
