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
_TELEGRAM = option(
    "telegram",
    kinds.unsupported("probe the bot's own health page with http instead"),
    None,
    "Kept for a later version.",
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

STARTUP = section(
    "startup",
    "Has it come up? Liveness and readiness wait until this has passed once; one that fails is "
    "ended and counts as failed. Without a target of its own it asks what `liveness` (else "
    "`readiness`) asks, with the same timeout. With `liveness` but no `startup` there is one all "
    "the same: liveness's target and timeout, every second or faster, for 60 s.",
    *(*_TARGETS, _HEARTBEAT, _TELEGRAM, *_TIMING, _GRACE, _STATUS, _HEADERS),
    optional=True,
)
READINESS = section(
    "readiness",
    "Can it do its work now? Programs in whose `depends_on` it is wait for it. Without a target "
    "of its own it asks what `liveness` asks.",
    *(*_TARGETS, _TELEGRAM, *_TIMING, _STATUS, _HEADERS),
    optional=True,
    misplaced=_NO_HEARTBEAT,
)
LIVENESS = section(
    "liveness",
    "Is it alive? A program that fails this hangs: it is ended and started again.",
    *(*_TARGETS, _TELEGRAM, *_TIMING, _GRACE, _STATUS, _HEADERS),
    optional=True,
    misplaced=_NO_HEARTBEAT,
)
