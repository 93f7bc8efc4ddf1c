"""The documents: the same as Python's own XML-RPC reads and writes, and no bomb goes off."""

from __future__ import annotations

import contextlib
import xmlrpc.client
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchdog.wire import xmlrpc as wire
from watchdog.wire.faults import Fault, refuse

_TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20)
_SCALAR = st.integers(-(2**31), 2**31 - 1) | st.booleans() | _TEXT | st.floats(allow_nan=False)
_VALUE = st.recursive(
    _SCALAR,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_TEXT, inner, max_size=4),
    max_leaves=12,
)


@given(_VALUE)
def test_a_result_is_read_by_pythons_client(value: Any) -> None:
    """Whatever we answer, the standard library's client understands the same."""
    (read,), _ = xmlrpc.client.loads(wire.write_result(value))
    assert read == value


@given(_VALUE)
def test_a_call_of_pythons_client_is_read(value: Any) -> None:
    """Whatever the standard library's client sends, we understand the same."""
    document = xmlrpc.client.dumps((value, 1), "supervisor.any").encode()
    assert wire.read_call(document) == ("supervisor.any", (value, 1))


@given(_VALUE)
def test_a_result_comes_back(value: Any) -> None:
    """Our own client reads what our own server writes."""
    assert wire.read_result(wire.write_result(value)) == value


@given(st.binary(max_size=300))
def test_garbage_is_malformed_and_nothing_else(document: bytes) -> None:
    """No document ends in any other exception."""
    with pytest.raises(wire.Malformed):
        wire.read_call(document)


@given(st.data())
def test_a_damaged_call_is_read_or_malformed(data: st.DataObject) -> None:
    """Cutting and overwriting a valid document never ends in any other exception."""
    document = bytearray(wire.write_call("a.b", ({"x": [1, "two", None]}, 3.5)))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(document) - 1))
        document[at : at + data.draw(st.integers(0, 9))] = data.draw(st.binary(max_size=4))
        document = document or bytearray(b"x")
    with contextlib.suppress(wire.Malformed):
        wire.read_call(bytes(document))


def test_control_characters_of_a_log_are_replaced() -> None:
    """Escape sequences in a log do not make the answer unreadable; line ends stay as they were."""
    document = wire.write_result("a\x1b[31mred\x00\r\nb")
    (read,), _ = xmlrpc.client.loads(document)
    assert read == "a�[31mred�\r\nb"


def test_large_integers_and_none_are_carried() -> None:
    """Numbers beyond 32 bits and missing values arrive."""
    value = {"big": 2**40, "none": None}
    assert wire.read_result(wire.write_result(value)) == value
    (read,), _ = xmlrpc.client.loads(wire.write_result(value))
    assert read == value


def test_a_fault_arrives_as_one() -> None:
    """A refusal has its code and text, for our client and for Python's."""
    document = wire.write_fault(refuse(10, "bot"))
    with pytest.raises(Fault) as ours:
        wire.read_result(document)
    assert (ours.value.code, ours.value.text) == (10, "BAD_NAME: bot")
    with pytest.raises(xmlrpc.client.Fault) as theirs:
        xmlrpc.client.loads(document)
    assert (theirs.value.faultCode, theirs.value.faultString) == (10, "BAD_NAME: bot")


_BOMB = """<?xml version="1.0"?>
<!DOCTYPE bomb [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>
<methodCall><methodName>&b;</methodName></methodCall>"""


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_no_document_type_is_accepted(encoding: str) -> None:
    """An entity bomb is refused before an entity is defined, in every encoding expat knows."""
    with pytest.raises(wire.Malformed, match="document type"):
        wire.read_call(_BOMB.encode(encoding))


def test_depth_is_bounded() -> None:
    """Arrays inside arrays end at a limit."""
    inner = "<value><array><data>" * 5000
    document = f"<methodCall><methodName>a.b</methodName><params><param>{inner}".encode()
    with pytest.raises(wire.Malformed, match="inside each other"):
        wire.read_call(document)


def test_a_number_of_many_digits_is_refused() -> None:
    """No time is spent on a number that nobody means."""
    document = wire.write_call("a.b", (1,)).replace(b"<int>1<", b"<int>" + b"9" * 5000 + b"<")
    with pytest.raises(wire.Malformed):
        wire.read_call(document)
