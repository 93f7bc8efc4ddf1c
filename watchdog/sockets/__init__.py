"""Listening sockets that are held for programs, so that a restart refuses no connection.

The watchdog binds and listens, and never accepts. What comes while no process is there waits in the
kernel's queue of the socket for the next one.
"""

from __future__ import annotations

from watchdog.sockets.holding import LINGER, Inheritance, Sockets
from watchdog.sockets.opening import CannotListen

__all__ = ["LINGER", "CannotListen", "Inheritance", "Sockets"]
