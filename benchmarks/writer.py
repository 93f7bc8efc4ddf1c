"""A program that writes numbered lines at a given pace until it is told to end.

python -S -E writer.py BYTES_A_SECOND
"""

import os
import signal
import sys
import time

LINE = 100  # bytes
EVERY = 0.01  # seconds
FILLER = "." * (LINE - 14)


def main() -> None:
    """Lines with the numbers from 0 on, without a gap; the last one is whole."""
    pace = int(sys.argv[1])
    ending: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _frame: ending.append(number))
    number, due = 0, time.monotonic()
    size = max(1, int(pace * EVERY / LINE))
    while not ending:
        block = "".join(f"{n:012d} {FILLER}\n" for n in range(number, number + size)).encode()
        while block:
            block = block[os.write(1, block) :]
        number += size
        due = max(due + EVERY, time.monotonic() - 0.1)  # what was held up is not made up for
        time.sleep(max(0.0, due - time.monotonic()))


if __name__ == "__main__":
    main()
