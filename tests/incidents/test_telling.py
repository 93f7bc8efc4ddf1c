"""The story of an incident, in sentences."""

from __future__ import annotations

import os
import time
from typing import Any

import pytest
from msgspec.structs import replace

from watchdog.export.incident_sections import of_process
from watchdog.incidents.model import Incident, Moment, summary_of
from watchdog.incidents.stacks import Place, find_place
from watchdog.incidents.telling import duration, tell, tell_series

AT = 1_767_276_131.0  # 14:02:11 in universal time
BOT = "/srv/bot/handlers/kb.py"
LIBRARY = "/srv/venv/lib/python3.11/site-packages/psycopg/waiting.py"
STANDARD = "/usr/lib/python3.11/selectors.py"


@pytest.fixture(autouse=True)
def universal_time(monkeypatch: pytest.MonkeyPatch) -> Any:
    before = os.environ.get("TZ")
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    assert os.environ.get("TZ") == before
    time.tzset()


def frame(file: str, line: int, function: str) -> dict[str, Any]:
    return {"file": file, "line": line, "function": function}


def process(*frames: dict[str, Any], share: float = 0.0) -> dict[str, Any]:
    thread = {"name": "MainThread", "running": False, "has_gil": False, "frames": list(frames)}
    return {"pid": 7, "state": "S", "cpu_share": share, "waits_in": "", "stacks": [thread]}


HUNG = Incident(
    "bot-1",
    "bot",
    3,
    7,
    "hang",
    AT,
    "3 of 3 probes failed: no answer within 2s",
    "",
    began=AT - 3600,
    last_well=AT - 15,
    processes=(
        process(
            frame(STANDARD, 416, "select"),
            frame(LIBRARY, 228, "wait"),
            frame(BOT, 88, "search"),
            frame("/srv/bot/app.py", 20, "main"),
        ),
    ),
    timeline=(
        Moment(AT, "STOPPING"),
        Moment(AT + 0.2, "STARTING", pid=8, incarnation=4),
        Moment(AT + 3, "RUNNING", "healthy", pid=8, incarnation=4),
    ),
    recovered=AT + 3,
)


def test_a_hang_is_told_with_its_line_and_its_recovery() -> None:
    """What, since when, where, and when it was well again."""
    assert tell(HUNG) == (
        "At 14:02:11 bot was found hanging: 3 of 3 probes failed: no answer within 2s. "
        "It was last seen well at 14:01:56. "
        "Its main thread was waiting in handlers/kb.py line 88 (search), in psycopg select. "
        "It was restarted at 14:02:11 and was well again at 14:02:14, 3.0 s later."
    )


def test_a_busy_loop_is_told_from_a_wait() -> None:
    """A process that uses a core computes."""
    busy = replace(HUNG, processes=(process(frame(BOT, 9, "parse"), share=0.97),))
    assert "Its main thread was computing in handlers/kb.py line 9 (parse)." in tell(busy)


def test_an_idle_loop_is_not_called_blocked() -> None:
    """An event loop that waits for work hangs nowhere."""
    loop = process(
        frame(STANDARD, 468, "select"),
        frame("/usr/lib/python3.11/asyncio/base_events.py", 1884, "_run_once"),
        frame("/srv/bot/app.py", 20, "main"),
    )
    assert "Its event loop was idle" in tell(replace(HUNG, processes=(loop,)))


def test_a_crash_is_told_with_its_exit_and_its_last_line() -> None:
    """How it ended, how long it had run, and what it said."""
    crash = replace(
        HUNG, cause="crash", reason="exit status 3", processes=(), output="one\nno database\n\n"
    )
    assert tell(crash).startswith(
        "At 14:02:11 bot ended by itself: exit status 3. It had run for 60 min. "
        'Its last line was "no database".'
    )


def test_what_has_not_recovered_says_so() -> None:
    """The present state, and its reason."""
    lost = replace(
        HUNG, recovered=None, timeline=(Moment(AT + 1, "FATAL", text="too many failures"),)
    )
    assert tell(lost).endswith(
        "It has not recovered; since 14:02:12 it is FATAL: too many failures."
    )


