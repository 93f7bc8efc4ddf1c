"""What is news: the desk, in virtual time."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from watchdog.alerts import desk
from watchdog.alerts.desk import Case, Failure
from watchdog.alerts.model import CLOSING, News, Rules

ALL = frozenset({"down", "recovered", "crash-loop", "conflict"})
CRASH = Failure("exit status 1")
FATAL = Failure("exit status 77", urgent=True, stays=True, counted=0)
LOOP = Failure("10 restarts within 600 s", urgent=True, looping=True, settle=60.0, counted=0)


class Life:
    """One program, a desk, and a clock that jumps from one decision to the next."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self.now = 0.0
        self.case: Case | None = None
        self.told: list[tuple[float, News]] = []

    def wait(self, seconds: float) -> None:
        end = self.now + seconds
        for _ in range(1000):
            at = None if self.case is None else desk.due(self.case, self.rules)
            if self.case is None or at is None or at > end:
                break
            self.now = max(self.now, at)
            self.case, news = desk.decide(self.case, self.rules, self.now)
            if news is not None:
                self.told.append((self.now, news))
        else:
            raise AssertionError("the desk never rests")
        self.now = end

    def fail(self, failure: Failure = CRASH) -> None:
        self.case = desk.fail(self.case, "bot", "down", failure, self.now)

    def recover(self) -> None:
        if self.case is not None:
            self.case = desk.recover(self.case, self.now)

    def leave(self) -> None:
        if self.case is not None:
            self.case = desk.leave(self.case)

    @property
    def kinds(self) -> list[str]:
        return [news.kind for _, news in self.told]


def test_a_restart_that_takes_milliseconds_wakes_nobody() -> None:
    """What is up again before `after` is over is not told, neither down nor recovered."""
    life = Life(Rules(ALL, after=10))
    for _ in range(20):
        life.fail()
        life.wait(0.003)
        life.recover()
        life.wait(30)
    assert life.told == []


def test_down_and_recovered_are_a_pair() -> None:
    """Down is told after `after`, recovered once it has been well for as long."""
    life = Life(Rules(ALL, after=10))
    life.fail()
    life.wait(25)
    life.recover()
    life.wait(25)
    assert [(at, news.kind, news.phase) for at, news in life.told] == [
        (10, "down", "begins"),
        (35, "recovered", "over"),
    ]


def test_what_will_not_come_back_is_told_at_once() -> None:
    """FATAL does not wait for `after`."""
    life = Life(Rules(ALL, after=10))
    life.fail()
    life.fail(FATAL)
    life.wait(0)
    assert life.kinds == ["down"] and life.told[0][1].stays
    life.wait(1e6)
    assert life.kinds == ["down"]


def test_a_crash_loop_is_told_once() -> None:
    """Twenty failures, and being given up again and again, are one crash loop."""
    life = Life(Rules(ALL, after=10))
    for _ in range(20):
        life.fail()
        life.wait(0.1)
        life.recover()
        life.wait(0.2)
    for _ in range(20):
        life.fail()
        life.fail(LOOP)
        life.wait(300)
        life.recover()
        life.wait(2)
    assert life.kinds == ["crash-loop"]
    life.recover()
    life.wait(57)
    assert life.kinds == ["crash-loop"]
    life.wait(2)
    assert life.kinds == ["crash-loop", "recovered"]


def test_one_that_is_stopped_while_down_is_closed() -> None:
    """Whoever was told that it is down is told that it was stopped."""
    life = Life(Rules(ALL, after=0))
    life.fail()
    life.wait(1)
    life.leave()
    life.wait(0)
    assert [(news.kind, news.phase) for _, news in life.told][-1] == ("recovered", "left")


def test_a_reminder_comes_as_often_as_it_was_asked_for() -> None:
    """With `repeat` it is told again that a program is still down, and not once it is up."""
    life = Life(Rules(ALL, after=10, repeat=3600))
    life.fail()
    life.wait(3 * 3600)
    life.recover()
    life.wait(3 * 3600)
    phases = [news.phase for _, news in life.told]
    assert phases == ["begins", "lasts", "lasts", "over"]


steps = st.lists(
    st.tuples(
        st.sampled_from(["fail", "fatal", "loop", "recover", "leave"]),
        st.floats(0, 100, allow_nan=False),
    ),
    max_size=60,
)
rules = st.builds(
    Rules,
    on=st.frozensets(st.sampled_from(sorted(ALL))),
    after=st.sampled_from([0.0, 1.0, 10.0]),
    repeat=st.sampled_from([None, 60.0]),
)


@given(steps, rules)
def test_whatever_happens_what_was_opened_is_closed_once(
    happened: list[tuple[str, float]], rules: Rules
) -> None:
    """Nothing closes what was not told, nothing is opened twice, and in the end all is closed."""
    life = Life(rules)
    for what, seconds in happened:
        {
            "fail": life.fail,
            "fatal": lambda: life.fail(FATAL),
            "loop": lambda: life.fail(LOOP),
            "recover": life.recover,
            "leave": life.leave,
        }[what]()
        life.wait(seconds)
    life.recover()
    life.wait(1000)
    assert life.case is None
    is_open = False
    for _, news in life.told:
        assert news.kind in rules.on
        if news.phase in CLOSING:
            assert is_open
            is_open = False
        elif news.phase == "begins":
            assert not is_open or news.kind == "crash-loop" or "recovered" not in rules.on
            is_open = True
        else:
            assert is_open or "recovered" not in rules.on
    if "recovered" in rules.on:
        assert not is_open


@given(steps)
def test_nothing_is_told_sooner_than_it_may_be(happened: list[tuple[str, float]]) -> None:
    """Plain failures are told `after` the first of a row, never sooner."""
    life = Life(Rules(ALL, after=10))
    for what, seconds in happened:
        (life.fail if what in ("fail", "fatal", "loop") else life.recover)()
        life.wait(seconds)
    assert all(at - news.since >= 9.999 for at, news in life.told)
