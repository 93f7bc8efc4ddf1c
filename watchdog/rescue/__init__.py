"""Finding out who keeps a singleton's lock, and ending them, verified.

It replaces `rm -f` on a lock file, which frees nothing and lets a second copy start. Nothing here
needs a running watchdog, and nothing here ever removes a file. The command line is handed `look_up`
and `free` by the entry point.
"""

from watchdog.rescue.freeing import free
from watchdog.rescue.survey import look_up

__all__ = ["free", "look_up"]
