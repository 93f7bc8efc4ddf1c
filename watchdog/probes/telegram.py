"""The telegram probe: what Telegram says about a bot, as opposed to what the bot says of itself.

A short process asks (`telegram_helper.py`); the verdict is a pure function of what it saw, now and
the time before. What the bot cannot help (no network, a Telegram that is down or asks for patience,
a webhook that somebody set or that is out of reach) is no failure: a restart would cure none of it.
"""

from __future__ import annotations

import itertools
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import msgspec
from msgspec import Struct

from watchdog.config.model import TOKEN_VARIABLES
from watchdog.probes.attempt import Attempt, ProbeTarget, Surroundings, Verdict
from watchdog.probes.command_linux import Command
from watchdog.probes.text import last_line

ROOT = "https://api.telegram.org"
HELPER = str(Path(__file__).with_name("telegram_helper.py"))
SHARE = 0.8  # of the probe's time is the helper's; the rest is for its start and its end
REFUSED = (401, 404)  # Unauthorized; Not Found is what a token gets that cannot be one
PATIENCE = 429  # Too Many Requests
PENDING = "pending"  # in the memory: how many updates waited at the end of the last look

# Isolated, and without site-packages: it starts in half the time, and nobody's modules get in.
COMMAND = (sys.executable, "-I", "-S", HELPER)

_NETWORK = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
_PASSED = frozenset(
    [*_NETWORK, *(name.upper() for name in _NETWORK), "SSL_CERT_FILE", "SSL_CERT_DIR", "LANG"]
)


class Seen(Struct, frozen=True):
    """What the helper saw: trouble, or a webhook, or how many updates waited, look after look."""

    trouble: str = ""
    status: int | None = None  # the Bot API's own, if the trouble is an answer of it
    webhook: str = ""  # the host that updates are sent to
    pending: tuple[int, ...] = ()
    waiting: int = 0  # for the webhook
    error: str = ""  # what its last delivery failed with


async def check(target: ProbeTarget, attempt: Attempt) -> Verdict:
    """Ask, and judge. That nobody could be asked is never the bot's failure."""
    attempt.waiting = "Telegram was not heard of"
    attempt.excused = True
    variables = attempt.surroundings.environment or {}
    task = {
        "root": variables.get("TELEGRAM_API_URL", "").strip() or ROOT,
        "token": token_of(variables),
        "seconds": attempt.timeout * SHARE,
    }
    seen = await _ask(msgspec.json.encode(task), variables)
    verdict = judge(seen, attempt.memory.get(PENDING, 0), target.mode)
    if seen.pending:
        attempt.memory[PENDING] = seen.pending[-1]
    return verdict


async def _ask(task: bytes, variables: Mapping[str, str]) -> Seen:
    """Run the helper to its end, or for as long as there is time."""
    said = b""

    def hear(output: bytes) -> None:
        nonlocal said
        said = output

    around = Surroundings({k: v for k, v in variables.items() if k in _PASSED}, directory="/")
    try:
        command = Command(COMMAND, around, hear, task)
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        return Seen(f"the helper does not start: {error}")
    try:
        await command.ended
        return read(said)
    finally:
        command.end()


def read(output: bytes) -> Seen:
    """What the helper printed, whatever that is."""
    try:
        return msgspec.json.decode(last_line(output.decode(errors="replace")), type=Seen)
    except msgspec.MsgspecError:
        return Seen("the helper gave no answer")


def judge(seen: Seen, before: int, mode: str = "polling") -> Verdict:
    """The verdict on a look; `before` updates waited at the end of the look before it."""
    if seen.status in REFUSED:
        reason = f"Telegram refuses the bot's token ({seen.status} {seen.trouble})"
        return Verdict(False, reason, fatal=True)
    if seen.status == PATIENCE:
        return Verdict(True)
    if seen.trouble:
        return Verdict(True, note=f"Telegram cannot be asked about it: {seen.trouble}")
    if mode == "webhook":
        return judge_webhook(seen)
    if seen.webhook:
        where = f"a webhook is set ({seen.webhook})"
        return Verdict(True, note=f"{where}: until deleteWebhook nobody can poll for updates")
    if is_deaf(seen.pending, before):
        return Verdict(False, f"{count(seen.pending[-1])} at Telegram, and nobody fetches them")
    return Verdict(True)


def judge_webhook(seen: Seen) -> Verdict:
    """For a bot that is sent its updates. A restart sets the webhook, but mends no way to it."""
    if not seen.webhook:
        return Verdict(False, "no webhook is set: Telegram sends the bot no updates")
    if seen.waiting and seen.error:
        waits = count(seen.waiting)
        note = f"{waits} at Telegram, the last delivery to {seen.webhook} failed: {seen.error}"
        return Verdict(True, note=note)
    return Verdict(True)


def is_deaf(pending: tuple[int, ...], before: int) -> bool:
    """Whether nothing was fetched: not while we looked, and not since the time before.

    The updates have no names here, only their number is told. Where some are fetched while others
    arrive it goes up and down; it can only stay or grow where nobody fetches.
    """
    if not pending or pending[0] < before:
        return False
    return min(pending) > 0 and all(a <= b for a, b in itertools.pairwise(pending))


def count(updates: int) -> str:
    """A number of updates, in words."""
    return "1 update waits" if updates == 1 else f"{updates} updates wait"


def token_of(variables: Mapping[str, str]) -> str:
    """The bot's token in a program's environment; empty if there is none."""
    found = (variables.get(name, "").strip() for name in TOKEN_VARIABLES)
    return next(filter(None, found), "")
