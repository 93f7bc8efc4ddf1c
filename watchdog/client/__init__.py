"""How the command line and the terminal view talk to a running watchdog.

`Client` calls the methods of the control API, `find` says at which address the watchdog is.
"""

from watchdog.client.client import Client
from watchdog.client.errors import Refused, Unreachable

__all__ = ["Client", "Refused", "Unreachable"]
