"""`python -m watchdog.alerts OUTBOX`: the sender. The watchdog starts it; people need not."""

import sys

from watchdog.alerts.sender import main

sys.exit(main())
