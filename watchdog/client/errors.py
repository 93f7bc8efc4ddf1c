"""The two ways in which a call fails: nobody answered, or the answer was no."""

from __future__ import annotations


class Unreachable(Exception):
    """No watchdog answers at `address`; `why` says what was met there and what to do.

    `absent` is known to be true if nobody listens there: none runs, rather than one that is stuck.
    """

    def __init__(self, address: str, why: str, absent: bool = False) -> None:
        super().__init__(address, why)
        self.address = address
        self.why = why
        self.absent = absent

    def __str__(self) -> str:
        return f"no watchdog at {self.address}: {self.why}" if self.address else self.why


class Refused(Exception):
    """The watchdog said no. `code` is one of supervisor's fault codes, or an HTTP status."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(code, text)
        self.code = code
        self.text = text

    def __str__(self) -> str:
        return self.text
