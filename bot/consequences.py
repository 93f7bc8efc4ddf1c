"""What settings that are each right come to together, if that may not be what was meant. Pure."""

from collections.abc import Iterator

from bot.settings import Settings

NOT_SUPABASE = (
    "SUPABASE_URL is not enough for Supabase: set DATABASE_URL to the connection string that its "
    "page Connect shows"
)


def find_consequences(settings: Settings) -> Iterator[str]:
    """A sentence for each, without a full stop."""
    panic, knowledge = settings.panic, settings.knowledge
    begun = panic.otp_secret or panic.authorized_users or panic.action
    if begun and panic.missing:
        yield f"the panic command stays off: {panic.missing}"
    if knowledge.supabase_url and not knowledge.url:
        yield NOT_SUPABASE
    if settings.github.token and not settings.guards.allowed_users:
        yield "the issue tracker stays off: set ALLOWED_USERS"
    if settings.agents.agents and not settings.guards.allowed_users:
        yield "everybody who finds this bot can use its agents: set ALLOWED_USERS, or mean it"
