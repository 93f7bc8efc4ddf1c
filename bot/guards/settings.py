"""What the guards are told."""

from dataclasses import dataclass

from bot.environment import Reader

HOUR = 3600.0


@dataclass(frozen=True)
class GuardSettings:
    """Who may speak, how fast, how long, and for how long they are remembered."""

    allowed_users: frozenset[int] = frozenset()  # empty: everybody
    messages_per_minute: int = 10  # 0: as many as they like
    longest_message: int = 4000  # characters
    session_seconds: float = 24 * HOUR
    mask_pii: bool = True

    def allows(self, user: int | None) -> bool:
        """Whether this user may speak to the bot."""
        return not self.allowed_users or self.lists(user)

    def lists(self, user: int | None) -> bool:
        """Whether this user is on the list, which nobody is while there is none."""
        return user in self.allowed_users


def read_guards(reader: Reader) -> GuardSettings:
    """The guards' part of the settings."""
    return GuardSettings(
        allowed_users=reader.users(
            "ALLOWED_USERS", "Who may use the bot; everybody if unset. /start shows a user's id."
        ),
        messages_per_minute=reader.whole(
            "RATE_LIMIT_PER_MINUTE", 10, 0, 10_000, "Messages a minute from one user; 0: no limit."
        ),
        longest_message=reader.whole(
            "MAX_MESSAGE_LENGTH", 4000, 1, 4096, "Characters in one message; Telegram allows 4096."
        ),
        session_seconds=HOUR
        * reader.whole(
            "SESSION_TTL_HOURS", 24, 1, 8760, "Hours after its last message that a session ends."
        ),
        mask_pii=reader.flag(
            "PII_FILTER",
            True,
            "Mask e-mail addresses, phone, card, IBAN, IP and national id numbers in what is "
            "stored, logged or sent on.",
        ),
    )
