"""`watchdog logs`: what programs wrote, and what they go on to write."""

from __future__ import annotations

import argparse
import os
import re
import sys
import time
from argparse import ArgumentTypeError
from collections.abc import Iterable
from typing import TYPE_CHECKING

from watchdog.cli.context import OK, USAGE, Context, complain, connect, make_client_parser, parse
from watchdog.cli.log_lines import Joiner, Line, Wish, choose, merge, read_line
from watchdog.cli.log_sources import MOST_REMOTE, OfFile, OfWatchdog, Place, Source, find_places
from watchdog.cli.log_style import Show, as_json, as_written, readable, with_prefix
from watchdog.cli.terminal import wants_colour
from watchdog.client.errors import Refused, Unreachable

if TYPE_CHECKING:
    from watchdog.client.client import Stream

DEFAULT_LINES = 50
INTERVAL = 0.2  # seconds between two looks at what is followed
_EXAMPLES = """watchdog logs bot -f -n 100
  watchdog logs --since 10m --grep 'error|timeout' -i
  watchdog logs bot web --since 2026-11-22T10:00 --json"""


def main(context: Context) -> int:
    """Print the end of the captured output; with -f go on until interrupted."""
    options = parse(_make_parser(context), context.words)
    if options.invert and options.grep is None:
        complain("-v turns --grep round; give a pattern with --grep")
        return USAGE
    feeds = _open_feeds(context, options)
    show = _choose_show(options, [feed.program for feed in feeds])
    for line in _history(feeds, options):
        _write(show(line))
    sys.stdout.buffer.flush()
    return _follow(feeds, show) if options.follow else OK


def _make_parser(context: Context) -> argparse.ArgumentParser:
    parser = make_client_parser(
        context,
        "Print the end of what programs wrote, of several in the order of time. Without a running\n"
        "watchdog the files are read that it left.",
        _EXAMPLES,
    )
    add = parser.add_argument
    add("names", nargs="*", metavar="NAME", help="a program; none is all of them")
    add("-f", "--follow", action="store_true", help="go on as they write more")
    add("-n", "--lines", type=_count, metavar="N", help=f"of each program ({DEFAULT_LINES})")
    add("--since", type=_since, metavar="WHEN", help="10m, 2h, or 2026-11-22T10:00")
    add("--grep", metavar="REGEX", help="only lines in which this is found")
    add("-v", "--invert", action="store_true", help="only lines in which it is not found")
    add("-i", "--ignore-case", action="store_true", help="--grep takes a for A")
    add("--stderr", action="store_true", help="their error output, where it has a log of its own")
    add("--json", action="store_true", help="each line as a JSON object")
    add("--raw", action="store_true", help="as written, on a terminal too")
    add("--no-prefix", action="store_true", help="without the programs' names")
    return parser


# -- what is asked for ----------------------------------------------------------------------


def _count(text: str) -> int:
    if not text.isdecimal():
        raise ArgumentTypeError(f"found {text!r}; allowed: a whole number of lines, such as 100")
    return int(text)


def _since(text: str) -> float:
    """Seconds since the epoch: a time, local if it names no offset, or a duration before now."""
    from watchdog.config.units import parse_duration

    try:
        return time.time() - parse_duration(text)
    except (ValueError, KeyError):
        pass
    from datetime import datetime

    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError:
        raise ArgumentTypeError(
            f"found {text!r}; allowed: a duration such as 10m or 2h, or a time such as"
            " 2026-11-22T10:00"
        ) from None


def _wish(options: argparse.Namespace) -> Wish:
    count = options.lines
    if count is None and options.since is None:
        count = DEFAULT_LINES
    flags = re.IGNORECASE if options.ignore_case else 0
    try:
        pattern = None if options.grep is None else re.compile(options.grep, flags)
    except re.error as error:
        raise Refused(0, f"--grep: found {options.grep!r}, which is no pattern: {error}") from None
    return Wish(count, options.since, pattern, options.invert)


# -- where it is ----------------------------------------------------------------------------


