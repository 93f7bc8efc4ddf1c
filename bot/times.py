"""Times as people read them."""

from datetime import UTC, datetime

_UNITS = (("d", 86400, "h", 3600), ("h", 3600, "min", 60), ("min", 60, "s", 1))


def stamp(seconds: float) -> str:
    """A moment, in seconds since 1970, to the second and in UTC."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def duration(seconds: float | None) -> str:
    """Two units are enough: 12 s, 3 min 5 s, 2 h 10 min, 4 d 1 h."""
    if seconds is None:
        return "no time"
    whole = int(seconds)
    for name, unit, smaller, less in _UNITS:
        if whole >= unit:
            return f"{whole // unit} {name} {whole % unit // less} {smaller}"
    return f"{whole} s"


def age(moment: float | None, now: float) -> float | None:
    """Seconds since a moment of the same clock, to the millisecond; None if it never was."""
    return None if moment is None else round(now - moment, 3)
