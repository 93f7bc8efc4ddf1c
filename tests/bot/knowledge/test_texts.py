"""What is said in the chat: never too long, never markup that a user wrote."""

from __future__ import annotations

import sqlite3
from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from bot.knowledge.query import match_expression
from bot.knowledge.snippets import MARK_FROM, MARK_TO
from bot.knowledge.store import Found, Hit, StoreError, clean
from bot.knowledge.texts import LONGEST_TITLE, mark_up, read_note, show_found, show_trouble
from bot.texts import LONGEST, join_lines, units

ANY = st.text(st.characters(codec="utf-8"), max_size=200)


class Strict(HTMLParser):
    """Reads HTML as Telegram does: only <b> and <a>, each closed."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.plain = ""
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        assert tag in ("b", "a")
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.plain += data


HITS = st.builds(
    Hit,
    st.integers(1, 10**9),
    st.text(st.characters(codec="utf-8", exclude_characters="\x02\x03")),
    st.lists(
        st.sampled_from([MARK_FROM, MARK_TO, "<b>", "&", "word ", "🙂" * 300]), max_size=60
    ).map("".join),
)


@given(st.lists(HITS, max_size=5), st.integers(5, 1000), ANY)
def test_an_answer_fits_and_is_sound_html(hits: list[Hit], total: int, words: str) -> None:
    """Whatever is found, the answer is one message, every tag is closed, no mark is left."""
    text = show_found(Found(tuple(hits), total), clean(words))
    assert units(text) <= LONGEST
    assert MARK_FROM not in text
    assert MARK_TO not in text
    Strict(text)


def test_found_words_are_bold_and_markup_is_text() -> None:
    """The store's marks become bold, the note's own tags are shown as they are."""
    assert mark_up("a \x02<i>\x03 & b") == "a <b>&lt;i&gt;</b> &amp; b"
    assert Strict(mark_up("a \x02cut off")).plain == "a cut off"


@given(ANY)
def test_trouble_is_text(reason: str) -> None:
    """What a database says is shown as text, in one message."""
    text = show_trouble(StoreError(reason * 50))
    assert units(text) <= LONGEST
    Strict(text)


@given(st.lists(ANY), st.integers(10, 100))
def test_lines_are_never_cut_in_two(lines: list[str], most: int) -> None:
    """Either all lines are there, or the first ones and a sign that some are missing."""
    text = join_lines(lines, most)
    assert units(text) <= most
    whole = "\n".join(lines)
    assert text == whole or (text.endswith("…") and whole.startswith(text[:-1].rstrip("\n")))


def test_a_note_is_a_title_and_the_lines_below() -> None:
    """One line is title and text; a title is cut, the text is not; nothing is no note."""
    note = read_note("Title\n\nfirst\nsecond", 42, "1/2")
    assert note is not None
    assert (note.title, note.body, note.author) == ("Title", "first\nsecond", 42)
    long = read_note("x" * 4000, 42, "1/2")
    assert long is not None
    assert (len(long.title), len(long.body)) == (LONGEST_TITLE, 4000)
    assert read_note(" \n\x00 ", 42, "1/2") is None


def test_the_same_message_makes_the_same_key() -> None:
    """So that a message which is sent again is kept once."""
    keys = [read_note("same", 42, message) for message in ("1/2", "1/2", "1/3")]
    assert keys[0] == keys[1]
    assert keys[0] != keys[2]


@given(st.text())
def test_clean_text_holds_nothing_that_a_database_refuses(text: str) -> None:
    """No NUL, no half of a surrogate pair, no mark; doing it twice changes nothing."""
    cleaned = clean(text)
    cleaned.encode()
    assert not set(cleaned) & {"\0", MARK_FROM, MARK_TO}
    assert clean(cleaned) == cleaned


def test_words_as_a_query() -> None:
    """Each operator of the web's search, and nothing of FTS5's own."""
    assert match_expression('a "b c" -d or e') == '("a" AND "b c") NOT "d" OR ("e")'
    assert match_expression("-d") is None
    assert match_expression('"open') == '("open")'
    assert match_expression("x* ^y title:z") == '("x*" AND "^y" AND "title:z")'


WORDS = st.lists(st.sampled_from(['"', "-", "or ", "a", " ", "*", "(", "NEAR", ":", "+", "^", "é"]))


@given(st.one_of(st.text(), WORDS.map("".join)))
def test_no_text_is_a_broken_query(words: str) -> None:
    """SQLite understands what is made of any text."""
    expression = match_expression(clean(words))
    if expression is not None:
        DATABASE.execute("SELECT * FROM t WHERE t MATCH ?", (expression,)).fetchall()


DATABASE = sqlite3.connect(":memory:")
DATABASE.execute("CREATE VIRTUAL TABLE t USING fts5 (x)")
