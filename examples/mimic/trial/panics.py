"""A panic that is cut off in the middle, and the one that completes it."""

from __future__ import annotations

import os
import re
import time
from collections import defaultdict
from decimal import Decimal
from signal import SIGKILL
from typing import Any

from trial.platform import Platform, Trouble, wait_for
from trial.steps import HTTP, count_buys, expect, get, signal, status_of

PATIENCE = 30  # seconds for the chat


def cut_off(one: Platform) -> str:
    """The bot is killed while it closes positions: the next one says that nobody knows."""
    signal(one, "before-the-panic")
    wait_for("a position", lambda: count_buys(one, "before-the-panic"))
    _await_reply(one, one.sandbox.send("/panic_close_all 000000"), "Nothing was done")
    held, polls = _list_open(one), one.sandbox.statistics()["polls"]
    pid = one.program("bot")["pid"]
    update = one.sandbox.send(f"/panic_close_all {one.place.code()}")
    sold = _await_orders(one)
    os.kill(pid, SIGKILL)
    expect(one.sandbox.wait_for_polling(more_than=polls, timeout=60), "no bot has come back")
    _await_reply(one, update, "UNKNOWN")
    left = len(_list_open(one))
    expect(0 < left < len(held), f"of {len(held)} positions {left} are left: not in the middle")
    return f"killed after {sold} of {len(held)} orders; the chat is told that nobody knows"


def complete(one: Platform) -> str:
    """A second panic closes what is left and nothing twice, and reports; then nothing is bought."""
    left = len(_list_open(one))
    report = _panic_again(one)
    found = re.search(r"Closed (\d+) of (\d+):", report)
    expect(found and found[1] == found[2] == str(left), f"{left} were left; it says {report!r}")
    expect("Result:" in report, f"the report is {report!r}")
    expect(not _list_open(one), "something is still open")
    balance = _add_up(one)
    expect(not any(balance.values()), f"bought and not sold, or sold twice: {balance}")
    _see_halt(one)
    return f"the other {left} are closed and reported, none twice; signals are refused till /resume"


def _panic_again(one: Platform) -> str:
    return _await_reply(one, one.sandbox.send(f"/panic_close_all {one.place.code(1)}"), "Result:")


def _see_halt(one: Platform) -> None:
    signal(one, "while-halted")
    wait_for("the signal to be looked at", lambda: status_of(one, "while-halted") == "complete")
    expect(not count_buys(one, "while-halted"), "a signal was traded although all is halted")
    HTTP.post(f"http://{one.place.web}/resume").raise_for_status()
    expect(get(one, "/positions")["halted_by"] is None, "trading could not be resumed")


def _await_reply(one: Platform, update: int, part: str) -> str:
    """The first message of the bot after this update that has this in it."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        for message in one.sandbox.wait_for_replies(update, timeout=0):
            if part in str(message.get("text", "")):
                return str(message["text"])
        time.sleep(0.1)
    raise Trouble(f"nobody says {part!r} in the chat")


def _await_orders(one: Platform) -> int:
    """How many were sold, once it is more than one."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if (sold := len(_list_sold(one))) > 1:
            return sold
    raise Trouble("nothing is sold")


def _list_open(one: Platform) -> list[Any]:
    return list(get(one, "/positions")["positions"])


def _list_sold(one: Platform) -> list[str]:
    return [order["id"] for order in get(one, "/orders")["orders"] if order["side"] == "sell"]


def _add_up(one: Platform) -> dict[str, Decimal]:
    """What was bought of each symbol, less what was sold."""
    balance: dict[str, Decimal] = defaultdict(Decimal)
    for order in get(one, "/orders")["orders"]:
        sign = 1 if order["side"] == "buy" else -1
        balance[order["symbol"]] += sign * Decimal(order["quantity"])
    return dict(balance)
