"""The options of the three probes. Their default timing is that of Kubernetes."""

from __future__ import annotations

from watchdog.config import kinds
from watchdog.config.options import option, section

_NO_HTTPS = 'https is not supported yet; write exec = "curl -fsS https://..." instead'

_HTTP = option(
    "http",
    kinds.url("http", hints={"https": _NO_HTTPS}),
    None,
    "A URL to GET. A password in it is sent as basic authentication.",
    example='"http://127.0.0.1:9876/health"',
    elsewhere="url httpGet",
)
_TCP = option(
    "tcp",
    kinds.address(),
    None,
    "An address and port to connect to.",
    example='"127.0.0.1:5432"',
    elsewhere="port tcpSocket",
)
_EXEC = option(
    "exec",
    kinds.command(),
    None,
    "A command that exits with 0 when all is well.",
    example='["pg_isready"]',
    private=True,
    elsewhere="command cmd",
)
_HEARTBEAT = option(
    "heartbeat",
    kinds.boolean(),
    None,
    "Wait for sd_notify `READY=1`, for at most `period` x `failure_threshold`.",
    example="true",
    elsewhere="notify",
)
_STATUS = option(
    "status",
    kinds.codes(100, 599),
    None,
    "For `http`: the accepted status codes.",
    example="[200, 204]",
    unset="any 2xx",
)
_HEADERS = option(
    "headers",
    kinds.headers(),
    None,
    "For `http`: headers to send.",
    example='{ Authorization = "Bearer ${HEALTH_TOKEN}" }',
    private=True,
)
_TARGETS = (_HTTP, _TCP, _EXEC)
_TIMING = (
    option(
        "period",
        kinds.duration(0.01),
        "10s",
        "The time from one probe to the next.",
        elsewhere="interval every periodSeconds",
    ),
    option(
        "timeout",
        kinds.duration(0.001),
        "1s",
        "How long one probe may take.",
        elsewhere="timeoutSeconds",
    ),
    option(
        "failure_threshold",
        kinds.integer(1, 1_000_000),
        3,
        "After how many failures in a row it has failed.",
        elsewhere="failureThreshold retries failures",
    ),
    option(
        "success_threshold",
        kinds.integer(1, 1_000_000),
        1,
        "After how many successes in a row it has passed.",
        elsewhere="successThreshold successes",
    ),
    option(
        "delay",
        kinds.duration(),
        "0s",
        "The time from the start of the process to the first probe.",
        elsewhere="initialDelaySeconds start_period",
    ),
)
_GRACE = option(
    "grace",
    kinds.duration(),
    "0s",
    "When it has failed: the time between the stop signal and SIGKILL; 0 is SIGKILL at once.",
    elsewhere="terminationGracePeriodSeconds",
)

_NO_HEARTBEAT = {
    "heartbeat": 'write heartbeat = "30s" for the program, or heartbeat = true in startup'
}
_ONLY_LIVENESS = {"telegram": "write telegram = true in liveness"}

_TELEGRAM = section(
    "telegram",
    "Ask Telegram itself about a bot, beside another target or alone; `telegram = true` is this "
    "table with its defaults. In a process of its own and with the token from the program's "
    "environment (`TELEGRAM_BOT_TOKEN` or `TG_TOKEN`; the server is `TELEGRAM_API_URL`) it calls "
    "`getMe` and `getWebhookInfo`, never `getUpdates`. Updates that nobody fetches: the bot is "
    "deaf, and started again. A token that is refused: FATAL, as no restart cures that. A webhook "
    "that keeps the bot from polling, or a Telegram that cannot be asked from here: shown as the "
    "reason in the status, and the process is left alone. A bot that is sent its updates has "
    '`mode = "webhook"`: then it is deaf without a webhook, and deliveries that fail are shown.',
    option(
        "period",
        kinds.duration(0.1),
        "60s",
        "The time from one look to the next, and from coming up to the first.",
        elsewhere="interval every periodSeconds",
    ),
    option(
        "timeout",
        kinds.duration(0.1),
        "15s",
        "How long one look may take. One that takes longer says nothing about the bot.",
        elsewhere="timeoutSeconds",
    ),
    option(
        "failure_threshold",
        kinds.integer(1, 1_000_000),
        2,
        "After how many looks in a row that found the bot deaf, or its token refused, it is ended.",
        elsewhere="failureThreshold retries failures",
    ),
    option(
        "grace",
        kinds.duration(),
        "5s",
        "For a deaf bot: the time between the stop signal and SIGKILL.",
        elsewhere="terminationGracePeriodSeconds",
    ),
    option(
        "mode",
        kinds.choice("polling", "webhook"),
        "polling",
        "How the bot gets its updates.",
    ),
    optional=True,
    switch=True,
)

STARTUP = section(
    "startup",
    "Has it come up? Liveness and readiness wait until this has passed once; one that fails is "
    "ended and counts as failed. Without a target of its own it asks what `liveness` (else "
    "`readiness`) asks, with the same timeout. With `liveness` but no `startup` there is one all "
    "the same: liveness's target and timeout, every second or faster, for 60 s.",
    *(*_TARGETS, _HEARTBEAT, *_TIMING, _GRACE, _STATUS, _HEADERS),
    optional=True,
    misplaced=_ONLY_LIVENESS,
)
READINESS = section(
    "readiness",
    "Can it do its work now? Programs in whose `depends_on` it is wait for it. Without a target "
    "of its own it asks what `liveness` asks.",
    *(*_TARGETS, *_TIMING, _STATUS, _HEADERS),
    optional=True,
    misplaced=_NO_HEARTBEAT | _ONLY_LIVENESS,
)
LIVENESS = section(
    "liveness",
    "Is it alive? A program that fails this hangs: it is ended and started again. A bot can be "
    "asked about at Telegram as well, or only there: `telegram = true`, see below.",
    *(*_TARGETS, *_TIMING, _GRACE, _STATUS, _HEADERS, _TELEGRAM),
    optional=True,
    misplaced=_NO_HEARTBEAT,
)
