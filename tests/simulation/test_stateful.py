"""Hypothesis plays operator and fate: the same world, but the steps are chosen to be shrunk."""

from __future__ import annotations

from random import Random

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from tests.simulation import episode
from tests.simulation.faults import KINDS, Fault, strike
from tests.simulation.policies import draw_policies
from tests.simulation.world import World

ASKED = ("start", "stop", "restart", "stop_many", "restart_many", "roll")
FATE = sorted(set(KINDS) - set(ASKED))
CHANCE = st.floats(0, 1, exclude_max=True)


class Story(RuleBasedStateMachine):
    """Every step checks every promise; the end checks that all comes to rest."""

    world: World

    @initialize(seed=st.integers(0, 1_000_000))
    def begin(self, seed: int) -> None:
        """A few programs, and the watchdog starts."""
        self.world = World(draw_policies(Random(seed)), seed)
        self.world.perform(self.world.fleet.start_all(self.world.moment()), None)

    @rule(kind=st.sampled_from(ASKED), n=st.integers(0, 3))
    def type_command(self, kind: str, n: int) -> None:
        """An operator types something."""
        self.strike(kind, n, 0.3)

    @rule(kind=st.sampled_from(FATE), n=st.integers(0, 3), x=CHANCE)
    def suffer(self, kind: str, n: int, x: float) -> None:
        """Something goes wrong, or the configuration changes."""
        self.strike(kind, n, x)

    @rule(seconds=st.sampled_from((0.0, 0.01, 0.3, 1.0, 5.0, 30.0)))
    def wait(self, seconds: float) -> None:
        """Time passes."""
        self.world.run_until(self.world.now + seconds)

    @rule()
    def shut_down(self) -> None:
        """SIGTERM, rarely the last word."""
        self.strike("shut_down", 0, 0.0)

    def strike(self, kind: str, n: int, x: float) -> None:
        """Let it happen, unless the watchdog has left."""
        if self.world.finished is None:
            strike(self.world, Fault(self.world.now, kind, n, x))

    def teardown(self) -> None:
        """The faults end: wishes come true, then everything goes down."""
        if not hasattr(self, "world"):
            return
        episode.calm_down(self.world)
        episode.expect_wishes(self.world)
        episode.shut_down(self.world)


TestStory = Story.TestCase
TestStory.settings = settings(
    max_examples=100,
    stateful_step_count=30,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
