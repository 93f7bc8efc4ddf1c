"""The tables of the page about the bot's health, from the list of its keys. Pure."""

from collections.abc import Iterable

from bot.call_figures import KINDS
from bot.health_keys import KEYS, STATUSES, TROUBLES, Key, Word

MARKS = "<!-- {} -->\n", "<!-- end of {} -->\n"


def write_tables(text: str) -> str:
    """The page `text` with its tables as the code has them now."""
    for name, lines in tables().items():
        begin, end = (mark.format(name) for mark in MARKS)
        before, _, rest = text.partition(begin)
        table = "\n".join(lines)
        text = f"{before}{begin}\n{table}\n\n{end}{rest.partition(end)[2]}"
    return text


def tables() -> dict[str, list[str]]:
    """The lines of each table by its name."""
    return {
        "statuses": _table(("status", "HTTP", "says"), map(_word, STATUSES)),
        "troubles": _table(("trouble", "HTTP", "says"), map(_word, TROUBLES)),
        "keys": _table(("key", "metric", "type", "labels", "says"), map(_key, KEYS)),
        "errors": [", ".join(f"`{kind}`" for kind in KINDS) + "."],
    }


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    return [_line(head), _line("---" for _ in head), *map(_line, rows)]


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _word(word: Word) -> tuple[str, ...]:
    return f"`{word.word}`", str(word.code), word.about


def _key(key: Key) -> tuple[str, ...]:
    metric = f"`{key.metric}`" if key.metric else ""
    return f"`{key.path}`", metric, key.type if metric else "", key.label, key.about
