"""What a capability of the bot is: some commands, perhaps other handlers, and whether it is on."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from telegram import Update
from telegram.ext import Application, BaseHandler, CallbackContext, CommandHandler

App = Application[Any, Any, Any, Any, Any, Any]
Context = CallbackContext[Any, Any, Any, Any]
Action = Callable[[Update, Context], Coroutine[Any, Any, None]]


@dataclass(frozen=True)
class Command:
    """One command of the chat, with the line that /help shows for it."""

    name: str
    help: str
    action: Action


@dataclass(frozen=True)
class Capability:
    """A thing the bot can do. `missing` says what to set where it is off, and is None when on."""

    name: str
    commands: tuple[Command, ...] = ()
    fallbacks: tuple[BaseHandler[Any, Any, Any], ...] = ()  # tried after all commands
    missing: str | None = None
    advertised: bool = True  # whether /help and the banner name it while it is off

    def handlers(self) -> list[BaseHandler[Any, Any, Any]]:
        return [CommandHandler(command.name, command.action) for command in self.commands]
