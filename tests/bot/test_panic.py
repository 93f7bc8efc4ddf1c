"""The panic command's decisions: codes, attempts, lock-outs, words. Time is an input."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pyotp
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.database import Database
from bot.panic.judge import (
    FIRST_LOCK,
    LONGEST_LOCK,
    MOST_ATTEMPTS,
    STEP,
    WINDOW,
    Judgement,
    Ledger,
    Track,
    Verdict,
    judge,
    waiting,
)
from bot.panic.settings import PanicSettings, is_secret, normalize
from bot.panic.setup import comment
from bot.panic.store import SCHEMA, Attempt, PanicStore
from bot.panic.words import Request, refusal, screen

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
codes = pyotp.TOTP(SECRET).generate_otp
moments = st.integers(10**9, 2 * 10**9).map(float)


def wrong_code(now: float) -> str:
    """Six digits that are right at no step near `now`."""
    near = {codes(int(now // STEP) + off) for off in range(-9, 10)}
    return next(code for code in map(str, range(918273, 918300)) if code not in near)


def test_the_codes_are_those_of_the_rfc() -> None:
    """RFC 6238's own example: at 59 s, its secret shows ...287082."""
    rfc = pyotp.TOTP("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ").generate_otp
    assert judge(Ledger(), "287082", 59.0, rfc)[1] == Judgement(Verdict.ACCEPTED, 1)


