"""`watchdog.*` in supervisord's own XML-RPC API.

supervisord does one thing at a time, so a watchdog that does not answer may hold it up for a moment
only. What an older watchdog has no method for is told from its status.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from supervisor.xmlrpc import Faults, RPCError

from watchdog.client import Client, Refused, Unreachable
from watchdog.supervisor_plugin import story

SECONDS = 2.0  # that supervisord is held up at most by one question
UNKNOWN_METHOD = 1


class Interface:
    """The methods; supervisord publishes every name without an underscore in front."""

    def __init__(self, locate: Callable[[], str]) -> None:
        self._locate = locate

    def health(self) -> Any:
        """The watchdog and its programs: state, health, reason, pid, restarts

        @return struct result  A structure with `watchdog` and `programs`
        """
        return story.without_nothing(self._ask("status"))

    def why(self, name: str) -> Any:
        """What happened to a program, in sentences

        @param string name  The name of a program of the watchdog
        @return string result  The sentences
        """
        return self._ask_or("why", (name,), lambda status: self._tell(status, name))

    def incidents(self, name: str = "") -> Any:
        """The failures of which the watchdog kept the evidence, newest first

        @param string name  The name of a program; those of all without
        @return array result  A summary of each
        """
        words = (name,) if name else ()
        return self._ask_or("incidents", words, story.list_incidents)

    def _tell(self, status: dict[str, Any], name: str) -> str:
        found = [program for program in status["programs"] if program["name"] == name]
        if not found:
            known = ", ".join(program["name"] for program in status["programs"])
            raise RPCError(Faults.BAD_NAME, f"there is no program {name}; there are: {known}")
        return story.tell(found[0], time.time())

    def _ask_or(
        self, method: str, words: tuple[str, ...], otherwise: Callable[[dict[str, Any]], Any]
    ) -> Any:
        """The answer of a method, or what the status says where there is no such method."""
        try:
            return story.without_nothing(self._call(method, words))
        except Refused as refusal:
            if refusal.code != UNKNOWN_METHOD:
                raise RPCError(refusal.code, str(refusal)) from None
        return otherwise(self._ask("status"))

    def _ask(self, method: str) -> Any:
        try:
            return self._call(method, ())
        except Refused as refusal:
            raise RPCError(refusal.code, str(refusal)) from None

    def _call(self, method: str, words: tuple[str, ...]) -> Any:
        try:
            client = Client(self._locate())
        except Unreachable as error:
            raise RPCError(Faults.FAILED, str(error)) from None
        try:
            return client.call(f"watchdog.{method}", *words, seconds=SECONDS)
        except Unreachable as error:
            raise RPCError(Faults.FAILED, str(error)) from None
        finally:
            client.close()
