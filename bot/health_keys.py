"""Every key of the health document: what it means, and which metric it becomes. One list of both.

The page docs/bot-health.md and GET /metrics are made from it. A value that is null, and one of a
capability that is off, has no sample.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

Type = Literal["gauge", "counter"]


@dataclass(frozen=True)
class Key:
    """One key by its path in the document; `label` names what the keys of a table below it are."""

    path: str
    about: str
    metric: str = ""
    type: Type = "gauge"
    label: str = ""

    def samples(self, document: dict[str, Any]) -> Iterator[tuple[tuple[str, ...], float]]:
        """The values of its labels (none or one) and the number, for each number there is."""
        found = look_up(document, self.path)
        if self.label and isinstance(found, dict):
            for name, value in found.items():
                if isinstance(value, int | float):
                    yield (name,), float(value)
        elif isinstance(found, int | float):
            yield (), float(found)


@dataclass(frozen=True)
class Word:
    """A word that a key can be: the HTTP status that goes with it, and what it says."""

    word: str
    code: int
    about: str


STATUSES = (
    Word("running", 200, "Well."),
    Word("degraded", 200, "Something is amiss that no restart cures; the reason says what."),
    Word("poisoned", 200, "Updates were left out within the last ten minutes (`trouble`: poison)."),
    Word("starting", 503, "It does not poll yet."),
    Word("deaf", 503, "Nothing fetches or nothing handles updates any more."),
    Word("stuck", 503, "Blocked: the event loop, or a handler for too long, if that is set."),
    Word("late", 503, "No poll came back although its own time-outs have passed."),
    Word("refused", 503, "Telegram refuses the token: it was revoked (the bot ends with 77)."),
    Word("stopping", 503, "It is on its way out."),
)

TROUBLES = (
    Word("rival", 200, "degraded: somebody else polls with this token"),
    Word("webhook", 200, "degraded: a webhook is set, so that polls are refused"),
    Word("outage", 200, "degraded: no poll has succeeded for a minute"),
    Word("delivery", 200, "degraded: updates wait at Telegram, which cannot deliver them"),
    Word("crowd", 200, "degraded: more updates come than handlers can take; Telegram keeps them"),
    Word("capability", 200, "degraded: a capability does not work, such as its database"),
    Word("poison", 200, "poisoned: updates that cannot be read, or that ended the bot"),
    Word("poller", 503, "deaf: the polling task is dead"),
    Word("dispatcher", 503, "deaf: the task that hands updates to handlers is dead"),
    Word("loop", 503, "stuck: something blocks the event loop"),
    Word("handler", 503, "stuck: a handler or an answer takes longer than HANDLER_STALE_SECONDS"),
    Word("handlers", 503, "stuck: all handlers are busy, none ends for two minutes, a crowd waits"),
    Word("poll", 503, "late: the poll itself"),
    Word("pool", 503, "late: there is no connection to be had from the poll's pool"),
    Word("webhook-taken", 503, "deaf: the webhook was deleted by somebody else"),
    Word("webhook-elsewhere", 503, "deaf: somebody else has pointed the webhook elsewhere"),
    Word("token", 503, "refused: 401 or 404"),
)

KEYS = (
    Key("status", "How it is, in one word.", "bot_status", label="status"),
    Key("trouble", "The cause in a word; null if well.", "bot_trouble", label="trouble"),
    Key("reason", "The same in a sentence; null if well."),
    Key("pid", "The process."),
    Key("uptime_seconds", "Since the process began.", "bot_uptime_seconds"),
    Key("version", "The bot's version.", "bot_build_info", label="version"),
    Key("bot.id", "The bot's id at Telegram."),
    Key("bot.username", "Its name there."),
    Key("mode", "How updates come: polling or webhook."),
    Key("polling.alive", "Whether the polling task lives.", "bot_polling_alive"),
    Key("polling.last_started_seconds", "Since the last poll began."),
    Key(
        "polling.last_finished_seconds",
        "Since the last poll came back, however it ended.",
        "bot_poll_finished_age_seconds",
    ),
    Key(
        "polling.last_success_seconds",
        "Since the last poll that went well.",
        "bot_poll_success_age_seconds",
    ),
    Key(
        "polling.last_duration_seconds",
        "How long the last poll took; a quiet one is held for POLL_TIMEOUT.",
        "bot_poll_last_duration_seconds",
    ),
    Key("polling.last_status", "The HTTP status of the last poll."),
    Key("polling.last_error", "What the last poll failed with."),
    Key(
        "polling.consecutive_failures",
        "Polls that failed, in a row.",
        "bot_poll_consecutive_failures",
    ),
    Key(
        "polling.conflicts",
        "Polls that Telegram refused because of a rival or a webhook.",
        "bot_conflicts_total",
        "counter",
    ),
    Key(
        "polling.last_conflict_seconds",
        "Since the last of them.",
        "bot_conflict_age_seconds",
    ),
    Key("polling.round_trips", "Polls that came back.", "bot_polls_total", "counter"),
    Key("polling.skipped_updates", "Updates of polls that could not be read."),
    Key("webhook.host", "Where Telegram delivers; all of webhook is null when polling."),
    Key("webhook.listening", "Whether deliveries are taken.", "bot_webhook_listening"),
    Key(
        "webhook.last_delivery_seconds",
        "Since the last delivery.",
        "bot_webhook_delivery_age_seconds",
    ),
    Key(
        "webhook.deliveries",
        "Deliveries with the right secret.",
        "bot_webhook_deliveries_total",
        "counter",
    ),
    Key("webhook.accepted", "Those that were handed on to the handlers."),
    Key(
        "webhook.duplicates",
        "Those that had come before, and were not handled again.",
        "bot_webhook_duplicates_total",
        "counter",
    ),
    Key("webhook.skipped_updates", "Those that could not be read."),
    Key(
        "webhook.put_off",
        "Those that Telegram was asked to keep, because too much waited.",
        "bot_webhook_put_off_total",
        "counter",
    ),
    Key(
        "webhook.refused",
        "Requests that were no deliveries, by cause.",
        "bot_webhook_refused_total",
        "counter",
        "cause",
    ),
    Key("webhook.last_asked_seconds", "Since Telegram was last asked about the webhook."),
    Key("webhook.ask_error", "What that failed with."),
    Key("webhook.ours", "Whether the webhook that is set is this bot's.", "bot_webhook_ours"),
    Key("webhook.pending", "Updates that wait at Telegram.", "bot_webhook_pending"),
    Key("webhook.last_error", "What Telegram's last delivery failed with."),
    Key("webhook.last_error_seconds", "Since then.", "bot_webhook_error_age_seconds"),
    Key("api.calls", "Calls to the Bot API, polls too."),
    Key("api.waiting", "Calls for which no connection is free.", "bot_api_calls_waiting"),
    Key("api.last_method", "The last call that was no poll."),
    Key("api.last_status", "Its HTTP status; null if there was no answer."),
    Key("api.last_error", "The kind of its error; null if it went well."),
    Key(
        "api.last_latency_seconds",
        "How long the last call took that was no poll.",
        "bot_api_last_latency_seconds",
    ),
    Key("api.last_call_seconds", "Since it ended.", "bot_api_last_call_age_seconds"),
    Key("api.last_429_seconds", "Since Telegram last said 429.", "bot_api_last_429_age_seconds"),
    Key(
        "api.last_retry_after_seconds",
        "The rest that it asked for then.",
        "bot_api_last_retry_after_seconds",
    ),
    Key("api.errors", "Calls that failed, by kind.", "bot_api_errors_total", "counter", "kind"),
    Key("api.methods", "For each method its calls, and the seconds they took together."),
    Key(
        "loop.heartbeat_age_seconds",
        "Since the event loop last ran.",
        "bot_loop_heartbeat_age_seconds",
    ),
    Key("loop.lag_seconds", "How much later than due that was.", "bot_loop_lag_seconds"),
    Key("queue.waiting", "Updates fetched and not yet begun.", "bot_updates_waiting"),
    Key(
        "queue.running_handlers",
        "Handlers at work, answers of agents too.",
        "bot_handlers_running",
    ),
    Key(
        "queue.oldest_handler_seconds",
        "For how long the oldest of them has been at it.",
        "bot_handler_oldest_age_seconds",
    ),
    Key("queue.updates", "Updates whose handling began.", "bot_updates_total", "counter"),
    Key("queue.updates_per_second", "The same as a rate: an average that fades over a minute."),
    Key("queue.failed", "Handlers that failed.", "bot_handlers_failed_total", "counter"),
    Key("queue.dispatcher_alive", "Whether updates are handled.", "bot_dispatcher_alive"),
    Key(
        "poison.unreadable",
        "Updates left out because nobody can parse them.",
        "bot_poison_unreadable_total",
        "counter",
    ),
    Key(
        "poison.deadly",
        "Updates left out because their handler ended the bot each time.",
        "bot_poison_deadly_total",
        "counter",
    ),
    Key("poison.kept", "How many are kept; null if that is not known.", "bot_poison_kept"),
    Key("poison.last_seconds", "Since the last was left out.", "bot_poison_age_seconds"),
    Key(
        "capabilities",
        "For each capability `on`, its `state` (well, degraded, off), the `reason`, and more.",
        "bot_capability_state",
        label="capability, state",
    ),
    Key(
        "capabilities.guards.refused",
        "Messages refused by the guards, by cause.",
        "bot_messages_refused_total",
        "counter",
        "cause",
    ),
    Key("capabilities.agents.running", "Answers being written.", "bot_agent_answers_running"),
    Key(
        "capabilities.agents.waiting",
        "Messages that wait for an agent, in the lines of all chats.",
        "bot_agent_messages_waiting",
    ),
    Key(
        "capabilities.agents.oldest_seconds",
        "For how long the oldest answer has been written.",
        "bot_agent_oldest_answer_age_seconds",
    ),
    *(
        Key(f"capabilities.agents.{key}", about, f"bot_agent_{key}_total", "counter")
        for key, about in (
            ("answered", "Answers that came to their end."),
            ("failed", "Answers that failed."),
            ("late", "Answers that took too long."),
            ("stopped", "Answers ended by /stop."),
            ("refused", "Messages for which a chat's line had no room."),
        )
    ),
    *(
        Key(f"capabilities.panic.{key}", about, f"bot_panic_{key}_total", "counter")
        for key, about in (
            ("runs", "Runs of the panic action."),
            ("refused", "Panic commands refused."),
            ("failed", "Runs of the panic action that failed."),
        )
    ),
)


def look_up(document: dict[str, Any], path: str) -> Any:
    """What stands at `path`; None if nothing does."""
    found: Any = document
    for name in path.split("."):
        if not isinstance(found, dict):
            return None
        found = found.get(name)
    return found
