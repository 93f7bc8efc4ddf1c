"""What the knowledge base is told."""

import re
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from bot.environment import Reader, conceal
from bot.urls import split_url

_ALLOWED = "postgresql://USER:PASSWORD@HOST:PORT/DATABASE, with what is special in it as %XX"

_SHORTEST_SECRET = 6  # characters


@dataclass(frozen=True)
class KnowledgeSettings:
    """Where the notes are: in PostgreSQL if there is a URL, else in a file."""

    url: str = field(default="", repr=False)  # DATABASE_URL; it holds a password
    path: str = ""  # KB_PATH
    supabase_url: str = ""  # SUPABASE_URL, which says nothing about the database itself
    supabase_key: str = field(default="", repr=False)  # SUPABASE_SERVICE_ROLE_KEY, which none uses

    @property
    def secrets(self) -> tuple[str, ...]:
        """What no log may hold."""
        password = urlsplit(self.url).password or ""
        # A word that is too short would be masked wherever it stands in another.
        found = (self.url, password, unquote(password), self.supabase_key)
        return tuple(secret for secret in found if len(secret) >= _SHORTEST_SECRET)


def read_knowledge(reader: Reader) -> KnowledgeSettings:
    """The knowledge base's part of the settings."""
    return KnowledgeSettings(
        url=_url(reader),
        path=reader.path(
            "KB_PATH",
            "The SQLite file of the notes without DATABASE_URL; beside BOT_DATABASE if unset.",
        ),
        supabase_url=reader.text("SUPABASE_URL", "", "Only noted: DATABASE_URL is what counts."),
        supabase_key=_supabase_key(reader),
    )


def _supabase_key(reader: Reader) -> str:
    about = "Only noted, and masked: nothing here uses it."
    return reader.fitting("SUPABASE_SERVICE_ROLE_KEY", bool, about, "text", secret=True)


def _url(reader: Reader) -> str:
    about = "The PostgreSQL database of the notes, also Supabase's; SQLite if unset."
    # Never shown, not even in part: where the password stands in a wrong URL nobody knows.
    return reader.fitting(
        "DATABASE_URL", is_database_url, about, _ALLOWED, show=conceal, secret=True
    )


def is_database_url(url: str) -> bool:
    """Whether this names a PostgreSQL database; a host may be left out for a unix socket."""
    parts = split_url(url, "postgresql", "postgres")
    if parts is None or parts.fragment:
        return False
    return url.isprintable() and not re.search(r"\s", url)
