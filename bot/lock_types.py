"""What the lock file is to everybody, on whichever operating system."""

DIRECTORY_VARIABLE = "WATCHDOG_LOCK_DIR"  # for tests: everyone must agree on one directory


class Held(Exception):
    """Somebody else holds the lock; `text` is what its record says about them."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text
