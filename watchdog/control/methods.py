"""All methods that a client can call: the one table."""

from __future__ import annotations

from watchdog.control import (
    drill_methods,
    incident_methods,
    observe_methods,
    scale_methods,
    supervisor_clear,
    supervisor_groups,
    supervisor_logs,
    supervisor_methods,
    system_methods,
    watchdog_history,
    watchdog_methods,
)
from watchdog.control.rpc import Method

METHODS: dict[str, Method] = {
    **supervisor_methods.TABLE.methods,
    **supervisor_groups.TABLE.methods,
    **supervisor_logs.TABLE.methods,
    **supervisor_clear.TABLE.methods,
    **system_methods.TABLE.methods,
    **watchdog_methods.TABLE.methods,
    **watchdog_history.TABLE.methods,
    **incident_methods.TABLE.methods,
    **drill_methods.TABLE.methods,
    **observe_methods.TABLE.methods,
    **scale_methods.TABLE.methods,
}
