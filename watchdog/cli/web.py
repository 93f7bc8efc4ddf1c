"""`watchdog web`: the view of `watchdog top` in a browser, behind a user and a password."""

from __future__ import annotations

import argparse
import importlib.util
import os
import sys
from collections.abc import Iterable

from watchdog.cli.context import BAD_CONFIG, FAILED, OK, Context, complain, make_client_parser
from watchdog.cli.login import VARIABLE, find_login

_SUMMARY = """Serve the view of `watchdog top` to browsers, behind a user and a password: those of
--user, else those of the configuration for `http`. Without either a password is made up for this
time and shown here. Other machines are served only with --listen and a password of yours."""

_EXAMPLE = """watchdog web
  WATCHDOG_PASSWORD=... watchdog web --listen 0.0.0.0:9878 --user admin"""

MISSING = (
    "the view in a browser needs the package textual-serve, which is not installed; install it"
    " with:  pip install 'watchdog-supervisor[web]'"
)
LISTEN = "127.0.0.1:9878"
USER = "watchdog"  # where nobody has named one


def main(context: Context) -> int:
    """Serve until a signal; 78 if textual-serve is missing or nobody may be let in."""
    parser = make_client_parser(context, _SUMMARY, _EXAMPLE, "append")
    parser.add_argument(
        "--listen", metavar="HOST:PORT", default=LISTEN, help="where (%(default)s); port 0: any"
    )
    options = parser.parse_args(context.words)
    if importlib.util.find_spec("textual_serve") is None:
        complain(MISSING)
        return BAD_CONFIG
    host, port = read_place(parser, options.listen)
    login = find_web_login(options)
    made_up = login is None
    if login is None:
        if reason := objection(host):
            complain(reason)
            return BAD_CONFIG
        login = make_up_login()
    if options.user:  # each view may be asked for it, too
        os.environ[VARIABLE] = login[1]
    return start(options, host, port, login, made_up)


def start(
    options: argparse.Namespace, host: str, port: int, login: tuple[str, str], made_up: bool
) -> int:
    """Serve; 1 if the address cannot be had."""
    from watchdog.tui.serving import serve

    def announce(url: str) -> None:
        print(f"The view is at {url}", f"user {login[0]}", sep="\n", flush=True)
        if made_up:
            print(f"password {login[1]}  (for this time only)", flush=True)

    try:
        serve(list(make_command(options)), host, port, login, announce)
    except OSError as error:
        complain(f"cannot listen on {options.listen}: {error.strerror or error}")
        return FAILED
    return OK


def read_place(parser: argparse.ArgumentParser, text: str) -> tuple[str, int]:
    """Host and port."""
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65535:
        parser.error(f"--listen: found {text!r}; allowed: HOST:PORT, such as {LISTEN}")
    return host.removeprefix("[").removesuffix("]"), int(port)


def find_web_login(options: argparse.Namespace) -> tuple[str, str] | None:
    """The user and password that were given, else those of the configuration; or None."""
    if options.user:
        return find_login(options)
    if options.socket or options.run_name or len(options.config or ()) > 1:
        return None
    from watchdog.config.errors import ConfigError
    from watchdog.config.find import find
    from watchdog.config.loading import load

    try:
        login = load(find(next(iter(options.config or ()), None), os.environ)).login
    except ConfigError:
        return None
    return None if login is None else (login.user, login.password)


def objection(host: str) -> str:
    """Why no password can be made up; empty if one can. It must be seen by one person only."""
    from watchdog.config.loopback import is_loopback

    ways = "name a user (--user), with the password in WATCHDOG_PASSWORD or --password-file"
    if not is_loopback(host):
        return f"--listen {host}: whoever reaches it could control the programs; {ways}"
    return "" if sys.stdout.isatty() else f"there is nobody to show a password to; {ways}"


def make_up_login() -> tuple[str, str]:
    """For this time only."""
    import secrets

    return USER, secrets.token_urlsafe(12)


def make_command(options: argparse.Namespace) -> Iterable[str]:
    """The `watchdog top` that each page is. The password goes by the environment."""
    yield from (sys.executable, "-m", "watchdog", "top")
    for option, values in (
        ("--config", options.config),
        ("--socket", options.socket),
        ("--name", options.run_name),
    ):
        for value in values or ():
            yield from (option, value)
    if options.user:
        yield from ("--user", options.user)
