"""Is the bot well? A pure function of its figures, its limits and the time.

Two levels of trouble are kept apart. *Degraded* still answers 200: a rival poller or an outage at
Telegram is not cured by a restart, so the bot says so and waits it out. Everything that a restart
(or a person) must cure answers 503. An update that nobody sent never counts: what is judged is
the last *finished* poll, so a quiet bot raises no alarm.
"""

from dataclasses import dataclass

from bot.figures import CONFLICT_SECONDS, Phase, PollingFigures, Snapshot
from bot.times import stamp
from bot.verdict import Verdict
from bot.webhook.health import judge_faults, judge_troubles

# For this long a poisoned update is worth a word; the count of those that are kept stays.
POISON_SECONDS = 600.0
# No poll for so long because of a crowd is worth a word.
CROWD_SECONDS = 5.0
# With all handlers busy and a crowd waiting, not one that ends for so long means that none will.
STANDSTILL_SECONDS = 120.0
# After this long without one success an outage is worth a word; a quiet poll takes 50 s at most.
OUTAGE_SECONDS = 60.0


@dataclass(frozen=True)
class Limits:
    """How old the figures may get, in seconds."""

    loop_stale: float
    poll_stale: float
    handler_stale: float = 0.0  # 0: never too old


def judge(figures: Snapshot, limits: Limits, now: float) -> Verdict:
    """The verdict; the gravest finding comes first."""
    return (
        _judge_phase(figures)
        or _judge_loop(figures, limits, now)
        or _judge_start(figures)
        or _judge_token(figures.polling)
        or _judge_tasks(figures)
        or judge_faults(figures.webhook, now)
        or _judge_age(figures.polling, limits, now)
        or _judge_standstill(figures, now)
        or _judge_handlers(figures, limits, now)
        or _judge_rivals(figures, now)
        or _judge_outage(figures.polling, now)
        or _judge_crowd(figures, now)
        or _judge_poison(figures, now)
        or judge_troubles(figures.webhook, now)
        or _judge_capabilities(figures)
        or Verdict("running", 200, None)
    )


def _judge_phase(figures: Snapshot) -> Verdict | None:
    if figures.phase is Phase.STOPPING:
        return Verdict("stopping", 503, figures.note or "The bot is stopping.")
    return None


def _judge_loop(figures: Snapshot, limits: Limits, now: float) -> Verdict | None:
    beat = figures.loop.beat
    if beat is None or now - beat <= limits.loop_stale:
        return None
    reason = (
        f"The event loop has been stuck for {now - beat:.1f} s (limit {limits.loop_stale:g} s): "
        "something blocks it."
    )
    return Verdict("stuck", 503, reason, "loop")


def _judge_start(figures: Snapshot) -> Verdict | None:
    if figures.phase is Phase.STARTING:
        return Verdict("starting", 503, f"The bot is starting: {figures.note or 'please wait'}.")
    return None


def _judge_token(polling: PollingFigures) -> Verdict | None:
    if polling.status in (401, 404):
        reason = f"Telegram refuses the bot token (HTTP {polling.status}: {polling.error})."
        return Verdict("refused", 503, reason, "token")
    return None


def _judge_tasks(figures: Snapshot) -> Verdict | None:
    if not figures.poller_alive:
        reason = "Polling is dead: nothing asks Telegram for updates any more."
        return Verdict("deaf", 503, reason, "poller")
    if not figures.dispatcher_alive:
        reason = "The dispatcher is dead: updates are fetched but not handled."
        return Verdict("deaf", 503, reason, "dispatcher")
    return None


def _judge_age(polling: PollingFigures, limits: Limits, now: float) -> Verdict | None:
    """Late is a poll that has not come back although its own timeouts have long passed."""
    limit = limits.poll_stale + polling.pause
    age = _age(polling.finished, polling, now)
    if age > limit:
        reason = f"Polling is late: no getUpdates has finished for {age:.1f} s (limit {limit:g} s)."
        return Verdict("late", 503, reason, "poll")
    silence = _age(polling.succeeded, polling, now)
    if polling.pool_timeouts and silence > limit:
        reason = (
            f"Polling gets no connection from its own pool for {silence:.1f} s: "
            "only a restart cures that."
        )
        return Verdict("late", 503, reason, "pool")
    return None


