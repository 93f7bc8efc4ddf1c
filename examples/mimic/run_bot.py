"""The bot, and nothing else: the one process that polls. By hand, it takes the same lock."""

from __future__ import annotations

import sys

from bot.__main__ import main

if __name__ == "__main__":
    sys.exit(main())