def test_repeats_and_drills_are_told() -> None:
    """A crash loop is one story, and a drill says that it was one."""
    told = tell(replace(HUNG, repeats=4, drill=True))
    assert told.startswith("This was a drill.")
    assert "The same happened 4 times more" in told


def test_a_program_that_is_not_python_has_no_place() -> None:
    """Nothing is invented where nothing was seen."""
    assert find_place([{"pid": 1, "stacks": []}]) is None
    silent = replace(HUNG, processes=({"pid": 1, "stacks": [], "state": "T", "cpu_share": 0.0},))
    assert "The process was stopped (SIGSTOP)." in tell(silent)


def test_the_innermost_line_of_the_program_itself_counts() -> None:
    """Not the library it called, nor its own outermost line."""
    place = find_place(HUNG.processes)
    assert place == Place("handlers/kb.py", 88, "search", "psycopg select")


@pytest.mark.parametrize(
    ("seconds", "told"), [(0.04, "0.0 s"), (9.94, "9.9 s"), (61, "61 s"), (7000, "117 min")]
)
def test_durations_are_as_exact_as_one_wants(seconds: float, told: str) -> None:
    """Tenths of a second only while they matter."""
    assert duration(seconds) == told


def test_an_older_incident_is_told_with_its_date() -> None:
    """A time of the day alone would be taken for today's."""
    assert tell(HUNG, AT + 3600).startswith("At 14:02:11 bot")
    story = tell(replace(HUNG, recovered=AT + 86400), AT + 5 * 86400)
    assert story.startswith("At 2026-01-01 14:02:11 bot was found hanging")
    assert "It was last seen well at 14:01:56." in story
    assert "well again at 2026-01-02 14:02:11" in story


def test_what_goes_on_is_not_said_to_have_ended() -> None:
    """Repeats of a failure that is still open, and a reason that is told once."""
    timeline = (Moment(AT + 1, "FATAL", text="no database; exit code 4 is in exit_codes.fatal"),)
    lost = replace(HUNG, recovered=None, reason="no database", repeats=2, timeline=timeline)
    assert tell(lost).endswith(
        "The same happened 2 times more. It has not recovered; "
        "since 14:02:12 it is FATAL: exit code 4 is in exit_codes.fatal."
    )


def test_memory_is_told_without_a_stutter() -> None:
    """The first sentence says already what it is about."""
    grown = replace(HUNG, cause="memory", reason="memory: 321 MB used, 200 MB allowed")
    assert "outgrown its memory: 321 MB used" in tell(grown)


def test_stacks_that_the_program_printed_itself_are_told() -> None:
    """Where py-spy may not look, faulthandler's dump says the line; it is no last line."""
    dump = (
        "listening\n"
        "Thread 0x00007f0000000001 (most recent call first):\n"
        '  File "/usr/lib/python3.11/threading.py", line 320 in wait\n'
        "Current thread 0x00007f0000000002 (most recent call first):\n"
        f'  File "{LIBRARY}", line 228 in wait\n'
        f'  File "{BOT}", line 88 in search\n'
        '  File "/srv/bot/app.py", line 20 in <module>\n'
    )
    leader = {"pid": 7, "state": "S", "cpu_share": 0.0, "waits_in": "", "stacks": []}
    story = tell(replace(HUNG, processes=(leader,), output=dump))
    assert "waiting in handlers/kb.py line 88 (search), in psycopg wait." in story
    assert 'Its last line was "listening".' in story


def test_a_fatal_signal_is_told_with_its_line() -> None:
    """faulthandler.enable() leaves a dump when the interpreter dies."""
    output = (
        "one\nFatal Python error: Segmentation fault\n\n"
        "Current thread 0x00007f0000000002 (most recent call first):\n"
        f'  File "{BOT}", line 9 in parse\n\n'
        "Extension modules: _cffi_backend (total: 1)\n"
    )
    crash = replace(HUNG, cause="crash", reason="killed by SIGSEGV (11)", processes=())
    assert "It was in handlers/kb.py line 9 (parse)." in tell(replace(crash, output=output))


