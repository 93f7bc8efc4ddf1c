"""Reading the notify protocol."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchdog.core.events import Notified
from watchdog.probes.notify_message import HANGS, parse

SAYS = {
    b"READY=1": Notified(1, ready=True),
    b"READY=1\0": Notified(1, ready=True),
    b"WATCHDOG=1\n": Notified(1, beat=True),
    b"WATCHDOG=trigger": Notified(1, unwell=HANGS),
    b"STOPPING=1": Notified(1, stopping=True),
    b"STATUS=all\tfine\0": Notified(1, status="all fine"),
    b"STATUS=": Notified(1, status=""),
    b"STATUS=one\nSTATUS=two=2": Notified(1, status="two=2"),
    "STATUS=é\a".encode(): Notified(1, status="é"),
    b"STATUS=\xff": Notified(1, status="\ufffd"),
    b"STATUS=" + b"x" * 999: Notified(1, status="x" * 199 + "…"),
    b"EXTEND_TIMEOUT_USEC=1500000": Notified(1, extend=1.5),
    b"READY=1\nMAINPID=7\nWATCHDOG=1\nERRNO=2\nSTATUS=up": Notified(
        1, ready=True, beat=True, status="up"
    ),
}
NOTHING = [
    b"",
    b"READY=0",
    b"READY=11",
    b"ready=1",
    b" READY=1",
    b"READY",
    b"=1",
    b"WATCHDOG=2",
    b"MAINPID=1",
    b"FDSTORE=1",
    b"BARRIER=1",
    b"EXTEND_TIMEOUT_USEC=-5",
    b"EXTEND_TIMEOUT_USEC=1e6",
    b"EXTEND_TIMEOUT_USEC=1_0",
    "EXTEND_TIMEOUT_USEC=١٢".encode(),
    b"EXTEND_TIMEOUT_USEC=" + b"9" * 999,
]


@pytest.mark.parametrize("datagram", SAYS)
def test_each_key_means_what_systemd_says(datagram: bytes):
    """The keys that matter are read, and the last of a key wins."""
    assert parse(datagram, 1) == SAYS[datagram]


@pytest.mark.parametrize("datagram", NOTHING)
def test_what_says_nothing_is_no_event(datagram: bytes):
    """Unknown keys, other values and nonsense are passed over."""
    assert parse(datagram, 1) is None


def test_a_status_is_redacted_before_it_is_cut():
    """Half a secret is still a secret."""
    told = parse(b"STATUS=" + b"x" * 195 + b"secret", 1, lambda text: text.replace("secret", "*"))
    assert told and told.status == "x" * 195 + "*"


LINES = st.lists(
    st.tuples(
        st.sampled_from([b"READY", b"WATCHDOG", b"STATUS", b"EXTEND_TIMEOUT_USEC", b"STOPPING"]),
        st.one_of(st.just(b"1"), st.binary(max_size=30)),
    ).map(b"=".join)
).map(b"\n".join)


@given(st.one_of(st.binary(max_size=5000), LINES))
def test_any_bytes_are_survived(datagram: bytes):
    """Whatever arrives, the result is an event of this incarnation or none."""
    event = parse(datagram, 5)
    if event is not None:
        assert event.incarnation == 5
        assert event.extend >= 0
        assert event.status is None or event.status.isprintable()
        assert len(event.status or "") <= 200
