"""What the platform is used for in a check, step by step. A step raises, or returns a remark."""

from __future__ import annotations

import json
import time
import uuid
from typing import Any

import httpx
from simple_websocket import Client, ConnectionClosed

from trial.platform import Platform, Trouble, wait_for

SIGNALS = 3

# A new connection for each request, so that any of gunicorn's workers may get it.
HTTP = httpx.Client(timeout=30, headers={"Connection": "close"})


def expect(true: object, otherwise: str) -> None:
    """Raise Trouble unless it is true."""
    if not true:
        raise Trouble(otherwise)


def get(one: Platform, path: str) -> Any:
    """A JSON document of the web server."""
    return HTTP.get(f"http://{one.place.web}{path}").raise_for_status().json()


def scrape(address: str) -> dict[str, float]:
    """Metrics by their whole name, with labels."""
    text = HTTP.get(f"http://{address}/metrics").raise_for_status().text
    lines = (line.rpartition(" ") for line in text.splitlines() if not line.startswith("#"))
    return {name: float(value) for name, _, value in lines}


def come_up(one: Platform) -> str:
    """`watchdog run`, until everything is ready."""
    begun = time.monotonic()
    one.start_watchdog(one.place.directory / "watchdog.out")
    wait_for("all programs to be ready", one.all_ready, 120)
    return f"{time.monotonic() - begun:.1f} s from `watchdog run` to all ready"


def use_http(one: Platform) -> str:
    """/ and /health answer, from several workers."""
    expect(get(one, "/health")["status"] == "running", "/health does not say running")
    workers = {get(one, "/")["worker"] for _ in range(60)}
    expect(len(workers) > 1, "only one of gunicorn's workers answers")
    return f"{len(workers)} workers have answered"


def read_metrics(one: Platform) -> str:
    """The counts are those of all workers, whichever answers."""
    name = 'mimic_http_requests_total{method="GET",route="/",status="200"}'
    before = scrape(one.place.web)[name]
    for _ in range(100):
        get(one, "/")
    counts = {scrape(one.place.web)[name] - before for _ in range(12)}
    expect(counts == {100.0}, f"of 100 requests the workers have counted {sorted(counts)}")
    return "100 requests, and each of 12 scrapes says 100"


def use_websocket(one: Platform) -> str:
    """/ws sends prices by itself, and when asked."""
    connection = Client(f"ws://{one.place.web}/ws")
    try:
        prices = [json.loads(connection.receive(timeout=10) or "{}") for _ in range(2)]
        expect(all("BTC" in one for one in prices), f"no prices came, but {prices}")
        gauge = scrape(one.place.web)["mimic_websockets"]
        expect(gauge == 1, f"mimic_websockets is {gauge} with one open")
    finally:
        connection.close()
    return "prices come"


def run_jobs(one: Platform) -> str:
    """What is queued is done by the worker, and what is queued twice is done once."""
    name = uuid.uuid4().hex[:8]
    for job in [f"{name}-{number}" for number in range(SIGNALS)] * 2:
        signal(one, job)
    wait_for("the jobs to be done", lambda: count_buys(one, name) == SIGNALS)
    wait_for("an empty queue", lambda: scrape(worker_of(one))["mimic_queue_depth"] == 0)
    return f"{SIGNALS} signals, each sent twice and traded once"


def see_cron(one: Platform) -> str:
    """The DCA check and the trailing stops run by themselves, and the log is JSON."""
    wanted = [
        f'mimic_jobs_total{{job="{job}",outcome="done"}}'
        for job in ("check_dca", "check_trailing_stops")
    ]

    def have_run() -> bool:
        metrics = scrape(worker_of(one))
        return all(metrics.get(name, 0) >= 1 for name in wanted)

    wait_for("the cron jobs", have_run)
    log = one.place.state / "logs" / "worker.json"
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    expect(any(line["message"] == "DCA check" for line in lines), "the log has no DCA check")
    return f"both have run; {len(lines)} lines of JSON"


def ask_bot(one: Platform) -> str:
    """The bot answers in the chat."""
    expect(one.sandbox.wait_for_polling(timeout=30), "the bot does not poll")
    answer = " ".join(one.sandbox.ask("/start", timeout=20))
    expect("1001" in answer, f"/start is answered with {answer!r}")
    return answer


def worker_of(one: Platform) -> str:
    """The address of the worker's metrics."""
    return f"127.0.0.1:{one.place.ports['METRICS_PORT']}"


def signal(one: Platform, job: str) -> None:
    """Queue a buy."""
    document = {"id": job, "symbol": "SOL", "quantity": "0.5"}
    HTTP.post(f"http://{one.place.web}/signals", json=document).raise_for_status()


def status_of(one: Platform, job: str) -> str:
    """How far a job is."""
    return str(get(one, f"/signals/{job}")["status"])


def count_buys(one: Platform, part: str) -> int:
    """How many orders that buy have this in their id."""
    orders = get(one, "/orders")["orders"]
    return sum(part in order["id"] and order["side"] == "buy" for order in orders)


def await_close(connection: Client) -> int | None:
    """The code with which the server closes a WebSocket."""
    try:
        while True:
            expect(connection.receive(timeout=30) is not None, "the WebSocket is silent")
    except ConnectionClosed as closed:
        return None if closed.reason is None else int(closed.reason)
