"""A pool against a model of it: nothing is lost unsaid, nothing is given twice at a time."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from watchdog.config.listening import EVENTS
from watchdog.listeners.dialogue import Word
from watchdog.listeners.pool import Pool

NAMES = ("a", "b", "c")
some = st.sampled_from(NAMES)


class PoolModel(RuleBasedStateMachine):
    """Three listeners share four places."""

    def __init__(self) -> None:
        super().__init__()
        self.pool = Pool("p", ("PROCESS_STATE",), 4)
        for name in NAMES:
            self.pool.join(name)
        self.queue: list[int] = []
        self.held: dict[str, int] = {}
        self.ready: set[str] = set()
        self.up: set[str] = set()
        self.silent: set[str] = set()  # ended, or broke the protocol
        self.serial = 0
        self.dropped = 0

    def room(self) -> None:
        if len(self.queue) == 4:
            self.queue.pop(0)
            self.dropped += 1

    def back(self, name: str) -> None:
        if name in self.held:
            held = self.held.pop(name)
            self.room()
            self.queue.insert(0, held)

    def expect(self, dropped: int, before: int) -> None:
        assert dropped == self.dropped - before

    @rule()
    def happen(self) -> None:
        before = self.dropped
        self.room()
        self.queue.append(self.serial)
        self.expect(self.pool.accept("PROCESS_STATE_EXITED", "x", self.serial), before)
        self.serial += 1

    @rule()
    def assign(self) -> None:
        assigned = self.pool.assign()
        free = [name for name in NAMES if name in self.ready & self.up]
        if not free or not self.queue:
            assert assigned is None
            return
        assert assigned is not None
        name, notice = assigned
        assert name in free
        assert notice.serial == self.queue.pop(0)
        self.held[name] = notice.serial
        self.ready.discard(name)

    @rule(name=some, up=st.booleans())
    def set_up(self, name: str, up: bool) -> None:
        self.pool.members[name].up = up
        (self.up.add if up else self.up.discard)(name)

    @rule(name=some)
    def say_ready(self, name: str) -> None:
        before = self.dropped
        words, dropped = self.pool.hear(name, b"READY\n")
        if name in self.silent:
            assert words == []
        elif name in self.held or name in self.ready:
            assert words == [Word.BROKEN]
            self.back(name)
            self.ready.discard(name)
            self.silent.add(name)
        else:
            assert words == [Word.READY]
            self.ready.add(name)
        self.expect(dropped, before)

    @precondition(lambda self: self.held)
    @rule(data=st.data(), good=st.booleans())
    def answer(self, data: st.DataObject, good: bool) -> None:
        name, before = data.draw(st.sampled_from(sorted(self.held))), self.dropped
        words, dropped = self.pool.hear(name, b"RESULT 2\nOK" if good else b"RESULT 4\nFAIL")
        assert words == [Word.DONE if good else Word.FAILED]
        if good:
            del self.held[name]
        else:
            self.back(name)
        self.expect(dropped, before)

    @rule(name=some)
    def end(self, name: str) -> None:
        before = self.dropped
        dropped = self.pool.end(name)
        self.back(name)
        self.ready.discard(name)
        self.silent.add(name)
        self.expect(dropped, before)

    @rule(name=some)
    def begin(self, name: str) -> None:
        before = self.dropped
        dropped = self.pool.begin(name)
        self.back(name)
        self.ready.discard(name)
        self.silent.discard(name)
        self.expect(dropped, before)

    @invariant()
    def agree(self) -> None:
        assert [notice.serial for notice in self.pool.waiting] == self.queue
        held = {n: m.holding.serial for n, m in self.pool.members.items() if m.holding}
        assert held == self.held
        assert len(self.pool.waiting) <= 4


PoolModel.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestPool = PoolModel.TestCase


def test_a_name_stands_for_all_below_it() -> None:
    """Whoever subscribes to a kind gets every event of that kind and no other."""
    pool = Pool("p", ("PROCESS_STATE", "TICK_60"), 1)
    got = {name for name in EVENTS if pool.wants(name)}
    assert got == {name for name in EVENTS if name.startswith("PROCESS_STATE")} | {"TICK_60"}
    assert all(Pool("p", ("EVENT",), 1).wants(name) for name in EVENTS)


def test_the_length_counts_characters() -> None:
    """As supervisor has it: its listeners read text, and would wait for ever for the rest."""
    pool = Pool("p", ("EVENT",), 1)
    pool.accept("REMOTE_COMMUNICATION", "type:x\nä€", 7)
    header, _, payload = pool.waiting[0].envelope("w", "p").decode().partition("\n")
    assert header == (
        "ver:3.0 server:w serial:7 pool:p poolserial:0 eventname:REMOTE_COMMUNICATION len:9"
    )
    assert payload == "type:x\nä€"


def test_a_smaller_buffer_drops_the_oldest() -> None:
    """A reload may make the buffer smaller; what does not fit is counted."""
    pool = Pool("p", ("EVENT",), 3)
    for number in range(3):
        pool.accept("TICK_5", "", number)
    assert pool.resize(("TICK",), 1) == 2
    assert [notice.serial for notice in pool.waiting] == [2]
    assert not pool.wants("PROCESS_LOG_STDOUT")
