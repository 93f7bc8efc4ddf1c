"""The command line of `python -m bot`: a few commands that do something other than run the bot."""

import argparse
from typing import Any

from bot.exits import ExitCode
from bot.poison_command import add_poison
from bot.settings import known_variables
from bot.settings_page import example_text


def read_arguments() -> argparse.Namespace:
    """The options; `command` is what to call with them instead of running, or None."""
    parser = argparse.ArgumentParser(
        prog="python -m bot",
        description="Run the bot until SIGTERM or SIGINT, or do one of the commands.",
        epilog="Its settings come from the environment and from .env in the working directory: "
        "TELEGRAM_BOT_TOKEN at least; `settings` prints all of them. Exit codes: 0 stopped, "
        "69 already running, 75 server unreachable, 77 token refused, 78 bad configuration.",
    )
    parser.set_defaults(command=None)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    _add_check(commands)
    add_poison(commands)
    settings = commands.add_parser("settings", help="print an .env to fill in")
    settings.set_defaults(command=_print_settings)
    setup = commands.add_parser("otp-setup", help="make a secret for /panic_close_all")
    setup.set_defaults(command=_set_up_otp)
    _add_webhook(commands)
    _add_notify(commands)
    return parser.parse_args()


def _add_check(commands: Any) -> None:
    summary = "see whether the settings are right, and what they come to; nothing is started"
    parser = commands.add_parser(
        "check",
        help=summary,
        description=f"{summary.capitalize()}.",
        epilog="Exit codes: 0 usable, 75 a server cannot be reached, 77 the token is refused, "
        "78 a setting is to be corrected.",
    )
    parser.add_argument("--online", action="store_true", help="ask the servers that are set, too")
    parser.add_argument("--json", action="store_true", help="for programs")
    parser.set_defaults(command=_check)


def _add_webhook(commands: Any) -> None:
    summary = "what Telegram has as the webhook of this bot; delete it, so that the bot can poll"
    parser = commands.add_parser("webhook", help=summary, description=f"Show {summary}.")
    parser.add_argument("action", choices=("show", "delete"), nargs="?", default="show")
    parser.set_defaults(command=_mind_webhook)


def _mind_webhook(options: argparse.Namespace) -> ExitCode:
    from bot.webhook import command

    return {"show": command.show, "delete": command.delete}[options.action]()


def _add_notify(commands: Any) -> None:
    summary = "send a notice to TG_CHAT_ID, without polling: a running bot is not disturbed"
    parser = commands.add_parser(
        "notify",
        help=summary,
        description=f"{summary.capitalize()}.",
        epilog="Exit codes: 0 sent (or TG_ENABLED is false), 75 surely not sent, 1 not known or "
        "only in part, 77 the token is refused, 78 a setting is to be corrected.",
    )
    parser.add_argument("text", nargs="+", help="the text; - reads it from the input")
    parser.add_argument("--chat", help="another chat than TG_CHAT_ID")
    parser.add_argument("--seconds", type=float, default=60.0, help="how long to try (60)")
    parser.set_defaults(command=_notify)


def _notify(options: argparse.Namespace) -> ExitCode:
    from bot.notices.command import send

    return send(options.text, options.chat, options.seconds)


def _check(options: argparse.Namespace) -> ExitCode:
    # Imported here: the library behind the capabilities takes most of a second.
    from bot.check.command import check

    return check(options.online, options.json)


def _set_up_otp(options: argparse.Namespace) -> ExitCode:
    from bot.panic.setup import set_up

    set_up("/panic_close_all")
    return ExitCode.CLEAN


def _print_settings(options: argparse.Namespace) -> ExitCode:
    print(example_text(known_variables()), end="")
    return ExitCode.CLEAN
