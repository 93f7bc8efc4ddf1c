"""What notices are told."""

import re
from dataclasses import dataclass

from bot.environment import Reader

_CHAT = re.compile(r"-?[0-9]{1,20}|@[A-Za-z][A-Za-z0-9_]{3,31}")


@dataclass(frozen=True)
class NoticeSettings:
    """Who is told."""

    chat: str = ""
    enabled: bool = True

    @property
    def missing(self) -> str | None:
        """What to set so that there are notices; None if there are."""
        if not self.chat:
            return "set TG_CHAT_ID"
        return None if self.enabled else "set TG_ENABLED=true"


def read_notices(reader: Reader) -> NoticeSettings:
    """The notices' part of the settings."""
    return NoticeSettings(
        chat=_read_chat(reader),
        enabled=reader.flag("TG_ENABLED", True, "Whether notices are sent to TG_CHAT_ID."),
    )


def _read_chat(reader: Reader) -> str:
    about = "Who is told when the bot starts, stops or is ill."
    allowed = "a chat's id (a number, with - for a group) or a channel's @name"
    return reader.fitting("TG_CHAT_ID", _CHAT.fullmatch, about, allowed, show=_beginning)


def _beginning(value: str) -> str:
    return repr(value[:40])
