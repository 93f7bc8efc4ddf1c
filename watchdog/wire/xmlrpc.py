"""XML-RPC documents: written and read with nothing but expat.

The standard library's `xmlrpc.client` costs a resident process 2.9 MiB and a command 20 ms, because
it brings an HTTP client and a mail parser along. It also writes control characters as they are,
which no XML parser accepts: here they become U+FFFD, so that a log with colours can be read.

Reading keeps these true: no document type, so no entity can be defined and none can explode; a
bounded depth; every malformed document ends as `Malformed` and as nothing else. 64-bit integers
are written as `i8`, and None as `nil`; both are extensions that Python's own client reads.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple

from watchdog.wire.faults import Fault

DEEPEST = 64  # elements inside each other; our own answers need fewer than 30
_LARGEST_I4 = 2**31
_LARGEST_I8 = 2**63
_LONGEST_NUMBER = 400  # characters; the largest double is written with 309

_ILLEGAL = "[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
_SPECIAL = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"})


class Malformed(ValueError):
    """The document is no XML-RPC. The text says why and holds nothing of the document."""


class Call(NamedTuple):
    """A request: which method, with what."""

    method: str
    params: tuple[Any, ...]


# --- writing ----------------------------------------------------------------------------------


def write_call(method: str, params: tuple[Any, ...]) -> bytes:
    """The document of a request."""
    name = _escape(method)
    return _document(f"<methodCall><methodName>{name}</methodName>{_params(params)}</methodCall>")


def write_result(value: Any) -> bytes:
    """The document of an answer."""
    return _document(f"<methodResponse>{_params((value,))}</methodResponse>")


def write_fault(fault: Fault) -> bytes:
    """The document of a refusal."""
    body = _write({"faultCode": fault.code, "faultString": fault.text})
    return _document(f"<methodResponse><fault>{body}</fault></methodResponse>")


def _document(text: str) -> bytes:
    return f"<?xml version='1.0'?>\n{text}\n".encode()


def _params(values: tuple[Any, ...]) -> str:
    inside = "".join(f"<param>{_write(value)}</param>" for value in values)
    return f"<params>{inside}</params>"


def _write(value: Any) -> str:
    return f"<value>{_typed(value)}</value>"


def _typed(value: Any) -> str:
    if value is None:
        return "<nil/>"
    if isinstance(value, bool):
        return f"<boolean>{value:d}</boolean>"
    if isinstance(value, str):
        return f"<string>{_escape(value)}</string>"
    if isinstance(value, int):
        return _integer(value)
    if isinstance(value, float):
        return f"<double>{value!r}</double>"
    if isinstance(value, dict):
        return f"<struct>{''.join(map(_member, value.items()))}</struct>"
    return f"<array><data>{''.join(map(_write, value))}</data></array>"


def _integer(value: int) -> str:
    if -_LARGEST_I4 <= value < _LARGEST_I4:
        return f"<int>{value:d}</int>"
    if -_LARGEST_I8 <= value < _LARGEST_I8:
        return f"<i8>{value:d}</i8>"
    raise OverflowError("an integer of more than 64 bits")


def _member(item: tuple[str, Any]) -> str:
    name, value = item
    return f"<member><name>{_escape(name)}</name>{_write(value)}</member>"


def _escape(text: str) -> str:
    # What is printable is legal, and nearly all is: compiling the class takes 5 ms of a command.
    legal = text if text.isprintable() else re.sub(_ILLEGAL, "�", text)
    return legal.translate(_SPECIAL)


# --- reading ----------------------------------------------------------------------------------


def read_call(document: bytes) -> Call:
    """The request in the document; `Malformed` if it is none."""
    reader = _read(document)
    if not reader.method:
        raise Malformed("no method name")
    return Call(reader.method, tuple(reader.stack))


def read_result(document: bytes) -> Any:
    """The answer in the document; raises the `Fault` if it is one, or `Malformed`."""
    reader = _read(document)
    if reader.is_fault:
        raise _fault(reader.stack)
    if len(reader.stack) != 1:
        raise Malformed("not exactly one result")
    return reader.stack[0]


def _fault(stack: list[Any]) -> Fault:
    match stack:
        case [{"faultCode": int(code), "faultString": str(text)}]:
            return Fault(code, text)
    raise Malformed("a fault without its code and text")


def _read(document: bytes) -> _Reader:
    from xml.parsers import expat

    reader = _Reader()
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    # Entities can only be defined in a document type: without one, none can be expanded.
    parser.StartDoctypeDeclHandler = _forbid_doctype
    try:
        parser.Parse(document, True)
        reader.finish()
    except Malformed:
        raise
    except expat.ExpatError as error:
        raise Malformed(f"no well-formed XML (line {error.lineno})") from None
    except (ValueError, LookupError, TypeError):
        raise Malformed("elements in an order that XML-RPC does not have") from None
    return reader


def _forbid_doctype(*_: object) -> None:
    raise Malformed("a document type, which is not allowed")


class _Reader:
    """The handlers of one document. `stack` ends as the parameters, or as the single result."""

    def __init__(self) -> None:
        self.stack: list[Any] = []
        self.method = ""
        self.is_fault = False
        self._marks: list[int] = []
        self._pieces: list[str] = []
        self._depth = 0
        self._bare = False  # inside a <value> that has had no element yet: its text is a string

    def start(self, tag: str, _attributes: object) -> None:
        self._depth += 1
        if self._depth > DEEPEST:
            raise Malformed(f"more than {DEEPEST} elements inside each other")
        if tag in ("array", "struct"):
            self._marks.append(len(self.stack))
        self._pieces.clear()
        self._bare = tag == "value"

    def text(self, piece: str) -> None:
        self._pieces.append(piece)

    def end(self, tag: str) -> None:
        self._depth -= 1
        text = "".join(self._pieces)
        self._pieces.clear()
        if convert := _SCALARS.get(tag):
            self.stack.append(convert(text))
        elif tag == "value" and self._bare:
            self.stack.append(text)
        elif tag in ("array", "struct"):
            self._gather(tag)
        elif tag == "methodName":
            self.method = text.strip()
        elif tag == "fault":
            self.is_fault = True
        self._bare = False

    def finish(self) -> None:
        if self._marks or not (self.method or self.stack):
            raise Malformed("no call and no answer")

    def _gather(self, tag: str) -> None:
        mark = self._marks.pop()
        items = self.stack[mark:]
        self.stack[mark:] = [items if tag == "array" else _struct(items)]


def _struct(items: list[Any]) -> dict[str, Any]:
    names, values = items[::2], items[1::2]
    if len(names) != len(values) or not all(isinstance(name, str) for name in names):
        raise Malformed("a struct whose names and values do not pair")
    return dict(zip(names, values, strict=True))


def _read_number(kind: Callable[[str], Any]) -> Callable[[str], Any]:
    def convert(text: str) -> Any:
        if len(text) > _LONGEST_NUMBER:
            raise Malformed("a number that is too long")
        return kind(text)

    return convert


def _read_boolean(text: str) -> bool:
    return {"0": False, "1": True}[text.strip()]


def _read_base64(text: str) -> str:
    """As supervisor does: the bytes are taken for UTF-8 text."""
    import binascii

    return binascii.a2b_base64(text).decode(errors="replace")


_SCALARS: dict[str, Callable[[str], Any]] = {
    "string": str,
    "int": _read_number(int),
    "i4": _read_number(int),
    "i8": _read_number(int),
    "double": _read_number(float),
    "boolean": _read_boolean,
    "nil": lambda text: None,
    "base64": _read_base64,
    "dateTime.iso8601": str,
    "name": str,
}
