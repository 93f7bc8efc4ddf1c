"""The telegram probe against a Bot API server: verdicts, what is asked, and what is hidden."""

from __future__ import annotations

import asyncio
import itertools
import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sandbox import Sandbox
from tests.probes.conftest import World, children, open_files, until
from watchdog.config.model import ProbeTarget
from watchdog.core.events import Probed
from watchdog.core.model import Role
from watchdog.probes.attempt import Surroundings
from watchdog.probes.telegram import Seen, is_deaf, judge, read, token_of

BOT = 123456789
TOKEN = f"{BOT}:AAExampleExampleExampleExampleExamp"
MANY = tuple(f"{BOT + n}:AAExampleExampleExampleExampleExamp" for n in range(10))
TARGET = ProbeTarget("telegram")
USER = 42

if sys.platform != "linux":
    pytest.skip("commands are run by pidfd", allow_module_level=True)


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox(tokens=MANY) as running:
        running.stage.add_user(USER)
        yield running


def around(url: str, token: str = TOKEN, **more: str) -> Surroundings:
    """The environment of a program that is a bot."""
    return Surroundings({"TELEGRAM_BOT_TOKEN": token, "TELEGRAM_API_URL": url, **more})


async def ask(world: World, sandbox: Sandbox, within: float = 6.0) -> Probed:
    """One look at the bot."""
    return await world.probe(TARGET, within, around(sandbox.url))


# --- the verdict, pure ------------------------------------------------------------------------

PENDING = st.lists(st.integers(0, 5), max_size=5).map(tuple)


@given(PENDING, st.integers(0, 5))
def test_whoever_fetches_anything_is_never_called_deaf(pending: tuple[int, ...], before: int):
    """A number that falls, or was 0 once, shows somebody who polls; else, and only else, nobody."""
    seen = (before, *pending)
    fell = any(a > b for a, b in itertools.pairwise(seen))
    assert is_deaf(pending, before) is (bool(pending) and not fell and 0 not in pending)


@given(
    st.builds(
        Seen,
        trouble=st.text(max_size=20),
        status=st.none() | st.sampled_from([200, 400, 401, 404, 409, 429, 500, 502]),
        webhook=st.text(max_size=10),
        pending=PENDING,
    ),
    st.integers(0, 5),
)
def test_a_bot_is_blamed_for_two_things_only(seen: Seen, before: int):
    """A failure is a refused token (fatal) or updates that nobody fetches, and says which."""
    verdict = judge(seen, before)
    if verdict.ok:
        assert not verdict.reason and not verdict.fatal
    elif verdict.fatal:
        assert seen.status in (401, 404) and "refuses" in verdict.reason
    else:
        assert is_deaf(seen.pending, before) and "nobody fetches" in verdict.reason
        assert not seen.trouble and not seen.webhook


@pytest.mark.parametrize(
    ("seen", "note"),
    [
        (Seen("Too Many Requests: retry after 5", 429), ""),
        (Seen("Bad Gateway", 502), "Telegram cannot be asked about it: Bad Gateway"),
        (Seen("connection refused"), "Telegram cannot be asked about it: connection refused"),
        (
            Seen(webhook="example.org"),
            "a webhook is set (example.org): until deleteWebhook nobody can poll for updates",
        ),
        (Seen(pending=(0,)), ""),
        (Seen(pending=(3, 2)), ""),
    ],
)
def test_what_the_bot_cannot_help_is_noted_and_no_failure(seen: Seen, note: str):
    """A 429 is not even worth a note; an outage and a webhook are."""
    verdict = judge(seen, 0)
    assert (verdict.ok, verdict.note) == (True, note)


@given(st.binary(max_size=60))
def test_any_output_of_the_helper_is_a_look(output: bytes):
    """What it prints in its last hour must not bring the watchdog down."""
    assert isinstance(read(output), Seen)
    assert isinstance(read(b'{"pending": ' + output), Seen)


def test_the_token_is_the_first_that_is_set():
    """TELEGRAM_BOT_TOKEN before TG_TOKEN, and blanks are none."""
    assert token_of({"TELEGRAM_BOT_TOKEN": " ", "TG_TOKEN": "b"}) == "b"
    assert token_of({"TELEGRAM_BOT_TOKEN": "a", "TG_TOKEN": "b"}) == "a"
    assert token_of({}) == ""


