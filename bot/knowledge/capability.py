"""The knowledge base as a capability: which store it is, and what is said of it."""

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from bot.capability import Capability, Command
from bot.knowledge.commands import KnowledgeCommands
from bot.knowledge.settings import KnowledgeSettings
from bot.knowledge.sqlite_store import SqliteStore
from bot.knowledge.store import Store
from bot.parts import Parts
from bot.settings import Settings

NAME = "knowledge base"
_NO_DRIVER = "DATABASE_URL needs the package asyncpg: pip install 'watchdog-supervisor[bot]'"


def make_knowledge(parts: Parts) -> Capability:
    """The capability, which is on unless the driver for DATABASE_URL is not there."""
    settings = parts.settings
    missing = _find_missing(settings.knowledge)
    condition = parts.figures.add_condition(NAME)
    store = _make_store(settings.knowledge, parts.database.path, missing is None)
    commands = KnowledgeCommands(store, condition, settings.guards.lists, settings.clean)

    return Capability(
        name=NAME,
        commands=(
            Command("kb_search", "find notes: WORDS", commands.search),
            Command("kb_add", "keep a note: TITLE, its text on the lines below", commands.add),
            Command("kb_stats", "how much the knowledge base holds", commands.stats),
        ),
        missing=missing,
        details=tuple(_describe(settings, store)),
        figures=condition.figures,
        started=commands.tend,
    )


def _find_missing(settings: KnowledgeSettings) -> str | None:
    return _NO_DRIVER if settings.url and find_spec("asyncpg") is None else None


def _make_store(settings: KnowledgeSettings, beside: Path, driver: bool) -> Store:
    """The store; nothing is opened before it is used."""
    if settings.url and driver:
        # Imported here: a bot without DATABASE_URL need not have it, nor pay for it.
        from bot.knowledge.postgres_store import PostgresStore

        return PostgresStore(settings.url)
    # A file of its own: a long search must not hold up the sessions.
    path = settings.path or beside.with_name(f"{beside.stem}-notes{beside.suffix}")
    return SqliteStore(Path(path))


def _describe(settings: Settings, store: Store) -> Iterator[str]:
    yield f"notes in {store.place}"
    if not settings.guards.allowed_users:
        yield "nobody can add: set ALLOWED_USERS"
