"""How alerts read: plain sentences. Pure."""

from __future__ import annotations

import socket

from watchdog.alerts.model import Alert, News

LONGEST_REASON = 400
"""Characters; a reason is a line, unless a program's last words are long."""

_NO_MARKUP = str.maketrans("<>", "‹›")


def tell(news: News, clock: str, lasted: float, incident: str = "") -> str:
    """The sentence. `clock` is when it began, as people read it; `lasted` is in seconds."""
    words = {
        "down": tell_down,
        "crash-loop": tell_loop,
        "recovered": tell_recovery,
        "conflict": tell_conflict,
    }
    if news.kind in words:
        return words[news.kind](news, clock, lasted) + advice(news, incident)
    return shorten(news.reason)


def tell_down(news: News, clock: str, lasted: float) -> str:
    """It fails, or still does."""
    since = f"since {clock}"
    how = (
        f"is still down, {since} ({span(lasted)})" if news.phase == "lasts" else f"is down {since}"
    )
    text = f"{news.program} {how}{because(news)}"
    text += f" It failed {news.failures} times." if news.failures > 1 else ""
    return text + (f" It stays down until: watchdog start {news.program}." if news.stays else "")


def tell_loop(news: News, clock: str, lasted: float) -> str:
    """It fails again and again."""
    still = "is still" if news.phase == "lasts" else "is"
    text = f"{news.program} {still} in a crash loop since {clock}{because(news)}"
    then = "It stays down until: watchdog start " + news.program
    return f"{text} {then}." if news.stays else f"{text} It is held, and tried again later."


def tell_recovery(news: News, clock: str, lasted: float) -> str:
    """It is up again, or nobody wants it up."""
    if news.phase == "left":
        return f"{news.program} was stopped; it had been down since {clock} ({span(lasted)})."
    return f"{news.program} is up again. It had failed at {clock}, {span(lasted)} before."


def tell_conflict(news: News, clock: str, lasted: float) -> str:
    """Somebody else does its work, or no longer does."""
    if news.phase == "left":
        return f"{news.program} was stopped; somebody else had been doing its work since {clock}."
    if news.phase == "over":
        return f"{news.program}: nobody else does its work any more. That began at {clock}."
    still = " still" if news.phase == "lasts" else ""
    return f"{news.program}: somebody else{still} does its work, since {clock}{because(news)}"


def because(news: News) -> str:
    """The reason, as the end of a sentence."""
    reason = shorten(news.reason).rstrip(".")
    return f": {reason}." if reason else "."


def advice(news: News, incident: str) -> str:
    """Where there is more to read."""
    if news.kind not in ("down", "crash-loop") or news.phase != "begins":
        return ""
    return f" More: watchdog why {news.program}" + (f" (incident {incident})." if incident else ".")


def shorten(text: str) -> str:
    """The text in one line, cut where it would be too long.

    Angle brackets look like markup to some services, which refuse what they cannot parse.
    """
    text = text.translate(_NO_MARKUP)
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= LONGEST_REASON else line[: LONGEST_REASON - 1] + "…"


def span(seconds: float) -> str:
    """How long, in words: 3 s, 2 min 5 s, 3 h 12 min, 2 d 4 h."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    units = ((86400, "d", 3600, "h"), (3600, "h", 60, "min"), (60, "min", 1, "s"))
    large, name, small, less = next(unit for unit in units if whole >= unit[0])
    rest = whole % large // small
    return f"{whole // large} {name}" + (f" {rest} {less}" if rest else "")


def host_title(given: str | None) -> str:
    """How this watchdog is called in messages."""
    return given or f"watchdog on {socket.gethostname()}"


def title_of(alerts: tuple[Alert, ...], host: str) -> str:
    """The heading of a message: what it is about, if that is short to say."""
    programs = {alert.program for alert in alerts}
    if len(alerts) == 1 or len(programs) == 1:
        last = alerts[-1]
        return f"{host}: {headline(last)}"
    return f"{host}: {len(alerts)} alerts"


def headline(alert: Alert) -> str:
    """An alert in three words."""
    names = {
        "down": "is down",
        "recovered": "was stopped" if alert.phase == "left" else "is up again",
        "crash-loop": "is in a crash loop",
        "conflict": "conflict over" if alert.phase in ("over", "left") else "conflict",
        "adopted": "was adopted",
        "standby": "took over",
        "drill": "drill",
        "watchdog": "the watchdog was gone",
    }
    return f"{alert.program} {names.get(alert.kind, alert.kind)}".strip()


def body_of(alerts: tuple[Alert, ...]) -> str:
    """A message: all of it, or, of many alerts, a line for each program."""
    lines = summarise(alerts) if len(alerts) > MOST_LINES else [a.text for a in current(alerts)]
    dropped = sum(alert.dropped for alert in alerts)
    if dropped:
        lines.append(f"{dropped} earlier alerts are lost: nobody could be told for too long.")
    return "\n".join(lines)


MOST_LINES = 12
"""Alerts in one message that are told one by one; of more, each program's are summed up."""


def current(alerts: tuple[Alert, ...]) -> list[Alert]:
    """Without what was overtaken: that something is down, if it is in a crash loop by now."""
    follower: dict[str, str] = {}  # program -> kind of its next alert
    kept = []
    for alert in reversed(alerts):
        if (alert.kind, follower.get(alert.program)) != ("down", "crash-loop"):
            kept.append(alert)
        follower[alert.program] = alert.kind
    return kept[::-1]


def summarise(alerts: tuple[Alert, ...]) -> list[str]:
    """For each program how often what was told, and its last alert in full."""
    last = {alert.program: alert for alert in alerts}
    return [told for program in last for told in [sum_up(program, last[program], alerts)]]


def sum_up(program: str, last: Alert, alerts: tuple[Alert, ...]) -> str:
    """All of one program in a line."""
    own = [alert for alert in alerts if alert.program == program]
    counts = {alert.kind: 0 for alert in own}
    for alert in own:
        counts[alert.kind] += 1
    told = ", ".join(f"{kind} {number} times" for kind, number in counts.items() if number > 1)
    return f"{last.text} (Meanwhile: {told}.)" if told else last.text
