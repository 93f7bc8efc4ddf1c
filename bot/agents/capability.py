"""Agents as a capability: texts that are no command are routed to them; /stop ends an answer."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from telegram import Message, Update
from telegram.ext import MessageHandler, filters

from bot.agents.answering import KINDS, Station, give_answer
from bot.agents.lines import Lines
from bot.agents.reply import Reply
from bot.agents.rules import choose
from bot.agents.settings import AgentSettings
from bot.agents.specs import Agent, AgentSpec, CallSpec, Question
from bot.begun import Begun
from bot.capability import NEW_MESSAGES, App, Capability, Command, Context
from bot.commands import answer
from bot.figures import Figures
from bot.parts import Parts

NAME = "agents"


def make_agents(parts: Parts) -> Capability:
    """The capability, which is on once there is an agent."""
    settings = parts.settings.agents
    board = Board(settings, parts.figures, parts.begun, parts.settings.clean)
    return Capability(
        name=NAME,
        commands=(
            Command("stop", "end the answer that is being written in this chat", board.stop),
        ),
        fallbacks=(
            MessageHandler(
                filters.TEXT & ~filters.COMMAND & NEW_MESSAGES & _Routed(board), board.take
            ),
        ),
        missing=settings.missing,
        details=tuple(_describe(settings)),
        figures=board.figures,
        started=board.live,
        rest=_describe_rest(settings),
    )


class Board:
    """Routes messages to agents, and knows what they are at."""

    def __init__(
        self,
        settings: AgentSettings,
        figures: Figures,
        begun: Begun,
        clean: Callable[[str], str],
    ) -> None:
        self._settings, self._clean = settings, clean
        self._handlers, self._begun_updates = figures.handlers, begun
        self._clock = figures.clock
        self._lines = Lines(settings.waiting)
        self._counts: Counter[str] = Counter()
        self._begun: dict[int, float] = {}  # what is running: its number, and when it began
        self._stations = {
            spec.name: Station(spec, _make(spec), figures.add_condition(f"agent {spec.name}"))
            for spec in settings.agents
        }

    def route(self, message: Message) -> Station | None:
        """The agent whose message this is, if it is anybody's."""
        user = message.from_user.id if message.from_user else None
        rules, default = self._settings.rules, self._settings.default
        name = choose(rules, default, message.text or "", message.chat_id, user)
        return None if name is None else self._stations[name]

    async def take(self, update: Update, context: Context) -> None:
        """Put a message in its chat's line; the update is done with, whatever the agent does."""
        message = update.effective_message
        station = self.route(message) if message else None
        if message is None or station is None:
            return
        number = update.update_id
        if self._lines.offer(message.chat_id, lambda: self._work(station, message, number)):
            self._begun_updates.begin(number)
        else:
            self._counts["refused"] += 1
            waiting = (
                f"; {self._settings.waiting} more are waiting" if self._settings.waiting else ""
            )
            await answer(
                update,
                f"I am still at an earlier message of this chat{waiting}. "
                "Please write again later, or end that with /stop.",
            )

    async def stop(self, update: Update, context: Context) -> None:
        """/stop"""
        chat = update.effective_chat
        running, dropped = self._lines.stop(chat.id) if chat else (False, 0)
        if not running:
            return await answer(update, "Nothing is being answered in this chat.")
        are = "message is" if dropped == 1 else "messages are"
        more = f" {dropped} waiting {are} dropped." if dropped else ""
        return await answer(update, f"Stopped.{more}")

    async def live(self, application: App) -> None:
        """Nothing to do until the bot stops; then answers end, and connections are closed."""
        try:
            await asyncio.Event().wait()
        finally:
            self._lines.stop_all()
            for station in self._stations.values():
                with contextlib.suppress(Exception):
                    await station.agent.close()

    def figures(self) -> dict[str, Any]:
        """What /health says; asked on another thread."""
        now, begun = self._clock(), tuple(self._begun.values())
        conditions = {name: one.condition.figures() for name, one in self._stations.items()}
        ill = [f"{name}: {one['reason']}" for name, one in conditions.items() if one["reason"]]
        return {
            "state": "degraded" if ill else "well",
            "reason": "; ".join(ill) or None,
            "agents": conditions,
            "running": len(begun),
            "waiting": self._lines.waiting,
            "oldest_seconds": round(now - min(begun), 3) if begun else None,
            **{kind: self._counts[kind] for kind in (*KINDS, "refused")},
        }

    async def _work(self, station: Station, message: Message, update_id: int) -> None:
        user = message.from_user.id if message.from_user else None
        question = Question(self._clean(message.text or ""), message.chat_id, user)
        now = self._clock()
        number = self._handlers.begin_aside(now)
        self._begun[number] = now
        try:
            reply = Reply(message, self._settings.edit_seconds)
            await give_answer(station, question, reply, self._counts)
        finally:
            del self._begun[number]
            self._handlers.end(number)
            self._begun_updates.end(update_id)


class _Routed(filters.MessageFilter):
    """Messages that some rule gives to an agent."""

    def __init__(self, board: Board) -> None:
        super().__init__(NAME)
        self._board = board

    def filter(self, message: Message) -> bool:
        return self._board.route(message) is not None


def _make(spec: AgentSpec) -> Agent:
    if isinstance(spec, CallSpec):
        from bot.agents.call import Call

        return Call(spec)
    from bot.agents.endpoint import Endpoint

    return Endpoint(spec)


def _describe(settings: AgentSettings) -> Iterator[str]:
    yield from (f"{spec.title}, {spec.timeout:g} s" for spec in settings.agents)
    yield f"{len(settings.rules)} rules, then {settings.default or 'no agent'}"
    yield f"{settings.waiting} messages of a chat may wait"


def _describe_rest(settings: AgentSettings) -> str:
    if settings.default is not None:
        return f"Anything else goes to the agent {settings.default}, or to whom a rule names."
    return "What a rule names goes to its agent. Anything else is sent back to you."
