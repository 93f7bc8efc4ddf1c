"""User and password for a watchdog that asks for them. They are never words of the command line."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from watchdog.client.errors import Unreachable

VARIABLE = "WATCHDOG_PASSWORD"
_WAYS = f"put it into {VARIABLE}, or into a file (--password-file)"


def find_login(options: argparse.Namespace) -> tuple[str, str] | None:
    """The user that was given with their password, else what the configuration has; or None."""
    if options.user:
        return options.user, _find_password(options.user, options.password_file)
    if options.socket or options.run_name:
        return None
    return _read_config(options.config)


def _find_password(user: str, file: str | None) -> str:
    if file:
        return _read_file(Path(file))
    if VARIABLE in os.environ:
        return os.environ[VARIABLE]
    if not sys.stdin.isatty():
        raise Unreachable("", f"there is no password for {user}, and nobody to ask; {_WAYS}")
    import getpass

    return getpass.getpass(f"Password for {user}: ")


def _read_file(path: Path) -> str:
    """The first line."""
    try:
        return path.read_text(encoding="utf-8").partition("\n")[0].strip()
    except OSError as error:
        raise Unreachable("", f"--password-file {path}: {error.strerror}; {_WAYS}") from None
    except UnicodeDecodeError:
        raise Unreachable("", f"--password-file {path}: it is no text; {_WAYS}") from None


def _read_config(given: str | None) -> tuple[str, str] | None:
    """The socket's own, of the configuration by which the socket was found.

    Its digest is of no use here: then the password has to be given.
    """
    from watchdog.config.errors import ConfigError
    from watchdog.config.find import find
    from watchdog.config.loading import load

    try:
        login = load(find(given, os.environ)).socket_login
    except ConfigError:
        return None
    if login is None or login.password.startswith("{SHA}"):
        return None
    return login.user, login.password