# --- the helper, against a server -------------------------------------------------------------


async def test_a_bot_without_pending_updates_is_well(world: World, sandbox: Sandbox):
    """One getMe, one getWebhookInfo, and never a getUpdates."""
    result = await ask(world, sandbox)
    assert (result.ok, result.reason, result.note) == (True, "", "")
    calls = sandbox.engine.world.account(BOT).statistics
    assert calls.polls == 0


async def test_a_refused_token_is_fatal(world: World, sandbox: Sandbox):
    """401 for a revoked token, asked twice before it is believed."""
    sandbox.stage.revoke(BOT)
    result = await ask(world, sandbox)
    assert (result.ok, result.fatal) == (False, True)
    assert result.reason == "Telegram refuses the bot's token (401 Unauthorized)"


async def test_a_token_that_cannot_be_one_is_fatal(world: World, sandbox: Sandbox):
    """404 is what the server says to it."""
    result = await world.probe(TARGET, 6.0, around(sandbox.url, "nonsense"))
    assert result.fatal and "refuses" in result.reason


async def test_one_stray_refusal_is_not_believed(world: World, sandbox: Sandbox):
    """A single 401 that is gone a moment later is no refusal."""
    sandbox.stage.fault(
        {"kind": "answer", "status": 401, "description": "Unauthorized", "method": "getMe",
         "count": 1}
    )  # fmt: skip
    result = await ask(world, sandbox)
    assert (result.ok, result.note) == (True, "")


async def test_a_webhook_is_noted_with_its_host_only(world: World, sandbox: Sandbox):
    """The path of a webhook may be secret; the process is left alone."""
    account = sandbox.engine.world.account(BOT)
    account.rules.set_webhook("https://user:pw@example.org:8443/secret", sandbox.engine.now())
    result = await ask(world, sandbox)
    assert result.ok and "(example.org:8443)" in result.note and "secret" not in result.note


async def test_a_bot_behind_a_webhook_is_deaf_without_one(world: World, sandbox: Sandbox):
    """mode = "webhook": a webhook is as it should be; none is a failure, which a restart cures."""
    behind = ProbeTarget("telegram", mode="webhook")
    result = await world.probe(behind, 6.0, around(sandbox.url, TOKEN))
    assert (result.ok, result.fatal) == (False, False)
    assert result.reason == "no webhook is set: Telegram sends the bot no updates"
    account = sandbox.engine.world.account(BOT)
    account.rules.set_webhook("https://example.org/secret", sandbox.engine.now())
    result = await world.probe(behind, 6.0, around(sandbox.url, TOKEN))
    assert (result.ok, result.note) == (True, "")


def test_deliveries_that_fail_are_noted():
    """Telegram's own words; waiting alone, without an error, is a delivery under way."""
    seen = Seen(webhook="example.org", waiting=3, error="Wrong response: 502 Bad Gateway")
    verdict = judge(seen, 0, "webhook")
    assert verdict.ok and verdict.note == (
        "3 updates wait at Telegram, the last delivery to example.org failed: "
        "Wrong response: 502 Bad Gateway"
    )
    assert judge(Seen(webhook="example.org", waiting=3), 0, "webhook").note == ""


async def test_updates_that_nobody_fetches_are_a_failure(world: World, sandbox: Sandbox):
    """Looked at several times within one probe."""
    sandbox.stage.send("hello", BOT, USER)
    result = await ask(world, sandbox)
    assert (result.ok, result.fatal) == (False, False)
    assert result.reason == "1 update waits at Telegram, and nobody fetches them"


async def test_updates_that_are_fetched_meanwhile_are_none(world: World, sandbox: Sandbox):
    """A backlog that shrinks while it is looked at is a bot at work."""
    for _ in range(50):
        sandbox.stage.send("hello", BOT, USER)
    queue = sandbox.engine.world.account(BOT).queue
    looked = asyncio.create_task(ask(world, sandbox))
    while not looked.done():
        await asyncio.sleep(0.02)
        if len(queue) > 1:
            queue.fetch(queue.last_id - len(queue) + 2, 1)
    assert (await looked).ok


