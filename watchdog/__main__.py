"""`python -m watchdog`, the same as the command `watchdog`."""

import sys

from watchdog_supervisor import main

if __name__ == "__main__":
    sys.exit(main())
