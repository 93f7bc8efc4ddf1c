"""Both stores do the same: what is kept is found, and no user's words are an operator."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from bot.knowledge.snippets import MARK_FROM, MARK_TO
from bot.knowledge.store import Note, Stats, clean

MakeStore = Callable[[], Any]


@pytest.fixture
async def store(make_store: MakeStore) -> AsyncIterator[Any]:
    store = make_store()
    yield store
    await store.close()


def note(key: str, title: str, body: str = "nothing more", author: int = 42) -> Note:
    return Note(key, title, body, author)


async def numbers(store: Any, words: str) -> list[int]:
    return [hit.number for hit in (await store.search(words, 10)).hits]


async def test_an_empty_store_says_so(store: Any) -> None:
    """Without a note there are zeros, and nothing is found."""
    await store.check()
    assert await store.stats() == Stats(0, 0, 0, None)
    assert (await store.search("anything", 5)).total == 0


async def test_what_is_kept_is_found_and_counted(store: Any) -> None:
    """A word of the text finds the note, marked, in any form that English makes of it."""
    number = await store.add(note("a", "Restarting", "how to restart the bot, with care"))
    found = await store.search("restarts", 5)
    assert [(hit.number, hit.title) for hit in found.hits] == [(number, "Restarting")]
    assert f"{MARK_FROM}restart{MARK_TO} the bot" in found.hits[0].snippet
    stats = await store.stats()
    assert (stats.notes, stats.authors) == (1, 1)
    assert stats.characters == len("Restarting") + len("how to restart the bot, with care")
    assert stats.newest is not None


async def test_words_mean_what_they_mean_on_the_web(store: Any) -> None:
    """All words, "a phrase", -without and or."""
    both = await store.add(note("a", "one", "the exit code of a lost watchdog"))
    code = await store.add(note("b", "two", "a code to exit by"))
    assert set(await numbers(store, "code exit")) == {both, code}
    assert await numbers(store, '"exit code"') == [both]
    assert await numbers(store, "code -watchdog") == [code]
    assert set(await numbers(store, "watchdog OR nothing or exit")) == {both, code}
    assert await numbers(store, "code missing") == []


async def test_a_word_in_the_title_ranks_higher(store: Any) -> None:
    """The note about a thing comes before one that mentions it."""
    mention = await store.add(note("a", "Cookery", "potatoes, salt, and a lock of pepper"))
    about = await store.add(note("b", "The lock", "who holds it may poll"))
    assert await numbers(store, "lock") == [about, mention]


async def test_only_the_best_are_shown_and_all_are_counted(store: Any) -> None:
    """Of seven hits five are shown."""
    for number in range(7):
        await store.add(note(str(number), f"note {number}", "the same word"))
    found = await store.search("word", 5)
    assert (len(found.hits), found.total) == (5, 7)


async def test_a_note_is_kept_once(store: Any) -> None:
    """Adding it again, as after a lost answer, gives the same number."""
    first = await store.add(note("a", "once", "and no more"))
    assert await store.add(note("a", "once", "and no more")) == first
    assert (await store.stats()).notes == 1


async def test_notes_outlive_the_store(make_store: MakeStore) -> None:
    """Another store on the same database finds them."""
    first = make_store()
    number = await first.add(note("a", "kept", "through a restart"))
    await first.close()
    second = make_store()
    assert await numbers(second, "kept") == [number]
    await second.close()


async def test_two_that_start_at_once_make_the_tables_once(make_store: MakeStore) -> None:
    """Eight stores open one empty database at the same moment, and all of them work."""
    stores = [make_store() for _ in range(8)]
    await asyncio.gather(*(store.check() for store in stores))
    await asyncio.gather(*(store.add(note(str(i), "x")) for i, store in enumerate(stores)))
    assert (await stores[0].stats()).notes == 8
    await asyncio.gather(*(store.close() for store in stores))


HOSTILE = [
    '"',
    '""',
    "-",
    "- -x",
    "a:b",
    "title:x",
    "NEAR(a b, 2)",
    "a AND OR NOT b",
    "(((",
    "*",
    "a*",
    "^a",
    "{a b} : c",
    "'; DROP TABLE notes; --",
    "$1 %s :x ?",
    "a & | ! <-> b",
    "\\",
    "or",
    "or or or",
    "x " * 500,
    '"' * 301,
    "ß 漢字 🙂 Ünïcode",
    "a" * 4000,
]


async def test_no_words_break_the_search(store: Any) -> None:
    """Whatever a user types is looked for, or finds nothing; it is never an error."""
    await store.add(note("a", "a b x", "'; DROP TABLE notes; --"))
    for words in HOSTILE:
        await store.search(clean(words), 5)
        assert (await store.stats()).notes == 1
    assert await numbers(store, "'; DROP TABLE notes; --") != []


async def test_any_text_is_kept_as_it_is(store: Any) -> None:
    """Quotes, markup and other scripts are text; control characters are left out."""
    text = clean('it\'s "so" <b>bold</b> & 漢字 🙂 \\ %s $1\x00\x02\x03 end\ud800')
    assert "\x00" not in text
    await store.add(note("a", text, text))
    (hit,) = (await store.search("bold", 5)).hits
    assert hit.title == text
