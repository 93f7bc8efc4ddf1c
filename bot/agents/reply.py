"""An answer in the chat that grows: sent once, then edited, and gone on with in further messages.

Telegram allows about one message a second in a chat and twenty a minute in a group, edits
included. So edits are made in a rhythm, whatever the rhythm of the agent; the last one is made for
certain. Until there is a text, the chat sees "typing".
"""

import asyncio
from contextlib import suppress

from telegram import LinkPreviewOptions, Message
from telegram.constants import ChatAction
from telegram.error import BadRequest, NetworkError

from bot.parting import part
from bot.texts import LONGEST, shorten

MOST_MESSAGES = 8  # for one answer: more is a flood
_TYPING_SECONDS = 4.5  # Telegram shows it for five
_TRIES = 3
_NO_PREVIEW = LinkPreviewOptions(is_disabled=True)


class Reply:
    """The messages that answer one message."""

    def __init__(self, message: Message, pause: float) -> None:
        self._question, self._pause = message, pause
        self._text = ""  # what is to stand in the message that grows, and behind it
        self._shown = ""
        self._current: Message | None = None
        self._finished = 0  # messages that are full
        self._cut = False
        self._news = asyncio.Event()
        self._ended = asyncio.Event()

    @property
    def full(self) -> bool:
        """Whether the answer is longer than is good for a chat."""
        return self._cut or len(self._text) > MOST_MESSAGES * LONGEST

    def add(self, piece: str) -> None:
        """More text; shown when it is time."""
        self._text += piece
        self._news.set()

    async def paint(self) -> None:
        """Show what there is, in the rhythm, until `end`."""
        await self._show_typing()
        while not self._ended.is_set():
            self._news.clear()
            try:
                await self._show()
            except NetworkError as error:
                if isinstance(error, BadRequest):
                    raise
                self._news.set()  # with the next edit, or the last
            await _wait(self._ended, self._pause)
            await self._news.wait()

    def end(self) -> None:
        """Paint no more; what is being sent now is not cut off, or it would be sent twice."""
        self._ended.set()
        self._news.set()

    async def finish(self, note: str = "") -> None:
        """Show all of it, with a note below if something is to be said."""
        if note:
            self._text = f"{self._text.rstrip()}\n\n[{note}]" if self._text.strip() else note
        for attempt in range(1, _TRIES + 1):
            try:
                return await self._show()
            except NetworkError as error:
                if isinstance(error, BadRequest) or attempt == _TRIES:
                    raise
                await asyncio.sleep(self._pause)
        return None

    async def _show_typing(self) -> None:
        while not self._text.strip() and not self._ended.is_set():
            self._news.clear()
            with suppress(NetworkError):
                await self._question.reply_chat_action(ChatAction.TYPING)
            await _wait(self._news, _TYPING_SECONDS)

    async def _show(self) -> None:
        while not self._cut:
            head, rest = part(self._text)
            self._cut = bool(rest) and self._finished == MOST_MESSAGES - 1
            await self._put(shorten(head, LONGEST // 2) if self._cut else head.strip())
            if not rest or self._cut:
                return
            # Taken off what there is now: more may have come meanwhile, behind the cut.
            self._text = self._text[len(head) :]
            self._current, self._shown = None, ""
            self._finished += 1

    async def _put(self, text: str) -> None:
        if not text or text == self._shown:
            return
        if self._current is None:
            self._current = await self._send(text)
        else:
            await self._edit(self._current, text)
        self._shown = text

    async def _send(self, text: str) -> Message:
        quoted = None if self._finished else self._question.message_id
        return await self._question.reply_text(
            text,
            link_preview_options=_NO_PREVIEW,
            reply_to_message_id=quoted,
            allow_sending_without_reply=True,
        )

    async def _edit(self, message: Message, text: str) -> None:
        try:
            await message.edit_text(text, link_preview_options=_NO_PREVIEW)
        except BadRequest as error:
            if "not modified" not in str(error):
                raise


async def _wait(event: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(event.wait(), seconds)
