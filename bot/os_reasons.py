"""Why the operating system said no, in its own words."""

import os


def os_reason(error: OSError) -> str:
    """As "Connection refused"; where asyncio has put an address in place of that, too."""
    if error.errno is not None and error.errno > 0:
        return os.strerror(error.errno)
    return error.strerror or str(error) or type(error).__name__
