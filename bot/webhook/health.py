"""Is a bot well that is sent its updates? A pure function of the figures and the time.

No delivery for a long time is no sign of anything: perhaps nobody writes. What counts is what
Telegram says: whether the webhook is still ours, and whether updates wait there although none
arrives. A webhook that somebody took away is for a restart (which sets it again, or says why it
must not); deliveries that fail on their way are for a person, so the bot is only degraded.
"""

from bot.times import duration
from bot.verdict import Verdict
from bot.webhook.figures import Look, WebhookFigures
from bot.webhook.settings import host_of

TAKEN, ELSEWHERE, DELIVERY = "webhook-taken", "webhook-elsewhere", "delivery"
# This many times the pause between two looks without one is late; a look takes 10 s at most.
_LATE = 3.0
_LOOK_SECONDS = 15.0
_CROWD_SECONDS = 30.0  # for this long an update that was put off is worth a word


def judge_faults(figures: WebhookFigures | None, now: float) -> Verdict | None:
    """What a restart, or a person after it, must cure; None in polling mode, too."""
    if figures is None:
        return None
    return _judge_server(figures) or _judge_owner(figures) or _judge_age(figures, now)


def judge_troubles(figures: WebhookFigures | None, now: float) -> Verdict | None:
    """What is between Telegram and this server."""
    if figures is None:
        return None
    return _judge_deliveries(figures, now) or _judge_crowd(figures, now) or _judge_outage(figures)


def _judge_server(figures: WebhookFigures) -> Verdict | None:
    if figures.serving:
        return None
    return Verdict("deaf", 503, "The webhook's server does not listen any more.", "poller")


def _judge_owner(figures: WebhookFigures) -> Verdict | None:
    look = figures.look
    if look is None or look.url == figures.url:
        return None
    if not look.url:
        reason = "The webhook was deleted by somebody else: Telegram sends no updates any more."
        return Verdict("deaf", 503, reason, TAKEN)
    reason = f"Somebody else has pointed the webhook at {host_of(look.url) or 'another address'}."
    return Verdict("deaf", 503, reason, ELSEWHERE)


def _judge_age(figures: WebhookFigures, now: float) -> Verdict | None:
    since = figures.looked if figures.looked is not None else figures.began
    limit = _LATE * figures.check_seconds + _LOOK_SECONDS
    if since is None or now - since <= limit:
        return None
    reason = f"Telegram has not been asked about the webhook for {now - since:.0f} s."
    return Verdict("late", 503, reason, "poll")


def _judge_deliveries(figures: WebhookFigures, now: float) -> Verdict | None:
    look = figures.look
    if look is None or not look.pending or not _stands_still(figures.before, look):
        return None
    waiting = "1 update waits" if look.pending == 1 else f"{look.pending} updates wait"
    reason = f"{waiting} at Telegram, and none arrives here"
    if look.last_error:
        age = "" if look.last_error_at is None else f", {duration(now - look.last_error_at)} ago"
        reason += f"; the last delivery failed: {look.last_error}{age}"
    return Verdict("degraded", 200, f"{reason}.", DELIVERY)


def _stands_still(before: Look | None, look: Look) -> bool:
    """Whether updates waited at both looks, and none came in between."""
    if before is None or not before.pending or before.pending > look.pending:
        return False
    return before.deliveries == look.deliveries


def _judge_crowd(figures: WebhookFigures, now: float) -> Verdict | None:
    last = figures.last_put_off
    if last is None or now - last > _CROWD_SECONDS:
        return None
    reason = "More updates come than the handlers can take: Telegram is asked to keep them."
    return Verdict("degraded", 200, reason, DELIVERY)


def _judge_outage(figures: WebhookFigures) -> Verdict | None:
    if not figures.look_failed:
        return None
    reason = f"Telegram cannot be asked about the webhook: {figures.look_failed}."
    return Verdict("degraded", 200, reason, "outage")
