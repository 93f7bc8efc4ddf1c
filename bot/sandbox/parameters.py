"""The parameters of a Bot API call, from any of the four ways a client may send them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl


class BadParameters(Exception):
    """The body could not be read; the text says why and is fit for a Bot API description."""


@dataclass(slots=True)
class Parameters:
    """Named values, and the names and sizes of the files that came with them."""

    values: dict[str, object] = field(default_factory=dict)
    files: dict[str, tuple[str, int]] = field(default_factory=dict)

    def text(self, name: str, default: str = "") -> str:
        """The value as text."""
        value = self.values.get(name)
        return default if value is None else str(value)

    def integer(self, name: str, default: int = 0) -> int:
        """The value as a whole number; as at Telegram, what is none counts as 0."""
        value = self.values.get(name)
        if value is None or value == "":
            return default
        try:
            return int(str(value))
        except ValueError:
            return 0

    def truth(self, name: str) -> bool:
        """The value as yes or no."""
        return self.text(name).lower() in ("true", "yes", "1")

    def document(self, name: str) -> object:
        """The value as JSON, also where it came as JSON in a text; None if it is neither."""
        value = self.values.get(name)
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value)
        except ValueError:
            return None


def read_parameters(query: str, content_type: str, body: bytes) -> Parameters:
    """Merge the query string and the body. Raises BadParameters."""
    parameters = Parameters(dict(parse_qsl(query, keep_blank_values=True)))
    kind = content_type.partition(";")[0].strip().lower()
    if not body:
        return parameters
    if kind == "application/json":
        parameters.values |= read_json_object(body)
    elif kind == "multipart/form-data":
        _read_multipart(content_type, body, parameters)
    else:
        form = parse_qsl(body.decode(errors="replace"), keep_blank_values=True)
        parameters.values |= dict(form)
    return parameters


def read_json_object(body: bytes) -> Mapping[str, object]:
    """The body as a JSON object; an empty one is an empty object. Raises BadParameters."""
    try:
        document = json.loads(body or b"{}")
    except (ValueError, RecursionError):
        raise BadParameters("Bad Request: can't parse the body as JSON") from None
    if not isinstance(document, dict):
        raise BadParameters("Bad Request: the body must be a JSON object")
    return document


def _read_multipart(content_type: str, body: bytes, into: Parameters) -> None:
    found = re.search(r'boundary="?([^";]+)"?', content_type)
    if not found:
        raise BadParameters("Bad Request: multipart body without a boundary")
    for part in body.split(b"--" + found[1].encode())[1:-1]:
        head, _, content = part.partition(b"\r\n\r\n")
        _read_part(head.decode(errors="replace"), content.removesuffix(b"\r\n"), into)


def _read_part(head: str, content: bytes, into: Parameters) -> None:
    name = re.search(r'[ ;]name="([^"]*)"', head)
    filename = re.search(r'filename="([^"]*)"', head)
    if not name:
        raise BadParameters("Bad Request: multipart part without a name")
    if filename:
        into.files[name[1]] = (filename[1], len(content))
    else:
        into.values[name[1]] = content.decode(errors="replace")