class Feed:
    """One program's source, and its wish."""

    def __init__(self, program: str, stream: Stream, source: Source, wish: Wish) -> None:
        self.program = program
        self._stream = stream
        self.source = source
        self._wish = wish
        self._joiner = Joiner()

    def history(self, follows: bool) -> list[Line]:
        """What is wanted of what was; an unfinished line waits for its end if it is followed."""
        asked = self._wish.limit if self._wish.pattern is None else None
        raws = iter(self.source.look_back(asked))
        newest = next(raws, b"")
        if follows and not newest.endswith(b"\n"):
            self._joiner.feed(newest)
            newest = b""
        everything = ([newest] if newest else [], raws)
        return choose((self._line(raw) for part in everything for raw in part), self._wish)

    def news(self) -> list[Line]:
        """What is wanted of what came since, whole lines only."""
        found = map(self._line, self._joiner.feed(self.source.read()))
        return [line for line in found if self._wish.accepts(line)]

    def _line(self, raw: bytes) -> Line:
        return read_line(self.program, self._stream, raw)


def _open_feeds(context: Context, options: argparse.Namespace) -> list[Feed]:
    stream: Stream = "stderr" if options.stderr else "stdout"
    wish = _wish(options)
    sent = local = True  # by a watchdog that runs, on this machine
    try:
        client = connect(options)
        local = bool(client.address.path)
        places = find_places(client, options.names, stream)
    except Unreachable as error:
        from watchdog.cli.log_recollection import recall_places  # only without a watchdog

        places = recall_places(context, options, stream, error)
        sent, local = False, True
    captured = [place for place in places if place.path or options.names]
    return [
        Feed(
            place.program,
            stream,
            _open_source(context, options, place, stream, (sent, local)),
            wish,
        )
        for place in captured
    ]


def _open_source(
    context: Context,
    options: argparse.Namespace,
    place: Place,
    stream: Stream,
    where: tuple[bool, bool],
) -> Source:
    sent, local = where
    open_log = context.supplies.open_log
    if open_log and local and place.path and (os.access(place.path, os.R_OK) or not sent):
        if not (options.follow or place.path.exists()):
            complain(f"{place.program}: there is no log at {place.path} yet")
        return OfFile(open_log(place.path))
    if not sent:
        raise Refused(0, f"{place.program}: this output is not captured")
    return OfWatchdog(lambda: connect(options), place.program, stream)


# -- what was, and what comes ---------------------------------------------------------------


def _history(feeds: list[Feed], options: argparse.Namespace) -> Iterable[Line]:
    histories = []
    for feed in feeds:
        if options.follow and isinstance(feed.source, OfWatchdog):
            feed.source.follow(min(_wish(options).limit or 0, MOST_REMOTE))
            continue  # all of it comes over one connection, so that nothing falls in between
        histories.append(_tolerant_history(feed, len(feeds) > 1 or options.follow, options))
    _say_what_has_no_time(histories, options)
    return merge(histories)


def _tolerant_history(feed: Feed, tolerant: bool, options: argparse.Namespace) -> list[Line]:
    """Of several programs, one that has written nothing yet is no error."""
    try:
        return feed.history(options.follow)
    except Refused:
        if not tolerant:
            raise
        return []


def _say_what_has_no_time(histories: list[list[Line]], options: argparse.Namespace) -> None:
    raw = [lines[0].program for lines in histories if any(not line.time for line in lines)]
    if not raw or (options.since is None and sum(map(bool, histories)) < 2):
        return
    then = "--since does not count for them" if options.since is not None else ""
    order = "the programs are shown one after the other" if len(histories) > 1 else ""
    told = "; ".join(filter(None, (then, order)))
    advice = 'logs = { format = "text" } writes them'
    complain(f"{', '.join(raw)}: lines without times, so {told} ({advice})")


def _follow(feeds: list[Feed], show: Show) -> int:
    while True:
        news = [feed.news() for feed in feeds]
        for line in merge(news):
            _write(show(line))
        sys.stdout.buffer.flush()
        if not any(news):
            time.sleep(INTERVAL)


def _choose_show(options: argparse.Namespace, programs: list[str]) -> Show:
    if options.json:
        return as_json
    colour = wants_colour(sys.stdout)
    plain = options.raw or not sys.stdout.isatty()
    show = as_written if plain else readable(colour)
    if len(programs) > 1 and not options.no_prefix:
        return with_prefix(show, programs, colour)
    return show


def _write(data: bytes) -> None:
    sys.stdout.buffer.write(data + b"\n")