@settings(deadline=None)
@given(moments, st.integers(-6, 6))
def test_a_code_is_good_in_its_step_and_one_to_either_side(now: float, off: int) -> None:
    """One step of skew is allowed, two are not."""
    code = codes(int(now // STEP) + off)
    near = {codes(int(now // STEP) + skew) for skew in (-1, 0, 1)}
    verdict = judge(Ledger(), code, now, codes)[1].verdict
    assert verdict is (Verdict.ACCEPTED if code in near else Verdict.WRONG)
    if abs(off) <= 1:
        assert verdict is Verdict.ACCEPTED


@settings(deadline=None)
@given(moments, st.lists(st.tuples(st.floats(0, 400), st.integers(-1, 1)), max_size=20))
def test_accepted_steps_only_ever_rise(start: float, tries: list[tuple[float, int]]) -> None:
    """Whatever right codes come in whatever order: no step is accepted twice, none goes back."""
    ledger, now, steps = Ledger(), start, []
    for gap, off in tries:
        now += gap
        ledger, judgement = judge(ledger, codes(int(now // STEP) + off), now, codes)
        if judgement.step is not None:
            steps.append(judgement.step)
    assert steps == sorted(set(steps))


def test_a_used_code_is_refused_and_so_is_an_older_one() -> None:
    """The step of the next half minute uses up the present one."""
    now = 1_700_000_000.0
    step = int(now // STEP)
    ledger, first = judge(Ledger(), codes(step + 1), now, codes)
    assert first.verdict is Verdict.ACCEPTED
    assert judge(ledger, codes(step + 1), now, codes)[1].verdict is Verdict.USED
    assert judge(ledger, codes(step), now, codes)[1].verdict is Verdict.USED


@pytest.mark.parametrize(
    "code", ["", "12345", "1234567", "٢٨٧٠٨٢", "²²²²²²", "12 345", "-12345", "287082\n", "a" * 9999]
)
def test_only_six_ascii_digits_are_a_code(code: str) -> None:
    """Anything else is malformed, and counts as an attempt."""
    ledger, judgement = judge(Ledger(), code, 59.0, codes)
    assert judgement.verdict is Verdict.MALFORMED
    assert ledger.user.failures == ledger.secret.failures == 1


@settings(deadline=None)
@given(moments, st.lists(st.floats(0, 5000), min_size=1, max_size=60))
def test_no_five_minutes_ever_hold_more_than_three_guesses(start: float, gaps: list[float]) -> None:
    """However they are paced; and a lock-out is never shorter than the one before it."""
    ledger, now, looked_at, waits = Ledger(), start, [], []
    for gap in gaps:
        now += gap
        ledger, judgement = judge(ledger, wrong_code(now), now, codes)
        if judgement.verdict is not Verdict.LOCKED:
            looked_at.append(now)
            if judgement.wait:
                waits.append(judgement.wait)
    for first, beyond in zip(looked_at, looked_at[MOST_ATTEMPTS:], strict=False):
        assert beyond - first >= WINDOW * 0.999999
    assert waits == sorted(waits)


def test_lock_outs_escalate_to_a_day() -> None:
    """5 minutes, 10, 20, ... and at last three guesses a day."""
    ledger, now, waits = Ledger(), 1_700_000_000.0, []
    for _ in range(3 * 12):
        ledger, judgement = judge(ledger, wrong_code(now), now, codes)
        assert judgement.verdict is Verdict.WRONG
        if judgement.wait:
            waits.append(judgement.wait)
            now += judgement.wait
    assert waits[:3] == [FIRST_LOCK, 2 * FIRST_LOCK, 4 * FIRST_LOCK]
    assert waits[-1] == LONGEST_LOCK
    assert len(waits) == 12


def test_a_patient_guesser_is_locked_out_as_well() -> None:
    """Two guesses in each five minutes would keep to the window, but not to the failures."""
    ledger, now = Ledger(), 1_700_000_000.0
    guesses = 0
    while now < 1_700_000_000.0 + 30 * 86400:
        ledger, judgement = judge(ledger, wrong_code(now), now, codes)
        guesses += judgement.verdict is not Verdict.LOCKED
        now += 150.1
    assert guesses < 130  # of 17,000


def test_a_locked_right_code_is_not_even_looked_at_and_not_used_up() -> None:
    """While locked out a right code is refused; later codes work, and failures are forgotten."""
    now = 1_700_000_000.0
    ledger = Ledger(user=Track(failures=3, locked_until=now + 10))
    same, judgement = judge(ledger, codes(int(now // STEP)), now, codes)
    assert (same, judgement.verdict) == (ledger, Verdict.LOCKED)
    later = now + 11
    after, judgement = judge(ledger, codes(int(later // STEP)), later, codes)
    assert judgement.verdict is Verdict.ACCEPTED
    assert after.user.failures == after.secret.failures == 0


def test_others_are_locked_out_by_the_secret_not_by_a_user() -> None:
    """Guesses by one user count for the secret, too, whoever comes next."""
    now = 1_700_000_000.0
    ledger = Ledger()
    for _ in range(3):
        ledger, _ = judge(ledger, wrong_code(now), now, codes)
    other = Ledger(user=Track(), secret=ledger.secret, last_step=ledger.last_step)
    assert judge(other, codes(int(now // STEP)), now, codes)[1].verdict is Verdict.LOCKED


@settings(deadline=None)
@given(st.floats(0, 1e12), st.floats(0, 1e12))
def test_a_clock_that_was_put_back_locks_out_for_a_day_at_most(until: float, now: float) -> None:
    """A lock-out of a wrong clock's far future ends."""
    assert 0 <= waiting(Track(locked_until=until, attempts=(until,) * 3), now) <= LONGEST_LOCK


@settings(deadline=None)
@given(st.text(max_size=12), moments)
def test_any_text_is_judged(code: str, now: float) -> None:
    """Nothing that can be typed makes the judge fail."""
    assert isinstance(judge(Ledger(), code, now, codes)[1].verdict, Verdict)


def test_the_list_comes_first() -> None:
    """Who is not listed learns nothing about their message."""
    panic = PanicSettings(authorized_users=frozenset({1}))
    stranger = screen(Request(user=2, date=0, repeated=True, words=0), panic, 1e9)
    assert stranger is not None
    assert "PANIC_AUTHORIZED_USERS" in stranger


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        (Request(1, 1000, False, 1), None),
        (Request(1, 941, False, 1), None),
        (Request(1, 939, False, 1), "took 61 s"),
        (Request(1, 1061, False, 1), "61 s behind"),
        (Request(1, 1000, True, 1), "forwarded"),
        (Request(1, 1000, False, 0), "Send /panic_close_all CODE"),
    ],
)
def test_what_is_not_looked_at(request_: Request, said: str | None) -> None:
    """Old, forwarded and empty messages are refused before any code is compared."""
    answer = screen(request_, PanicSettings(authorized_users=frozenset({1})), 1000)
    assert (said in answer) if said and answer else (answer is said)


def test_a_refusal_says_for_how_long() -> None:
    """Seconds when it is short, minutes when it is long."""
    assert "for 45 s" in refusal(Judgement(Verdict.WRONG, wait=45))
    assert "for 20 min" in refusal(Judgement(Verdict.LOCKED, wait=1200))


async def test_attempts_are_kept_and_neither_code_nor_secret_is(tmp_path: Path) -> None:
    """Another start knows the last step and the failures; the file holds no code, no secret."""
    path, now = tmp_path / "bot.sqlite3", 1_700_000_000.0
    right, bad = codes(int(now // STEP)), wrong_code(now)
    with Database(path, [SCHEMA]) as database:
        store = PanicStore(database, SECRET)
        first = await store.judge(Attempt(1, 1, 10, right), now, codes)
        assert first is not None and first[1] is not None
        assert await store.judge(Attempt(1, 1, 10, right), now, codes) is None
        await store.judge(Attempt(1, 1, 11, bad), now, codes)
    with Database(path, [SCHEMA]) as database:
        store = PanicStore(database, SECRET)
        again = await store.judge(Attempt(1, 1, 12, right), now + 1, codes)
        assert again is not None and again[0].verdict is Verdict.USED
        locked = await store.judge(Attempt(1, 1, 13, right), now + 2, codes)
        assert locked is not None and locked[0].verdict is Verdict.LOCKED
        [past] = await store.untold()
        assert (past.run, past.outcome) == (first[1], None)
        other = await PanicStore(database, SECRET * 2).judge(Attempt(1, 1, 14, right), now, codes)
        assert other is not None and other[0].verdict is not Verdict.LOCKED
    with sqlite3.connect(path) as plain:
        dump = "\n".join(plain.iterdump())
    assert right not in dump.replace(first[1].number, "")
    assert bad not in dump
    assert SECRET not in dump


def test_secrets_are_read_as_apps_show_them() -> None:
    """Small letters, groups and padding are fine; short ones and other alphabets are not."""
    assert normalize("jbsw y3dp-ehpk 3pxp JBSW Y3DP EHPK 3PXP====") == SECRET
    assert is_secret(SECRET)
    assert is_secret(SECRET[:23])
    assert not is_secret(SECRET[:16])
    assert not is_secret(SECRET[:-1] + "1")
    assert not is_secret("Ä" + SECRET)


def test_a_code_that_is_typed_to_try_it() -> None:
    """Right, from a clock that is off, or of another secret."""
    now, step = 1_700_000_000.0, 1_700_000_000 // STEP
    assert comment(codes(step + 1), now, codes).startswith("Right")
    assert "the app is 120 s behind" in comment(codes(step - 4), now, codes)
    assert "not a code of this secret" in comment(wrong_code(now), now, codes)
