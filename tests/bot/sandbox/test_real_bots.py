"""Real python-telegram-bot applications against the sandbox: they must see Telegram."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from telegram import Update
from telegram.error import Conflict, TelegramError
from telegram.ext import Application, CommandHandler, ContextTypes, MessageHandler, filters

from bot.sandbox import Sandbox

POLLING_TASK = "Updater:start_polling:polling_task"
StartBot = Callable[[], Awaitable["Bot"]]


class Bot:
    """One stock application that echoes, and the errors its polling met."""

    def __init__(self, url: str, token: str) -> None:
        self.errors: list[TelegramError] = []
        self.application: Any = Application.builder().token(token).base_url(f"{url}/bot").build()
        self.application.add_handler(CommandHandler("start", greet))
        self.application.add_handler(MessageHandler(filters.TEXT, echo))

    async def __aenter__(self) -> Bot:
        await self.application.initialize()
        await self.application.start()
        await self.application.updater.start_polling(error_callback=self.errors.append)
        return self

    async def __aexit__(self, *_: object) -> None:
        # A polling task that died of its token raises here what it died of.
        with contextlib.suppress(TelegramError):
            await self.application.updater.stop()
        await self.application.stop()
        await self.application.shutdown()


async def greet(update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
    assert update.message is not None
    await update.message.reply_text("welcome")


async def echo(update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
    assert update.message is not None and update.message.text is not None
    await update.message.reply_text(update.message.text)


@pytest.fixture
async def start_bot(sandbox: Sandbox, caller: Any) -> AsyncIterator[StartBot]:
    logging.getLogger("telegram").setLevel(logging.CRITICAL)
    async with AsyncExitStack() as stack:

        async def start() -> Bot:
            return await stack.enter_async_context(Bot(sandbox.url, caller.token))

        yield start
        sandbox.stage.restore(caller.bot)
        # A stock bot polls once more when it stops, and a repeated poll waits 3 s: spare them.
        last_poll = {"kind": "answer", "status": 500, "method": "getUpdates", "count": 1000}
        sandbox.stage.fault(last_poll)


def count_polling_tasks() -> int:
    return sum(task.get_name() == POLLING_TASK for task in asyncio.all_tasks())


async def test_a_stock_bot_answers(sandbox: Sandbox, start_bot: StartBot) -> None:
    """Commands and texts are answered, everything is confirmed, and nobody conflicts."""
    await start_bot()
    for text, answer in [("/start", "welcome"), ("hello", "hello"), ("Grüße 👋", "Grüße 👋")]:
        update = sandbox.stage.send(text)
        assert [m["text"] for m in await sandbox.stage.replies(update)] == [answer]
    assert await sandbox.stage.polling()
    figures = sandbox.stage.statistics()
    assert (figures["conflicts"], figures["updates_confirmed"]) == (0, 3)


async def test_everything_a_bot_may_call_is_understood(
    sandbox: Sandbox, start_bot: StartBot
) -> None:
    """python-telegram-bot can read the answer of each method."""
    api = (await start_bot()).application.bot
    sent = await api.send_message(1001, "one")
    assert (await sent.edit_text("two")).text == "two"
    assert (await api.send_document(1001, b"content", filename="a.txt")).document.file_size == 7
    assert await api.send_chat_action(1001, "typing")
    assert (await api.get_chat(1001)).first_name == "Ann"
    assert await api.set_my_commands([("start", "begin")])
    assert (await api.get_my_commands())[0].command == "start"
    assert (await api.get_webhook_info()).url == ""
    assert await sent.delete()
    assert await api.answer_callback_query("1")


async def test_two_stock_bots_end_each_other_s_polls_forever(
    sandbox: Sandbox, caller: Any, start_bot: StartBot
) -> None:
    """Conflicts in both directions, a held one among the first three, and both bots live on."""
    started = asyncio.get_running_loop().time()
    one, two = await start_bot(), await start_bot()
    await caller.until(lambda: len(one.errors) >= 2 and two.errors, 60)
    assert asyncio.get_running_loop().time() - started >= 4.0
    figures = sandbox.stage.statistics()
    assert figures["conflicts"] >= 3
    assert figures["overlap_seconds"] >= 3.0
    for bot in (one, two):
        assert bot.errors and all(isinstance(error, Conflict) for error in bot.errors)
        assert bot.application.updater.running
    assert count_polling_tasks() == 2


async def test_a_revoked_token_kills_the_polling_task_and_not_the_process(
    sandbox: Sandbox, start_bot: StartBot
) -> None:
    """After the 401 nothing polls, though the updater says it runs, even with the token back."""
    bot = await start_bot()
    assert await sandbox.stage.polling()
    sandbox.stage.revoke()
    async with asyncio.timeout(20):
        while count_polling_tasks():  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    sandbox.stage.restore()
    polls = sandbox.stage.statistics()["polls"]
    assert not await sandbox.stage.polling(more_than=polls, patience=2.0)
    assert bot.application.updater.running


async def test_an_update_that_cannot_be_parsed_is_asked_for_again_and_again(
    sandbox: Sandbox, start_bot: StartBot
) -> None:
    """The offset never advances and the bot loops hot."""
    await start_bot()
    assert await sandbox.stage.polling()
    sandbox.stage.inject()
    account = next(iter(sandbox.engine.world.accounts.values()))
    async with asyncio.timeout(30):
        while account.statistics.polls < 30:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    assert (account.queue.confirmed, len(account.queue)) == (0, 1)


async def test_a_bot_retries_through_a_429_and_a_500(sandbox: Sandbox, start_bot: StartBot) -> None:
    """Faults that Telegram has in daily life do not stop a stock bot."""
    bot = await start_bot()
    assert await sandbox.stage.polling()
    for status in (429, 500):
        sandbox.stage.fault({"kind": "answer", "status": status, "method": "getUpdates"})
    for text in ("one", "two", "three"):
        update = sandbox.stage.send(text)
        replies = await sandbox.stage.replies(update, patience=20)
        assert [m["text"] for m in replies] == [text]
    assert bot.application.updater.running


CHILD = """
import logging, sys
from telegram.ext import Application, MessageHandler, filters

async def echo(update, context):
    await update.message.reply_text(update.message.text)

logging.disable()
application = Application.builder().token(sys.argv[2]).base_url(sys.argv[1] + "/bot").build()
application.add_handler(MessageHandler(filters.TEXT, echo))
application.run_polling()
"""


async def test_kill_and_immediate_restart_sees_no_conflict(
    sandbox: Sandbox, caller: Any, tmp_path: Path
) -> None:
    """After kill -9 the successor polls without a 409 and answers what was written meanwhile."""
    script = tmp_path / "stock.py"
    script.write_text(CHILD)

    async def start() -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            sys.executable, str(script), sandbox.url, caller.token
        )

    first = await start()
    try:
        assert await sandbox.stage.polling(patience=30)
    finally:
        first.kill()
        await first.wait()
    update = sandbox.stage.send("anybody?")
    second = await start()
    try:
        replies = await sandbox.stage.replies(update, patience=30)
        assert [m["text"] for m in replies] == ["anybody?"]
        assert await sandbox.stage.polling()
        second.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(second.wait(), 20) == 0
    finally:
        if second.returncode is None:
            second.kill()
            await second.wait()
    figures = sandbox.stage.statistics()
    assert (figures["conflicts"], figures["overlaps"], len(figures["gaps"])) == (0, 0, 1)
