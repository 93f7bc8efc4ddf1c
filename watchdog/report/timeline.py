"""From the lines of a journal to what each program was when. Pure.

What it keeps true: the spans of a program cover the window without a gap and without an overlap,
and where no watchdog looked they say so. A watchdog that was killed wrote no last line; the next
one notes in its first line when the earlier gave its last sign of life, and from there on nothing
is known, whatever became of the program.
"""

from __future__ import annotations

from collections.abc import Iterable

from watchdog.report.model import Kind, Line, Span, Window

OPERATOR = ("operator", "restart")  # causes that somebody wanted
SCHEDULED = ("schedule", "age")  # and those that were wanted when it was configured
AT_REST: tuple[Kind, str] = ("apart", "shutdown")
UNKNOWN: tuple[Kind, str] = ("unknown", "")


class Course:
    """One program, from its first line on."""

    def __init__(self, window: Window) -> None:
        self.spans: list[Span] = []
        self._window = window
        self._cursor = window.since
        self._now: tuple[Kind, str] = UNKNOWN
        self._cause = ""

    def take(self, line: Line, rehearsed: bool) -> None:
        """A line that tells its state."""
        if line.cause:
            self._cause = line.cause
        kind, cause = classify(line, self._cause)
        if kind == "down" and (rehearsed or self._now == ("down", "drill")):
            cause = "drill"
        if kind == "up":
            self._cause = ""
        self.become((kind, cause), line.at.timestamp())

    def begin_anew(self, sign: float, at: float) -> None:
        """A watchdog begins. Unless the one before ended in order, nobody looked since its sign."""
        self._cause = ""
        if self._now != AT_REST:
            self.become(UNKNOWN, min(sign, at))

    def become(self, what: tuple[Kind, str], at: float) -> None:
        """From then on it is this. What is earlier than what was told last begins there."""
        at = min(at, self._window.until)
        if at > self._cursor:
            self._append(Span(self._cursor, at, *self._now))
            self._cursor = at
        self._now = what

    def close(self) -> list[Span]:
        """The spans of the whole window."""
        if self._now != AT_REST:
            self.become(UNKNOWN, self._window.watched)
        self.become(UNKNOWN, self._window.until)
        return self.spans

    def _append(self, span: Span) -> None:
        last = self.spans[-1] if self.spans else None
        if last is not None and (last.kind, last.cause) == (span.kind, span.cause):
            self.spans[-1] = last._replace(end=span.end)
        else:
            self.spans.append(span)


def trace(lines: Iterable[Line], window: Window) -> dict[str, list[Span]]:
    """What each program was when; the lines in the order of their times.

    Those after the window count, too: it may be told later that nobody looked.
    """
    courses: dict[str, Course] = {}
    rehearsed: set[str] = set()
    handing_over, last = False, window.since
    for line in lines:
        at = line.at.timestamp()
        if line.event == "state" and line.program:
            course = courses.setdefault(line.program, Course(window))
            course.take(line, line.program in rehearsed)
        elif line.event == "drill":
            (rehearsed.add if line.phase == "begins" else rehearsed.discard)(line.program)
        elif line.event == "upgrade":
            handing_over = line.state == "BEGUN"
        elif line.event == "watchdog":
            if line.state == "RUNNING" and not handing_over:
                rehearsed.clear()
                begin_anew(courses.values(), line, last)
            elif line.state == "SHUTDOWN":
                rest(courses.values(), at)
            elif line.state == "GIVEN_WAY":
                lose_all(courses.values(), at)
            handing_over = line.state == "RESTARTING"
        last = at
    return {name: course.close() for name, course in courses.items()}


def begin_anew(courses: Iterable[Course], line: Line, last: float) -> None:
    """Another watchdog begins: what it says of the one before, or else that one's last line."""
    at = line.at.timestamp()
    sign = line.last_sign.timestamp() if line.last_sign else last
    for course in courses:
        course.begin_anew(max(sign, last), at)


def rest(courses: Iterable[Course], at: float) -> None:
    """The watchdog ended in order, and with it everything that it ran."""
    for course in courses:
        course.become(AT_REST, at)


def lose_all(courses: Iterable[Course], at: float) -> None:
    """It left its programs to another watchdog, which will tell how they are."""
    for course in courses:
        course.become(UNKNOWN, at)


def classify(line: Line, cause: str) -> tuple[Kind, str]:
    """What a program is by a line of its own; `cause` is the last that was told."""
    if line.state == "RUNNING":
        return ("down", "unhealthy") if line.health == "unhealthy" else ("up", "")
    if line.state == "EXITED" and not failed(line):
        return "apart", "done"
    if cause in SCHEDULED:
        return "apart", cause
    if line.state == "STOPPED" or cause in OPERATOR:
        return "apart", "operator"
    return "down", cause or ("waiting" if line.state == "WAITING" else "start")


def failed(line: Line) -> bool:
    """Whether it ended unwell."""
    return line.exit is None or line.exit.get("code") != 0
