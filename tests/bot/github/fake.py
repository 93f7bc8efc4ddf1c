"""A small GitHub on loopback: repositories, issues, a token, and answers that go wrong on order."""

from __future__ import annotations

import contextlib
import json
import re
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

TOKEN = "github_pat_11EXAMPLE0example_ExampleExampleExampleExample"
_ISSUE = re.compile(r"/api/v3/repos/([^/]+/[^/]+)/issues(?:/(\d+))?")


@dataclass
class Fault:
    """What one answer is instead."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    content: str = "{}"
    seconds: float = 0.0  # to wait before it
    drop: bool = False  # the connection, without an answer


@dataclass
class FakeGitHub:
    """One server with the repository `ann/bot`, of which the token's owner may set labels."""

    port: int = 0
    token: str = TOKEN
    issues: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: {"ann/bot": []})
    may_label: bool = True
    faults: list[Fault] = field(default_factory=list)
    requests: list[tuple[str, str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/api/v3"

    def fail(self, status: int, content: Any = None, **headers: str) -> None:
        """Answer the next request that is no check this way."""
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        self.faults.append(Fault(status, names, json.dumps(content or {})))

    def writes(self) -> list[tuple[str, str, Any]]:
        return [request for request in self.requests if request[0] != "GET"]

    def answer(self, method: str, target: str, body: Any) -> tuple[int, dict[str, str], Any]:
        """What GitHub says to a request with the right token."""
        path, _, query = target.partition("?")
        if path == "/api/v3/rate_limit":
            return 200, {}, {"resources": {}}
        match = _ISSUE.fullmatch(path)
        if match is None or match[1] not in self.issues:
            return 404, {}, {"message": "Not Found"}
        issues = self.issues[match[1]]
        if match[2] is None:
            return self._open(match[1], body) if method == "POST" else self._list(issues, query)
        found = next((issue for issue in issues if issue["number"] == int(match[2])), None)
        if found is None:
            return 404, {}, {"message": "Not Found"}
        if method == "PATCH":
            found["state"] = body["state"]
        return 200, {}, found

    def add(self, repository: str, title: str, labels: tuple[str, ...] = (), **more: Any) -> Any:
        """Put an issue there as somebody else would."""
        issues = self.issues[repository]
        number = len(issues) + 1
        issues.append(
            {
                "number": number,
                "title": title,
                "html_url": f"https://github.example/{repository}/issues/{number}",
                "labels": [{"name": label} for label in labels],
                "state": "open",
                **more,
            }
        )
        return issues[-1]

    def _open(self, repository: str, body: Any) -> tuple[int, dict[str, str], Any]:
        if not body.get("title") or len(body["title"]) > 256:
            error = {"resource": "Issue", "field": "title", "code": "invalid"}
            return 422, {}, {"message": "Validation Failed", "errors": [error]}
        labels = tuple(body.get("labels", ())) if self.may_label else ()
        return 201, {}, self.add(repository, body["title"], labels, body=body["body"])

    @staticmethod
    def _list(
        issues: list[dict[str, Any]], query: str
    ) -> tuple[int, dict[str, str], list[dict[str, Any]]]:
        size = int(re.search(r"per_page=(\d+)", query)[1])  # type: ignore[index]
        found = [issue for issue in reversed(issues) if issue["state"] == "open"]
        link = {"Link": '<https://x/?page=2>; rel="next"'} if len(found) > size else {}
        return 200, link, found[:size]


def make_handler(github: FakeGitHub) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            github.requests.append((self.command, self.path, body))
            github.headers.append(dict(self.headers))
            if github.faults and not self.path.endswith("/rate_limit"):
                return self._go_wrong(github.faults.pop(0))
            if self.headers["Authorization"] != f"Bearer {github.token}":
                return self._say(401, {}, json.dumps({"message": "Bad credentials"}))
            status, headers, document = github.answer(self.command, self.path, body)
            return self._say(status, headers, json.dumps(document))

        do_POST = do_PATCH = do_GET

        def _go_wrong(self, fault: Fault) -> None:
            time.sleep(fault.seconds)
            if fault.drop:
                self.close_connection = True
            else:
                self._say(fault.status, fault.headers, fault.content)

        def _say(self, status: int, headers: dict[str, str], content: str) -> None:
            data = content.encode()
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            with contextlib.suppress(ConnectionError):  # whoever asked may have given up
                self.wfile.write(data)

        def log_message(self, format: str, *args: Any) -> None:
            """Quiet."""

    return Handler
