"""`health`, `why` and `incidents` as commands of supervisorctl.

They ask supervisord, which asks the watchdog: so they work wherever supervisorctl does, and with
the rights that supervisord gives.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import methodcaller
from typing import Any
from xmlrpc.client import Fault

from supervisor.supervisorctl import (
    ControllerPluginBase,
    LSBInitExitStatuses,
    LSBStatusExitStatuses,
)
from supervisor.xmlrpc import Faults

from watchdog.cli.table import format_table
from watchdog.supervisor_plugin.story import EMPTY, as_lines, is_well, list_lines

NO_INTERFACE = (
    "supervisord does not know the watchdog; add this to its configuration, and start it again:\n"
    "[rpcinterface:watchdog]\n"
    "supervisor.rpcinterface_factory = watchdog.supervisor_plugin:make_rpcinterface\n"
    "config = /path/to/watchdog.toml"
)


class Commands(ControllerPluginBase):  # type: ignore[misc]  # supervisor has no types
    """The commands; supervisorctl finds them by their names."""

    def do_help(self, arg: str) -> None:
        # Of our commands only: supervisorctl asks each plugin about those of all others, too. It is
        # a comment, as a docstring would put `help` among our commands.
        if not arg or hasattr(self, f"help_{arg}"):
            super().do_help(arg)

    def do_health(self, arg: str) -> None:
        """The programs of the watchdog: state, health and reason"""
        names = arg.split()
        status = self._ask(methodcaller("health"))
        if status is None:
            return
        programs = [EMPTY | program for program in status["programs"]]
        chosen = [p for p in programs if not names or p["name"] in names]
        for line in format_table(chosen) if chosen else ():
            self.ctl.output(line)
        if not all(map(is_well, chosen)):
            self.ctl.exitstatus = LSBStatusExitStatuses.NOT_RUNNING
        for name in names:
            if name not in [program["name"] for program in chosen]:
                self.ctl.output(f"{name}: ERROR (no such program)")
                self.ctl.exitstatus = LSBStatusExitStatuses.UNKNOWN

    def do_why(self, arg: str) -> None:
        """What happened to a program"""
        names = arg.split()
        if not names:
            self.ctl.output("Error: why requires the name of a program")
            self.ctl.exitstatus = LSBInitExitStatuses.INVALID_ARGS
            self.help_why()
        for name in names:
            self._show(methodcaller("why", name))

    def do_incidents(self, arg: str) -> None:
        """The failures of which the watchdog kept the evidence"""
        found = self._ask(methodcaller("incidents", *arg.split()[:1]))
        if found is not None:
            for line in list_lines(found) or ["no incidents"]:
                self.ctl.output(line)

    def help_health(self) -> None:
        """What supervisorctl shows for `help health`."""
        self.ctl.output("health\t\t\tState, health and reason of the watchdog's programs")
        self.ctl.output("health <name> <name>\tThe same for these")
        self.ctl.output("Exit code: 0 all run and none is unhealthy, 3 not so, 4 no such program")

    def help_why(self) -> None:
        """What supervisorctl shows for `help why`."""
        self.ctl.output("why <name>\tWhat happened to a program of the watchdog, in sentences")

    def help_incidents(self) -> None:
        """What supervisorctl shows for `help incidents`."""
        self.ctl.output("incidents\t\tThe failures of which the watchdog kept the evidence")
        self.ctl.output("incidents <name>\tThe same of one program")

    def _show(self, ask: Callable[[Any], Any]) -> None:
        answer = self._ask(ask)
        for line in as_lines(answer) if answer is not None else ():
            self.ctl.output(line)

    def _ask(self, ask: Callable[[Any], Any]) -> Any:
        """The answer; None, and it was said why, if there is none."""
        if not self.ctl.upcheck():
            return None
        try:
            return ask(self.ctl.get_server_proxy("watchdog"))
        except Fault as fault:
            self.ctl.exitstatus = LSBInitExitStatuses.GENERIC
            unknown = fault.faultCode == Faults.UNKNOWN_METHOD
            self.ctl.output(NO_INTERFACE if unknown else f"ERROR ({fault.faultString})")
            return None
