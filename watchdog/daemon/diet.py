"""Keeps OpenSSL out of the resident process: imported before anything that imports asyncio.

asyncio imports `ssl` if it can, and does without it if it cannot; so does `hashlib` with
`_hashlib`, having hashes of its own. The daemon speaks no TLS (its control socket is local, its
probes ask plain HTTP), so it says that there is neither: that saves 5 MiB of the 25 that
supervisord weighs. Python's own rule for this is a None in `sys.modules`, on which an import fails
as if the module were not installed.
"""

from __future__ import annotations

import sys

if "asyncio" not in sys.modules:
    sys.modules.setdefault("ssl", None)  # type: ignore[arg-type]
if "hashlib" not in sys.modules:
    sys.modules.setdefault("_hashlib", None)  # type: ignore[arg-type]


def give_back() -> None:
    """Give the memory that only the start needed back to the kernel: some 0.7 MiB (glibc)."""
    import ctypes

    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
