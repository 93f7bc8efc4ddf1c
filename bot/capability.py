"""What a capability of the bot is: some commands, perhaps other handlers, and whether it is on."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from telegram import Update
from telegram.ext import Application, BaseHandler, CallbackContext, CommandHandler, filters

App = Application[Any, Any, Any, Any, Any, Any]
Context = CallbackContext[Any, Any, Any, Any]
Action = Callable[[Update, Context], Coroutine[Any, Any, None]]
Handler = BaseHandler[Any, Any, Any]

# A message that was edited is no command again, unless a command says so.
NEW_MESSAGES = filters.UpdateType.MESSAGE
GUARD_GROUP = -1  # the library asks the groups in order, and 0 has everything else


def no_figures() -> dict[str, Any]:
    """For a capability of which there is nothing to count."""
    return {}


@dataclass(frozen=True)
class Command:
    """One command of the chat, with the line that /help shows for it."""

    name: str
    help: str
    action: Action
    messages: filters.BaseFilter = NEW_MESSAGES

    def handler(self) -> Handler:
        return CommandHandler(self.name, self.action, self.messages)


@dataclass(frozen=True)
class Capability:
    """A thing the bot can do. `missing` says what to set where it is off, and is None when on."""

    name: str
    commands: tuple[Command, ...] = ()
    guards: tuple[Handler, ...] = ()  # asked before all commands; they may stop an update
    fallbacks: tuple[Handler, ...] = ()  # tried after all commands
    missing: str | None = None
    advertised: bool = True  # whether /help and the banner name it while it is off
    details: tuple[str, ...] = ()  # how it is set, for the banner
    is_config: bool = False  # whether the banner has these among the bot's own
    figures: Callable[[], dict[str, Any]] = no_figures  # what /health says of it
    rest: str = ""  # what becomes of messages that are no command, for /help
    started: Callable[[App], Coroutine[Any, Any, None]] | None = None  # run once it polls
    ended: Callable[[App, str | None], Coroutine[Any, Any, None]] | None = None  # the last words

    @property
    def on(self) -> bool:
        return self.missing is None