async def test_a_backlog_that_shrank_since_the_last_look_is_none(world: World, sandbox: Sandbox):
    """A slow bot that fetches once a minute is not deaf; the next incarnation is judged anew."""
    for _ in range(3):
        sandbox.stage.send("hello", BOT, USER)
    assert not (await ask(world, sandbox, 4.0)).ok
    queue = sandbox.engine.world.account(BOT).queue
    queue.fetch(queue.last_id - 1, 1)
    assert (await ask(world, sandbox, 4.0)).ok
    assert not (await ask(world, sandbox, 4.0)).ok
    world.probes.stop("bot", 7)
    queue.fetch(queue.last_id, 1)
    assert not (await ask(world, sandbox, 4.0)).ok


async def test_patience_that_telegram_asks_for_is_nothing(world: World, sandbox: Sandbox):
    """A 429 is neither a failure nor worth a word."""
    sandbox.stage.fault(
        {"kind": "answer", "status": 429, "description": "Too Many Requests", "retry_after": 3}
    )
    result = await ask(world, sandbox)
    assert (result.ok, result.reason, result.note) == (True, "", "")


async def test_a_server_that_hangs_says_nothing_about_the_bot(world: World, sandbox: Sandbox):
    """The probe ends in time, with a note; the helper is gone and no descriptor is left."""
    files = open_files()
    sandbox.stage.fault({"kind": "hang"})
    result = await ask(world, sandbox, 1.5)
    assert (result.ok, result.latency < 3.0) == (True, True)
    assert "it did not answer in time" in result.note or "not heard of" in result.note
    sandbox.stage.clear_faults()
    await until(lambda: not children())
    await until(lambda: sandbox.connections == 0)
    assert open_files() <= files


async def test_nobody_there_says_nothing_about_the_bot(world: World, free_port: int):
    """Telegram unreachable from here is a note in words."""
    result = await world.probe(TARGET, 6.0, around(f"http://127.0.0.1:{free_port}"))
    assert result.ok
    assert result.note == "Telegram cannot be asked about it: Connection refused"


@pytest.mark.parametrize("status", ["404 Not Found", "401 No", "302 Found", "200 OK"])
async def test_a_stranger_in_between_is_not_telegram(world: World, status: str):
    """A proxy or a captive portal can say 404 or redirect; only the Bot API's form counts."""

    async def portal(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        head = f"HTTP/1.1 {status}\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 5\r\n\r\n"
        writer.write(f"{head}login".encode())
        writer.close()

    server = await asyncio.start_server(portal, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        result = await world.probe(TARGET, 6.0, around(f"http://127.0.0.1:{port}"))
    assert result.ok
    assert f"HTTP {status[:3]}, and no answer of a Bot API server" in result.note


async def test_the_token_is_seen_by_nobody_else(world: World, sandbox: Sandbox):
    """Neither the helper's arguments nor its environment hold it, nor does any of the texts."""
    sandbox.stage.fault({"kind": "hang"})
    task = asyncio.create_task(
        world.probe(TARGET, 3.0, around(sandbox.url, MY_SECRET="hush", HTTP_PROXY=""))
    )
    await until(lambda: sandbox.connections)
    [pid] = children()
    shown = Path(f"/proc/{pid}/cmdline").read_bytes() + Path(f"/proc/{pid}/environ").read_bytes()
    assert b"telegram_helper" in shown and b"AAExample" not in shown and b"hush" not in shown
    assert "AAExample" not in json.dumps((await task).note)
    broken = await world.probe(TARGET, 6.0, around(sandbox.url, f"{BOT}:AAExample\nExample"))
    assert broken.ok and "AAExample" not in broken.note


async def test_many_at_once_wait_for_none(world: World, sandbox: Sandbox):
    """Ten bots are asked about side by side, each by its own helper, all reaped."""
    for token in MANY:
        world.probes.configure(token, {Role.OUTSIDE: TARGET}, around(sandbox.url, token))
        world.probes.probe(token, 1, Role.OUTSIDE, 15.0)
    await until(lambda: len(world.results) == len(MANY))
    assert all(result.ok and not result.note for result in world.results)
    await until(lambda: not children())
