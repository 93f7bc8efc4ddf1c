"""Poison: an update that the library cannot parse must not stop the others, nor come for ever.

Stock python-telegram-bot logs the error and asks again at once with the same offset, so Telegram
sends the same update again: a hot loop, and deafness. Here each update in an answer is tried on
its own; one that fails is replaced by an empty update with the same id, which no handler wants
but which moves the offset past it.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

Parse = Callable[[dict[str, Any]], object]


class Unintelligible(Exception):
    """An answer in which nothing tells what was sent: asking again at once would not help."""


@dataclass(frozen=True)
class Skipped:
    """One update that was left out: its raw content, its id if it has one, and the error."""

    update: Any
    update_id: int | None
    error: str


@dataclass(frozen=True)
class Sifted:
    """An answer to getUpdates in which every update can be parsed."""

    payload: bytes
    received: int
    skipped: tuple[Skipped, ...]


def sift(payload: bytes, parse: Parse) -> Sifted:
    """`payload` without its poison; raises `Unintelligible`."""
    updates = _updates(payload)
    skipped = tuple(_poison(updates, parse))
    if not skipped:
        return Sifted(payload, len(updates), ())
    bad = {id(item.update) for item in skipped}
    kept = [update for update in updates if id(update) not in bad]
    kept += [{"update_id": item.update_id} for item in skipped if item.update_id is not None]
    if not kept:
        raise Unintelligible("none of the updates in the answer has an id")
    kept.sort(key=lambda update: int(update["update_id"]))
    answer = {"ok": True, "result": kept}
    return Sifted(json.dumps(answer).encode(), len(kept), skipped)


def _updates(payload: bytes) -> list[Any]:
    try:
        answer = json.loads(payload)
    except (ValueError, RecursionError) as error:
        raise Unintelligible(f"the answer is no JSON: {type(error).__name__}") from None
    updates = answer.get("result") if isinstance(answer, dict) else None
    if not isinstance(updates, list):
        raise Unintelligible("the answer has no list of updates")
    return updates


def _poison(updates: list[Any], parse: Parse) -> Iterator[Skipped]:
    for update in updates:
        try:
            if not isinstance(update["update_id"], int):
                raise TypeError("update_id is no number")
            parse(update)
        except Exception as error:  # whatever a parser throws at malformed input
            yield Skipped(update, _id_of(update), f"{type(error).__name__}: {error}")


def _id_of(update: Any) -> int | None:
    number = update.get("update_id") if isinstance(update, dict) else None
    return number if isinstance(number, int) else None
