"""One answer from its question to its last edit: in time, or with a word about what went wrong."""

import asyncio
import contextlib
import logging
from collections import Counter
from dataclasses import dataclass

from telegram.error import TelegramError

from bot.agents.reply import Reply
from bot.agents.specs import Agent, AgentError, AgentSpec, Question
from bot.condition import Condition
from bot.sending import LONGEST_WAIT

_GRACE = 2.0  # seconds

_log = logging.getLogger("bot.agents")


@dataclass(frozen=True)
class Station:
    """One agent as the bot knows it."""

    spec: AgentSpec
    agent: Agent
    condition: Condition


@dataclass(frozen=True)
class Ending:
    """How an answer ended: the kind is counted, the note is shown below what there is of it."""

    kind: str  # "answered", "failed", "late" or "stopped"
    note: str = ""


KINDS = ("answered", "failed", "late", "stopped")


async def give_answer(
    station: Station, question: Question, reply: Reply, counts: Counter[str]
) -> None:
    """Ask the agent and show what it says; a cancellation ends it with a word about that."""
    painter = asyncio.create_task(reply.paint())
    asking = asyncio.create_task(ask(station, question, reply))
    try:
        # Longer than `ask` itself has patience: an agent may ignore that it is cancelled.
        await asyncio.wait(
            {asking, painter},
            timeout=station.spec.timeout + _GRACE,
            return_when=asyncio.FIRST_COMPLETED,
        )
        ending = _find_ending(asking)
    except asyncio.CancelledError:
        ending = Ending("stopped", "stopped")
    counts[ending.kind] += 1
    await _put_away(asking, painter, reply)
    try:
        await reply.finish(ending.note)
    except TelegramError as error:  # such as of a user who has blocked the bot meanwhile
        _log.warning("An answer could not be shown: %s", type(error).__name__)


def _find_ending(asking: asyncio.Task[Ending]) -> Ending:
    if not asking.done():
        return Ending("failed", "broken off")  # Telegram refused it, or there is no end of it
    if error := asking.exception():
        _log.error("An agent failed", exc_info=error)
        return Ending("failed", "The agent cannot answer.")
    return asking.result()


async def _put_away(
    asking: asyncio.Task[Ending], painter: asyncio.Task[None], reply: Reply
) -> None:
    asking.cancel()
    reply.end()
    await asyncio.wait({asking}, timeout=_GRACE)
    await asyncio.wait({painter}, timeout=LONGEST_WAIT)
    for task in (asking, painter):
        if task.done() and not task.cancelled():
            task.exception()  # looked at, so that asyncio does not complain


async def ask(station: Station, question: Question, reply: Reply) -> Ending:
    """Let the agent write into the reply, for as long as it may."""
    name, seconds = station.spec.name, station.spec.timeout
    limit = asyncio.timeout(seconds)
    try:
        async with limit:
            whole = await _copy(station.agent, question, reply)
    except AgentError as error:
        if error.outage:
            station.condition.fail(str(error))
        return Ending("failed", f"The agent {name} cannot answer: {error}.")
    except TimeoutError:
        if not limit.expired():
            raise
        station.condition.fail(f"it did not answer within {seconds:g} s")
        return Ending("late", f"The agent {name} did not finish within {seconds:g} s.")
    station.condition.well()
    return Ending("answered", whole)


async def _copy(agent: Agent, question: Question, reply: Reply) -> str:
    """The note that belongs below the answer."""
    empty = True
    # Closed here and now: else a connection would stay open until some collection of garbage.
    async with contextlib.aclosing(agent.answer(question)) as pieces:
        async for piece in pieces:
            reply.add(piece)
            empty = empty and not piece.strip()
            if reply.full:
                return ""
    return "The agent has nothing to say to that." if empty else ""
