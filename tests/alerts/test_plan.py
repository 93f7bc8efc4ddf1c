"""When messages go out: grouping, the limit, an outage, and a full outbox, in virtual time."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from watchdog.alerts import plan
from watchdog.alerts.model import CLOSING, Alert, Mark, Phase
from watchdog.alerts.words import body_of

T0 = 1_800_000_000.0  # Unix seconds


def alert(
    number: int, at: float = T0, program: str = "bot", phase: Phase = "begins", opener: str = ""
) -> Alert:
    kind = "recovered" if phase in CLOSING else "down"
    text = f"{program} {kind} {number}."
    return Alert(f"{number:06d}", kind, phase, at, text, program, opener)


class Line:
    """One receiver, and a clock that jumps from one step to the next."""

    def __init__(self, limit: int = 20, group: float = 10) -> None:
        self.limit, self.group = limit, group
        self.mark = Mark()
        self.sent: list[tuple[float, tuple[Alert, ...]]] = []

    def run(self, alerts: list[Alert], down: tuple[float, float] = (0, 0)) -> None:
        """Until all is sent; in between the receiver is down."""
        now = T0
        for _ in range(10_000):
            here = [one for one in alerts if one.at <= now]
            later = min((one.at for one in alerts if one.at > now), default=None)
            step = plan.plan(here, self.mark, self.group, self.limit, now)
            if step.batch:
                self.mark = plan.attempt(self.mark, step.batch, now)
                if not down[0] <= now - T0 < down[1]:
                    self.mark = plan.succeed(self.mark, step.batch, now)
                    self.sent.append((now, step.batch))
                continue
            times = [at for at in (step.at, later) if at is not None]
            if not times:
                return
            now = min(times)
        raise AssertionError("it never ends")

    @property
    def ids(self) -> list[str]:
        return [one.id for _, batch in self.sent for one in batch]


def test_what_comes_together_goes_together() -> None:
    """Alerts within the window of the first are one message, ten seconds after it."""
    line = Line()
    line.run([alert(1), alert(2, T0 + 4), alert(3, T0 + 9.9), alert(4, T0 + 30)])
    assert [(at - T0, len(batch)) for at, batch in line.sent] == [(10, 3), (40, 1)]


def test_what_is_over_the_limit_is_summed_up_later() -> None:
    """No hour has more messages than the limit, and the next one has all that was over."""
    line = Line(limit=3)
    line.run([alert(n, T0 + n * 60, f"p{n % 3}") for n in range(30)])
    times = [at for at, _ in line.sent]
    assert len(times) == 4
    assert times[3] - times[0] >= 3600
    body = body_of(line.sent[3][1])
    assert len(body.splitlines()) == 3 and "down 9 times" in body


def test_an_outage_ends_with_all_of_it_in_order() -> None:
    """What a receiver could not be told comes once it can, in order, and once."""
    line = Line()
    alerts = [alert(1), alert(2, T0 + 60, phase="over", opener="000001"), alert(3, T0 + 7000)]
    line.run(alerts, down=(0, 3000))
    assert line.ids == ["000001", "000002", "000003"]
    assert 3000 <= line.sent[0][0] - T0 <= 3000 + plan.LONGEST_RETRY
    assert line.mark.open == {"000003"} and line.mark.failures == 0


times = st.lists(st.floats(0, 20_000), max_size=80)


@given(times, st.integers(1, 5), st.sampled_from([0.0, 10.0, 600.0]), st.floats(0, 10_000))
def test_everything_arrives_once_in_order_within_the_limit(
    offsets: list[float], limit: int, group: float, outage: float
) -> None:
    """For any times, limit, window and outage."""
    alerts = [alert(n, T0 + at, f"p{n % 7}") for n, at in enumerate(sorted(offsets))]
    line = Line(limit, group)
    line.run(alerts, down=(100, 100 + outage))
    assert line.ids == [one.id for one in alerts]
    sent = [at for at, _ in line.sent]
    assert all(b - a >= plan.HOUR for a, b in zip(sent, sent[limit:], strict=False))


@given(st.integers(1, 400), st.integers(1, 300))
def test_no_message_is_too_long_to_be_taken(count: int, programs: int) -> None:
    """However many alerts wait, each message has some of them and is short enough."""
    waiting = [alert(n, T0, f"program-{n % programs}" + "x" * 100) for n in range(count)]
    batch = plan.fit(waiting)
    assert batch == tuple(waiting[: len(batch)]) and batch
    assert len(body_of(batch)) <= plan.LONGEST_BODY


def test_a_clock_that_was_put_back_holds_nothing_up() -> None:
    """Times in the future are not waited for."""
    mark = Mark(sent=(T0 + 9e6,) * 20, failures=3, retry_at=T0 + 9e6)
    assert plan.plan([alert(1, T0 + 9e6)], mark, 10, 20, T0).batch


@given(st.integers(1, 60), st.integers(0, 60), st.integers(1, 40), st.booleans())
def test_what_closes_something_known_is_never_dropped(
    pairs: int, heard: int, most: int, tried: bool
) -> None:
    """Of a full outbox the oldest go, but no recovery that somebody waits for; all is counted."""
    alerts: list[Alert] = []
    for n in range(pairs):
        alerts += [
            alert(2 * n, program=f"p{n}"),
            alert(2 * n + 1, T0, f"p{n}", "over", f"{2 * n:06d}"),
        ]
    openers = [one for one in alerts if one.phase == "begins"][:heard]
    mark = plan.attempt(Mark(), openers, T0)
    if not tried:
        mark = plan.succeed(mark, openers, T0)
    victims, lost = plan.choose_victims(alerts, [mark, Mark()], most)
    kept = [one for one in alerts if one not in victims]
    known = {one.id for one in openers}
    assert not any(one.opener in known for one in victims)
    protected = sum(one.opener in known for one in alerts)
    assert len(kept) <= max(most, protected)
    assert lost == len([one for one in victims if one.id not in mark.done])
    unneeded = [one for one in kept if one.opener not in known]
    assert all(one.id > victim.id for one in unneeded for victim in victims)
