"""What is read from and said in the chat: pure functions of the message and of what was found."""

import hashlib
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from bot.knowledge.snippets import MARK_FROM, MARK_TO
from bot.knowledge.store import Found, Hit, Note, Stats, StoreError, clean
from bot.texts import escape, join_lines, shorten

LONGEST_TITLE = 120
USAGE_ADD = "/kb_add TITLE, and the text on the lines below"
USAGE_SEARCH = '/kb_search WORDS, such as: restart "exit code" -windows'
_LONGEST_LINE = 700  # of one hit, in characters: five of them fit into a message


def read_note(text: str, author: int, message: str) -> Note | None:
    """The note in what follows /kb_add; `message` tells this message from all others."""
    head, _, rest = clean(text).partition("\n")
    if not head:
        return None
    body = rest.strip() or head
    key = hashlib.sha256(message.encode()).hexdigest()[:32]
    return Note(key, shorten(head.strip(), LONGEST_TITLE), body, author)


def show_found(found: Found, words: str) -> str:
    """The hits as HTML."""
    if not found.hits:
        return f"Nothing found for: {escape(shorten(words, 200))}"
    more = found.total - len(found.hits)
    lines = [line for hit in found.hits for line in _show_hit(hit)]
    tail = [f"and {more} more; more words find fewer"] if more > 0 else []
    return join_lines([_count(found.total, "note"), *lines, *tail])


def _show_hit(hit: Hit) -> Iterator[str]:
    yield f"\n<b>#{hit.number} {escape(shorten(hit.title, LONGEST_TITLE))}</b>"
    snippet = shorten(" ".join(hit.snippet.split()), _LONGEST_LINE)
    yield mark_up(snippet)


def mark_up(snippet: str) -> str:
    """The words that were found in bold; a mark whose other half was cut off is closed."""
    parts = snippet.split(MARK_FROM)
    shown = [escape(parts[0])]
    for part in parts[1:]:
        bold, _, plain = part.partition(MARK_TO)
        shown.append(f"<b>{escape(bold)}</b>{escape(plain)}")
    return "".join(shown).replace(MARK_TO, "")


def show_kept(note: Note, number: int, remarks: Sequence[str] = ()) -> str:
    """That the note is there, as HTML."""
    return join_lines([f"Kept as #{number}: {escape(note.title)}", *remarks])


def show_trouble(error: StoreError) -> str:
    """Why there is no answer, as HTML."""
    return escape(shorten(f"The knowledge base does not work now: {error}.", _LONGEST_LINE))


def show_bare_trouble(error: StoreError) -> str:
    """The same for everybody: where the notes are is not for everybody."""
    return "The knowledge base does not work now. Why is in the log of the bot and in /health."


def show_stats(stats: Stats, place: str | None) -> str:
    """The figures as HTML, with the place for whom it is told."""
    lines = [
        f"{_count(stats.notes, 'note')}, {_count(stats.characters, 'character')}, "
        f"by {_count(stats.authors, 'user')}"
        if stats.notes
        else "No notes yet."
    ]
    if stats.newest is not None:
        stamp = datetime.fromtimestamp(stats.newest, UTC).strftime("%Y-%m-%d %H:%M UTC")
        lines.append(f"the newest of {stamp}")
    return join_lines([*lines, f"in {escape(place)}"] if place else lines)


def _count(number: int, what: str) -> str:
    return f"1 {what}" if number == 1 else f"{number} {what}s"
