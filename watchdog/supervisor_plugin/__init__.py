"""For supervisord: our `health`, `why` and `incidents` in its API and in its supervisorctl.

supervisord.conf names the two factories here. They run inside supervisord and inside supervisorctl,
so nothing of the daemon is imported, only the client; the watchdog is asked at its control socket.
"""

from __future__ import annotations

from typing import Any


def make_rpcinterface(supervisord: Any, **options: str) -> Any:
    """`[rpcinterface:watchdog]`: options are `config` (the watchdog's file) or `socket`."""
    from watchdog.supervisor_plugin.interface import Interface
    from watchdog.supervisor_plugin.place import make_locator

    return Interface(make_locator(options))


def make_ctlplugin(controller: Any, **options: str) -> Any:
    """`[ctlplugin:watchdog]`; it has no options: supervisord knows where the watchdog is."""
    from watchdog.supervisor_plugin.commands import Commands
    from watchdog.supervisor_plugin.place import refuse_options

    refuse_options("ctlplugin:watchdog", options, ())
    return Commands(controller)
