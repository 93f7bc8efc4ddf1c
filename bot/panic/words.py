"""What the panic command says, and which messages it does not even look at. Pure."""

from dataclasses import dataclass

from bot.panic.action import Outcome
from bot.panic.judge import Judgement, Verdict
from bot.panic.settings import PanicSettings
from bot.panic.store import PastRun
from bot.times import stamp

STALE = 60.0  # seconds: an older command is a backlog's, and its sender has acted otherwise by now

USAGE = "Send /panic_close_all CODE, with the six digits that your authenticator app shows now."


@dataclass(frozen=True)
class Request:
    """What is known of the message before its code is looked at."""

    user: int
    date: float  # Unix seconds, as Telegram stamped it
    repeated: bool  # forwarded or edited: not sent as it is by its sender, now
    words: int  # after the command


def screen(request: Request, settings: PanicSettings, now: float) -> str | None:
    """Why the code is not looked at, or None. The list of users comes first."""
    if request.user not in settings.authorized_users:
        return f"You may not do this: your user id {request.user} is not in PANIC_AUTHORIZED_USERS."
    if request.repeated:
        return "Nothing was done: this has to be a new message, not a forwarded or edited one."
    age = now - request.date
    if age > STALE:
        return (
            f"Nothing was done: your message took {age:.0f} s to reach me. "
            "If you still want it, send it again with a new code."
        )
    if age < -STALE:
        return (
            f"Nothing was done: this machine's clock is {-age:.0f} s behind Telegram's, "
            "so that no code can be right."
        )
    return None if request.words else USAGE


def refusal(judgement: Judgement) -> str:
    """What is said to a code that was not accepted."""
    text = _REFUSALS[judgement.verdict]
    if judgement.wait > 0:
        text += f" No code is looked at for {_wait(judgement.wait)}."
    return f"Nothing was done: {text}"


_REFUSALS = {
    Verdict.MALFORMED: "a code is six digits from 0 to 9.",
    Verdict.WRONG: "the code is wrong.",
    Verdict.USED: "this code, or a later one, was used already. Wait for the next.",
    Verdict.LOCKED: "there were too many attempts.",
}


def _wait(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds >= 90 else f"{seconds:.0f} s"


def verdict_on(outcome: Outcome) -> str:
    """The end of a run, for the chat."""
    said = "Done" if outcome.ok else "FAILED"
    return f"{said}: {outcome.text}" if outcome.text else f"{said}."


def late_news(past: PastRun) -> str:
    """What a chat is told after a restart about a run of before."""
    began = stamp(past.began)
    if past.outcome is not None:
        return f"Your panic of {began} ended before I could tell you. {past.outcome}"
    return (
        f"The outcome of your panic of {began} is UNKNOWN: I was ended in the middle of it. "
        "It is not run again. Check what it did; to run it again, send a new code."
    )
