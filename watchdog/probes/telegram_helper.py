"""Asks Telegram about one bot, once, and prints what it saw: run as a script, never imported.

A process of its own, so that neither TLS nor its memory lives in the watchdog; it needs nothing but
the standard library. What to ask comes on stdin, a JSON object of `root` (of the Bot API server),
`token` and `seconds`, so the token is neither in the arguments nor in the environment. It calls
getMe and getWebhookInfo, never getUpdates, which would take the bot's updates from it. The one line
that it prints has no token in it.
"""

from __future__ import annotations

import http.client
import json
import signal
import sys
import time
import urllib.error
import urllib.request
from typing import Any

LOOKS = 4  # at what is pending: a bot that polls takes updates away within a second or so
SHARE = 15  # the pause between two looks is this part of the time there is
SPARE = 5.0  # seconds after which this process ends if all else fails
LIMIT = 1024 * 1024  # bytes of an answer; getMe has 400
REFUSED = (401, 404)  # a token that is wrong, and one that cannot be one

Seen = dict[str, Any]


class Failed(Exception):
    """A call without the result that was asked for: `status` is the Bot API's own, if it spoke."""

    def __init__(self, status: int | None, text: str) -> None:
        super().__init__(text)
        self.status = status


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """The Bot API redirects nobody; whoever does (a captive portal) is not it."""

    def redirect_request(self, *args: Any) -> None:
        """Do not follow."""


class Server:
    """The Bot API as one bot sees it, until a deadline."""

    def __init__(self, root: str, token: str, seconds: float) -> None:
        self._base = f"{root.rstrip('/')}/bot{token}"
        self._token = token
        self._until = time.monotonic() + seconds
        self._pause = seconds / SHARE
        self._open = urllib.request.build_opener(_NoRedirect).open

    def call(self, method: str) -> Seen:
        """The result of a method without parameters; `Failed`."""
        try:
            with self._open(f"{self._base}/{method}", timeout=self._left()) as answer:
                return self._result(answer.status, answer.read(LIMIT))
        except urllib.error.HTTPError as error:
            with error:
                return self._result(error.code, error.read(LIMIT))
        except urllib.error.URLError as error:
            raise Failed(None, self._tell(error.reason)) from None
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise Failed(None, self._tell(error)) from None

    def rest(self) -> None:
        """Wait a little before looking again."""
        time.sleep(min(self._pause, self._left()))

    def _left(self) -> float:
        return max(0.01, self._until - time.monotonic())

    def _result(self, status: int, body: bytes) -> Seen:
        """Only an answer in the Bot API's own form is one: anybody can say 404."""
        try:
            answer = json.loads(body)
            if answer["ok"] is True:
                return dict(answer["result"])
            raise Failed(int(answer["error_code"]), self._hide(str(answer["description"])))
        except (ValueError, LookupError, TypeError):
            raise Failed(None, f"HTTP {status}, and no answer of a Bot API server") from None

    def _tell(self, error: object) -> str:
        """What went wrong; of anything but the system's own errors only the name."""
        if isinstance(error, TimeoutError):
            return "it did not answer in time"
        words = error.strerror or str(error) if isinstance(error, OSError) else ""
        return self._hide(words or type(error).__name__)

    def _hide(self, text: str) -> str:
        return text.replace(self._token, "***")[:200]


def look(server: Server) -> Seen:
    """What can be seen of the bot from here."""
    try:
        confirm(server)
        info = server.call("getWebhookInfo")
        if info.get("url"):
            return see_webhook(info)
        return {"pending": watch(server, int(info["pending_update_count"]))}
    except Failed as error:
        return {"status": error.status, "trouble": str(error)}
    except (LookupError, ValueError, TypeError):
        return {"trouble": "an answer that is not as the Bot API describes it"}


def see_webhook(info: Seen) -> Seen:
    """Where updates are sent to, how many wait there, and what the last failure was."""
    error = str(info.get("last_error_message", ""))[:200]
    waiting = int(info["pending_update_count"])
    return {"webhook": host_of(str(info["url"])), "waiting": waiting, "error": error}


def confirm(server: Server) -> None:
    """Is the token good? One refusal is asked about again."""
    try:
        server.call("getMe")
    except Failed as error:
        if error.status not in REFUSED:
            raise
        server.rest()
        server.call("getMe")


def watch(server: Server, first: int) -> list[int]:
    """How many updates wait, look after look, until some were fetched or it was enough."""
    pending = [first]
    while pending[-1] > 0 and pending[-1] >= pending[0] and len(pending) < LOOKS:
        server.rest()
        pending.append(int(server.call("getWebhookInfo")["pending_update_count"]))
    return pending


def host_of(url: str) -> str:
    """The host alone: people put secrets into a webhook's path."""
    return url.partition("://")[2].partition("/")[0].rpartition("@")[2][:100]


def main() -> None:
    """One question on stdin, one answer on stdout."""
    task = json.load(sys.stdin)
    # Whoever asked may be gone: do not outlive the question.
    signal.setitimer(signal.ITIMER_REAL, task["seconds"] + SPARE)
    seen = look(Server(task["root"], task["token"], task["seconds"]))
    print(json.dumps(seen))


if __name__ == "__main__":
    main()