def test_an_exception_is_told_with_its_line() -> None:
    """The innermost line of the program's own; an exception that it survived is not told."""
    output = (
        "Traceback (most recent call last):\n"
        f'  File "{BOT}", line 9, in parse\n    read()\n'
        f'  File "{LIBRARY}", line 3, in wait\n    raise ValueError("boom")\n'
        "ValueError: boom\n"
    )
    crash = replace(HUNG, cause="crash", reason="exit status 1: ValueError: boom", processes=())
    expected = "Its last traceback ends in handlers/kb.py line 9 (parse), in psycopg wait."
    assert expected in tell(replace(crash, output=output))
    assert "traceback" not in tell(replace(crash, output=output + "still here\n" * 20))


def test_a_loop_of_classes_is_idle_too() -> None:
    """py-spy names the class with the function where it can."""
    loop = process(
        frame(STANDARD, 468, "EpollSelector.select"),
        frame("/usr/lib/python3.11/asyncio/base_events.py", 1884, "BaseEventLoop._run_once"),
        frame("/srv/bot/app.py", 20, "main"),
    )
    assert "Its event loop was idle" in tell(replace(HUNG, processes=(loop,)))


def test_what_waits_in_the_kernel_alone_says_in_what() -> None:
    """A line that calls no library: the kernel has the word for what it waits in."""
    leader = process(frame(BOT, 9, "nap")) | {"waits_in": "hrtimer_nanosleep"}
    story = tell(replace(HUNG, processes=(leader,)))
    assert "waiting in handlers/kb.py line 9 (nap), in the kernel (hrtimer_nanosleep)." in story


def test_a_crash_loop_is_told_as_one() -> None:
    """How often it had failed lately, drills and older failures apart."""
    known = [
        summary_of(one)
        for one in (
            HUNG,
            replace(HUNG, id="bot-0", at=AT - 60, repeats=2),
            replace(HUNG, id="bot-drill", at=AT - 50, drill=True),
            replace(HUNG, id="bot-old", at=AT - 7200),
        )
    ]
    expected = "In the hour before it had failed 3 times, first at 14:01:11."
    assert tell_series(HUNG, known) == expected
    assert tell_series(HUNG, known[:1]) == ""


def test_an_end_that_nobody_saw_is_told_once() -> None:
    """What is known is when it was found out."""
    unseen = replace(HUNG, cause="unseen", reason="it ended while no watchdog ran", processes=())
    assert tell(unseen).startswith("bot ended while no watchdog ran; that was seen at 14:02:11. It")


def test_the_main_thread_is_shown_first() -> None:
    """In a program of many threads it is what a reader looks for."""
    shown = process(frame(BOT, 9, "nap")) | {"command": "bot", "threads": 2, "resident_bytes": 0}
    shown |= {"cpu_seconds": 0.0, "open_files": 0, "files": [], "kernel": []}
    other = {"name": "worker", "running": False, "has_gil": False, "frames": []}
    shown["stacks"] = [other, *shown["stacks"]]
    ((_, lines),) = of_process(shown)
    assert lines.index("MainThread") < lines.index("worker")


@pytest.mark.parametrize(
    "line",
    [
        '{"time": "2026-01-01", "line": "no \\"database\\""}',
        '{"line": "{\\"level\\": 3, \\"msg\\": \\"no \\\\\\"database\\\\\\"\\"}"}',
    ],
)
def test_a_last_line_in_json_is_told_as_text(line: str) -> None:
    """Nobody wants to read quotes of quotes; what is no such line stays as it is."""
    crash = replace(HUNG, cause="crash", reason="exit status 3", processes=())
    assert 'Its last line was "no "database"".' in tell(replace(crash, output=line))
    assert 'Its last line was "{oops".' in tell(replace(crash, output="{oops"))


def test_what_an_earlier_incarnation_said_is_not_told_as_its_last_line() -> None:
    """Who said nothing has no last line; those before it are still in the evidence."""
    crash = replace(HUNG, cause="crash", reason="killed by SIGKILL (9)", processes=(), output="old")
    assert "last line" not in tell(replace(crash, own_lines=0))
    assert 'Its last line was "new".' in tell(replace(crash, output="old\nnew\n", own_lines=1))