def _judge_handlers(figures: Snapshot, limits: Limits, now: float) -> Verdict | None:
    """A slow handler is no reason for a restart, unless somebody has said that it is one."""
    oldest = figures.oldest_handler
    if not limits.handler_stale or oldest is None or now - oldest <= limits.handler_stale:
        return None
    age, limit = now - oldest, limits.handler_stale
    reason = f"A handler has been at it for {age:.1f} s (limit {limit:g} s)."
    return Verdict("stuck", 503, reason, "handler")


def _judge_standstill(figures: Snapshot, now: float) -> Verdict | None:
    """Updates are waited for by handlers, all of which are at it and none of which ends."""
    held = figures.polling.held
    if held is None:
        return None
    silence = now - max(held, figures.last_end if figures.last_end is not None else held)
    if silence <= STANDSTILL_SECONDS:
        return None
    reason = (
        f"Nothing is answered: {figures.running} handlers are at it, none has ended for "
        f"{silence:.0f} s, and {figures.waiting} updates wait."
    )
    return Verdict("stuck", 503, reason, "handlers")


def _judge_crowd(figures: Snapshot, now: float) -> Verdict | None:
    held = figures.polling.held
    if held is None or now - held <= CROWD_SECONDS:
        return None
    reason = "More updates come than the handlers can take: Telegram keeps the rest meanwhile."
    return Verdict("degraded", 200, reason, "crowd")


def _judge_rivals(figures: Snapshot, now: float) -> Verdict | None:
    """Who else is there? A restart drives away neither a rival nor a webhook."""
    polling = figures.polling
    last = polling.last_conflict
    if last is None or now - last > CONFLICT_SECONDS:
        return None
    since = polling.conflict_since if polling.conflict_since is not None else last
    conflicts = "1 conflict" if polling.conflicts == 1 else f"{polling.conflicts} conflicts"
    told = f"since {stamp(figures.epoch + since)} ({conflicts})"
    if "webhook" in polling.conflict_error.lower():
        reason = f"A webhook is set for this bot, so that it cannot poll, {told}."
        return Verdict("degraded", 200, reason, "webhook")
    return Verdict("degraded", 200, f"Someone else is polling this token, {told}.", "rival")


def _judge_outage(polling: PollingFigures, now: float) -> Verdict | None:
    silence = _age(polling.succeeded, polling, now)
    if not polling.failures or silence <= OUTAGE_SECONDS:
        return None
    reason = (
        f"Telegram has not answered a poll for {silence:.0f} s ({polling.failures} failures in a "
        f"row, the last: {polling.error}); still trying."
    )
    return Verdict("degraded", 200, reason, "outage")


def _judge_poison(figures: Snapshot, now: float) -> Verdict | None:
    """What was left out is in nobody's way any more, but somebody should look at it."""
    poison = figures.poison
    if poison.last is None or poison.kept == 0 or now - poison.last > POISON_SECONDS:
        return None
    counts = {"could not be read": poison.unreadable, "ended the bot each time": poison.deadly}
    told = ", ".join(f"{count} {what}" for what, count in counts.items() if count)
    when = stamp(figures.epoch + poison.last)
    reason = f"Updates were left out ({told}), the last at {when}; see python -m bot poison."
    return Verdict("poisoned", 200, reason, "poison")


def _judge_capabilities(figures: Snapshot) -> Verdict | None:
    """A database that is away is no reason to start the bot again."""
    if not figures.degraded:
        return None
    return Verdict("degraded", 200, " ".join(figures.degraded), "capability")


def _age(stamp: float | None, polling: PollingFigures, now: float) -> float:
    """Seconds since `stamp`, else since polling began. A pause for handlers counts for nothing."""
    since = stamp if stamp is not None else polling.began
    if since is None or polling.held is not None:
        return 0.0
    return now - max(since, polling.released)
