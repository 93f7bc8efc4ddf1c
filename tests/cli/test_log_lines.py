"""Lines of logs: read whatever their format, chosen, merged, and shown."""

from __future__ import annotations

import json
import re

from watchdog.cli.log_lines import Joiner, Line, Wish, choose, merge, read_line, seconds_of
from watchdog.cli.log_sources import Place, names_of
from watchdog.cli.log_style import as_json, as_written, readable, with_prefix
from watchdog.wire.names import choose as find

EARLY = "2026-11-22T10:00:00.000+01:00"
LATE = "2026-11-22T09:30:00.500+00:00"  # in another zone, and later


def line(text: str, time: str = "", program: str = "bot") -> Line:
    return read_line(program, "stdout", f"{time} {text}\n".encode() if time else text.encode())


def test_the_time_is_read_from_text_and_json_and_not_from_raw_lines() -> None:
    """Text and json tell when a line was written; a raw one has none, whatever is in it."""
    wrapped = json.dumps(
        {"time": EARLY, "program": "bot", "stream": "stdout", "line": "a\\b"}, separators=(",", ":")
    )
    assert line("hello", EARLY)[3:] == ("hello", EARLY)
    assert line(wrapped)[3:] == ("a\\b", EARLY)
    for raw in ("hello", "2026-11-22 10:00:00,123 INFO", '{"time":5}', '{"time":"', '{"time":"x"}'):
        assert line(raw)[3:] == (raw, "")


def test_times_are_compared_across_zones() -> None:
    """09:30 in UTC is after 10:00 at +01:00."""
    assert (seconds_of(line("", LATE)) or 0) - (seconds_of(line("", EARLY)) or 0) == 1800.5


def test_no_more_is_read_than_the_wish_takes() -> None:
    """Reading backwards ends at the count, or at the first line before the time."""
    lines = [line(str(number), EARLY) for number in (3, 2, 1)]
    source = iter(lines)
    assert [one.text for one in choose(source, Wish(2))] == ["2", "3"]
    source = iter([line("new", LATE), line("old", EARLY), line("older", EARLY)])
    since = seconds_of(line("", LATE))
    assert [one.text for one in choose(source, Wish(None, since))] == ["new"]
    assert next(source).text == "older"


def test_grep_counts_only_what_it_finds() -> None:
    """-n with --grep are the last matching lines, not matches among the last lines."""
    lines = [line(text) for text in ("d", "error 2", "c", "error 1", "error 0")]
    wish = Wish(2, None, re.compile("error"))
    assert [one.text for one in choose(lines, wish)] == ["error 1", "error 2"]
    assert [one.text for one in choose(lines, wish._replace(inverted=True))] == ["c", "d"]


def test_programs_are_merged_by_time_or_else_follow_each_other() -> None:
    """With a time on every line the order is that of time; else that of the programs."""
    a, b = (
        [line("1", EARLY, "a"), line("3", LATE, "a")],
        [line("2", EARLY[:14] + "05" + EARLY[16:])],
    )
    assert [one.text for one in merge([a, b])] == ["1", "2", "3"]
    assert [one.text for one in merge([a, [line("raw")], b])] == ["1", "3", "raw", "2"]


def test_lines_are_joined_from_pieces() -> None:
    """Only whole lines come out, whatever the pieces."""
    joiner = Joiner()
    assert joiner.feed(b"on") == []
    assert joiner.feed(b"e\n\ntw") == [b"one", b""]
    assert joiner.finish() == [b"tw"]


def test_names_mean_programs_as_they_do_elsewhere() -> None:
    """A program, group:program, and a whole group."""
    places = [Place(name, None) for name in ("bot", "g:bot", "g:web", "h:bot")]

    def meant(name: str) -> list[str]:
        return [place.program for place in find(places, name, names_of)]

    assert meant("bot") == meant("bot:bot") == ["bot"]
    assert meant("g") == meant("g:*") == ["g:bot", "g:web"]
    assert meant("g:bot") == ["g:bot"] and meant("web") == ["g:web"] and meant("x") == []


def test_prefixes_are_aligned_and_each_name_has_its_colour() -> None:
    """All prefixes have one width; without colour there is no control byte."""
    names = ["bot", "webserver"]
    show = with_prefix(as_written, names, colour=False)
    assert show(line("x")) == b"bot       | x"
    assert show(line("x", program="webserver")) == b"webserver | x"
    show = with_prefix(as_written, names, colour=True)
    colours = {show(line("x", program=name)).split(b"m")[0] for name in names}
    assert len(colours) == 2


def test_json_of_a_program_is_made_readable_and_cannot_steer_the_terminal() -> None:
    """Level and text come first, the rest as key=value, escapes as nothing dangerous."""
    written = '{"level": "error", "msg": "it\\u001b[2J broke", "n": 3, "who": "a b"}'
    shown = readable(colour=False)(line(written, EARLY)).decode()
    assert shown == '10:00:00.000 ERROR   it�[2J broke n=3 who="a b"'
    assert "\x1b[31mERROR" in readable(colour=True)(line(written, EARLY)).decode()
    assert readable(colour=True)(line("plain")) == b"plain"
    assert json.loads(as_json(line("x", EARLY))) == {
        "time": EARLY, "program": "bot", "stream": "stdout", "line": "x"
    }  # fmt: skip
