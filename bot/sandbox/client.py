"""A client of the sandbox's admin API, for tests and demos: plain `http.client`, no asyncio."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode, urlsplit

# Beyond the time that the server itself may wait, in seconds.
SLACK = 10.0

Document = dict[str, Any]


class SandboxError(Exception):
    """The sandbox refused (or could not be reached); the text says why."""


class SandboxClient:
    """Speaks to one sandbox. `bot` may be left out while the sandbox knows only one bot."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        if not parts.hostname or not parts.port:
            raise SandboxError(f"{url!r} is no URL of a sandbox: like http://127.0.0.1:8081")
        self.url = url.rstrip("/")
        self._host, self._port = parts.hostname, parts.port

    def describe(self) -> Document:
        """The bots, users and chats that the sandbox knows."""
        return self._ask("GET", "")

    def add_user(self, user: int, first_name: str = "Ann", username: str | None = None) -> Document:
        """Add a user and the private chat with them."""
        body = {"user": user, "first_name": first_name, "username": username or ""}
        return self._ask("POST", "/users", body)

    def add_chat(self, chat: int, kind: str = "group", title: str = "A group") -> Document:
        """Add a group, supergroup or channel."""
        return self._ask("POST", "/chats", {"chat": chat, "kind": kind, "title": title})

    def send(
        self, text: str, bot: int | None = None, user: int | None = None, chat: int | None = None
    ) -> int:
        """Write to the bot as a user (by default in their private chat). Returns update_id."""
        body = {"text": text, "bot": bot, "user": user, "chat": chat}
        return int(self._ask("POST", "/messages", body)["update_id"])

    def press(
        self, message: int, data: str, bot: int | None = None, user: int | None = None
    ) -> int:
        """Press a button under a message of the bot. Returns update_id."""
        body = {"message": message, "data": data, "bot": bot, "user": user}
        return int(self._ask("POST", "/presses", body)["update_id"])

    def inject(self, update: object = None, bot: int | None = None) -> int:
        """Queue a raw update: an object, or text as it is; by default one that PTB can't parse."""
        body = {"bot": bot} if update is None else {"bot": bot, "update": update}
        return int(self._ask("POST", "/updates", body)["update_id"])

    def inject_all(self, updates: list[Document], bot: int | None = None) -> int:
        """Queue many raw updates. Returns the update_id of the last one."""
        return int(self._ask("POST", "/updates", {"bot": bot, "updates": updates})["update_id"])

    def messages(
        self, bot: int | None = None, chat: int | None = None, after_update: int = 0
    ) -> list[Document]:
        """What was written, oldest first, each with `from_bot`."""
        query = {"bot": bot, "chat": chat, "after_update": after_update}
        return _list(self._ask("GET", "/messages", query=query))

    def wait_for_replies(
        self,
        after_update: int = 0,
        bot: int | None = None,
        chat: int | None = None,
        count: int = 1,
        timeout: float = 10.0,
    ) -> list[Document]:
        """What the bot wrote after an update; fewer than `count` once `timeout` has passed."""
        query = {
            "after_update": after_update,
            "bot": bot,
            "chat": chat,
            "count": count,
            "timeout": timeout,
        }
        return _list(self._ask("GET", "/replies", query=query, wait=timeout))

    def ask(
        self,
        text: str,
        bot: int | None = None,
        user: int | None = None,
        chat: int | None = None,
        timeout: float = 10.0,
    ) -> list[str]:
        """Write as a user and return the texts that the bot answers with (none: it was silent)."""
        update = self.send(text, bot, user, chat)
        found = self.wait_for_replies(update, bot, chat or user, timeout=timeout)
        return [str(message.get("text", "")) for message in found]

    def wait_for_polling(
        self, bot: int | None = None, more_than: int = 0, timeout: float = 10.0
    ) -> bool:
        """Wait until more than so many polls were seen and a live one waits."""
        query = {"bot": bot, "more_than": more_than, "timeout": timeout}
        return bool(self._ask("GET", "/polling", query=query, wait=timeout)["polling"])

    def statistics(self, bot: int | None = None) -> Document:
        """The figures of one bot, or those of all with their sums."""
        return self._ask("GET", "/statistics", query={"bot": bot})

    def fault(self, kind: str, **details: object) -> int:
        """Add a fault: hang, answer, garbage, empty, slow or drop. Returns its id.

        Details: seconds, count, method, bot, status, description, retry_after, milliseconds.
        """
        return int(self._ask("POST", "/faults", {"kind": kind, **details})["id"])

    def faults(self) -> list[Document]:
        """The faults in force."""
        return list(self._ask("GET", "/faults")["faults"])

    def clear_faults(self, fault: int | None = None) -> int:
        """End one fault or all. Returns how many."""
        return int(self._ask("DELETE", "/faults", query={"fault": fault})["cleared"])

    def hang(self, seconds: float | None = None) -> int:
        """Accept and never answer, for some seconds or until cleared."""
        return self.fault("hang", seconds=seconds)

    def drop_connections(self) -> int:
        """Drop every open connection of a bot. Returns how many."""
        return int(self._ask("DELETE", "/connections")["dropped"])

    def revoke(self, bot: int | None = None) -> None:
        """Refuse the bot's token from now on."""
        self._ask("POST", "/revoke", {"bot": bot})

    def restore(self, bot: int | None = None) -> None:
        """Accept it again."""
        self._ask("POST", "/restore", {"bot": bot})

    def start_rival(self, bot: int | None = None, seconds: float | None = None) -> None:
        """Let a second instance poll the bot's token."""
        self._ask("POST", "/rival", {"bot": bot, "seconds": seconds})

    def stop_rival(self, bot: int | None = None) -> bool:
        """End it. Returns whether there was one."""
        return bool(self._ask("DELETE", "/rival", query={"bot": bot})["stopped"])

    def _ask(
        self,
        method: str,
        path: str,
        body: Document | None = None,
        query: Document | None = None,
        wait: float = 0.0,
    ) -> Document:
        present = {key: value for key, value in (query or {}).items() if value is not None}
        target = f"/sandbox{path}" + (f"?{urlencode(present)}" if present else "")
        content = None if body is None else json.dumps(body).encode()
        status, answer = self._exchange(method, target, content, wait + SLACK)
        document = json.loads(answer or b"{}")
        if status != 200:
            raise SandboxError(str(document.get("error", f"status {status}")))
        return dict(document)

    def _exchange(
        self, method: str, target: str, body: bytes | None, timeout: float
    ) -> tuple[int, bytes]:
        # Imported here: a program that only might talk to a sandbox should not pay for it.
        from http.client import HTTPConnection, HTTPException

        connection = HTTPConnection(self._host, self._port, timeout=timeout)
        try:
            connection.request(method, target, body, {"Content-Type": "application/json"})
            response = connection.getresponse()
            return response.status, response.read()
        except (OSError, HTTPException) as error:
            raise SandboxError(f"no answer from the sandbox at {self.url}: {error}") from None
        finally:
            connection.close()


def _list(document: Document) -> list[Document]:
    return list(document["messages"])
