"""What is sent again, when, and what is not."""

import asyncio
import json
import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from recsite_client import Erased, NoAnswer, RateLimited, RecsiteError, Retries, ServerError, TooLarge, Unavailable
from tests.clients.conftest import opened
from tests.clients.faults import Faults, Outcome, refusal

FINE = httpx.Response(200, json={"items": [], "next_cursor": None})
BROKEN = httpx.ReadError("The connection broke.")


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that were waited for, in no time."""
    waited: list[float] = []
    sleep = asyncio.sleep

    async def at_once(seconds: float) -> None:
        waited.append(seconds)
        await sleep(0)

    monkeypatch.setattr(time, "sleep", waited.append)
    monkeypatch.setattr(asyncio, "sleep", at_once)
    return waited


Opened = Callable[..., tuple[Any, Faults]]


@pytest.fixture
def faulty(kind: str, waits: list[float]) -> Opened:
    def make(*outcomes: Outcome, **options: Any) -> tuple[Any, Faults]:
        transport = Faults(outcomes)
        return opened(kind, "http://recsite.test", "a.key", transport=transport, **options), transport

    return make


@pytest.mark.parametrize("fault", [refusal(429), refusal(503), refusal(502), BROKEN, httpx.ConnectError("Nobody.")])
def test_a_passing_fault_is_outlasted(faulty: Opened, waits: list[float], fault: Outcome) -> None:
    client, server = faulty(fault, fault, FINE)
    assert client.list_items()["items"] == []
    assert len(server.sent) == 3
    assert 0.25 <= waits[0] <= 0.5
    assert 0.5 <= waits[1] <= 1


def test_it_waits_as_long_as_the_server_says(faulty: Opened, waits: list[float]) -> None:
    client, _ = faulty(refusal(429, retry_after="7"), FINE)
    client.list_items()
    assert 7 < waits[0] <= 8


def test_more_patience_than_allowed_is_told_at_once(faulty: Opened, waits: list[float]) -> None:
    client, server = faulty(refusal(429, "too_many_requests", retry_after="3600"))
    with pytest.raises(RateLimited) as told:
        client.list_items()
    assert (told.value.retry_after, len(server.sent), waits) == (3600, 1, [])


@pytest.mark.parametrize(
    ("fault", "error"), [(refusal(429), RateLimited), (refusal(503), Unavailable), (BROKEN, NoAnswer)]
)
def test_it_gives_up_in_the_end(faulty: Opened, fault: Outcome, error: type[Exception]) -> None:
    client, server = faulty(*[fault] * 3, retries=Retries(attempts=3))
    with pytest.raises(error):
        client.list_items()
    assert len(server.sent) == 3


@pytest.mark.parametrize(
    ("status", "code", "error"),
    [(500, "", ServerError), (413, "", TooLarge), (409, "erased", Erased), (301, "", RecsiteError)],
)
def test_what_would_not_help_is_not_tried(faulty: Opened, status: int, code: str, error: type[Exception]) -> None:
    client, server = faulty(refusal(status, code))
    with pytest.raises(error):
        client.list_items()
    assert len(server.sent) == 1


def test_the_html_of_a_proxy_is_understood_by_its_status(faulty: Opened) -> None:
    client, _ = faulty(httpx.Response(414, html="<h1>Too long</h1>"))
    with pytest.raises(RecsiteError, match="answered 414") as told:
        client.list_items()
    assert told.value.code == ""


def test_an_answer_of_somebody_else_is_told(faulty: Opened) -> None:
    client, _ = faulty(httpx.Response(200, html="<h1>Hello</h1>"))
    with pytest.raises(RecsiteError, match="is no JSON"):
        client.list_items()


def test_one_idempotency_key_for_all_attempts(faulty: Opened) -> None:
    client, server = faulty(BROKEN, refusal(409, "request_under_way"), FINE, FINE)
    client.create_item("one", title="One")
    client.create_item("two", title="Two", idempotency_key="my own")
    keys = [request.headers["Idempotency-Key"] for request in server.sent]
    assert len(set(keys[:3])) == 1
    assert keys[3] == "my own"


def test_an_event_keeps_its_id(faulty: Opened) -> None:
    client, server = faulty(BROKEN, FINE)
    client.send_event("ada", "view", "emma")
    first, second = server.bodies()
    assert first == second
    assert first["event_id"][14] == "7"


def test_rows_are_sent_again_where_they_can_be_read_again(faulty: Opened) -> None:
    rows = [{"item_id": str(number)} for number in range(3)]
    client, server = faulty(refusal(503), FINE, refusal(503))
    client.load_items(rows)
    assert server.sent[0].content == server.sent[1].content
    assert [json.loads(line) for line in server.sent[1].content.splitlines()] == rows
    with pytest.raises(Unavailable):
        client.load_items(iter(rows))


class Breaking(httpx.SyncByteStream, httpx.AsyncByteStream):
    """Sends a line and a half, and breaks."""

    def __iter__(self) -> Any:
        yield b'{"item_id":"1","title":"Lu'
        yield "la\u00e9".encode()[:-1]
        yield "\u00e9".encode()[-1:] + b'"}\n{"item_id":"2"'
        raise BROKEN

    async def __aiter__(self) -> Any:
        for block in [b'{"item_id":"1","title":"Lu', "la\u00e9".encode()[:-1], "\u00e9".encode()[-1:] + b'"}\n{"item']:
            yield block
        raise BROKEN


def test_a_stream_that_breaks_goes_on_behind_the_last_whole_row(faulty: Opened) -> None:
    rest = httpx.Response(200, content=b'{"item_id":"2"}\n{"item_id":"3"}\n')
    client, server = faulty(httpx.Response(200, stream=Breaking()), rest)
    rows = list(client.export_items())
    assert [row["item_id"] for row in rows] == ["1", "2", "3"]
    assert rows[0]["title"] == "Lula\u00e9"
    assert [request.url.params.get("cursor") for request in server.sent] == [None, "1"]


def job(state: str) -> httpx.Response:
    is_over = state not in {"queued", "running"}
    return httpx.Response(200, json={"id": 7, "title": "Train", "state": state, "is_over": is_over, "message": "Done."})


def test_a_job_is_waited_for(faulty: Opened, waits: list[float]) -> None:
    client, _ = faulty(job("queued"), job("running"), job("succeeded"), job("failed"), job("running"))
    assert client.wait_for_job(7, poll=5)["state"] == "succeeded"
    assert waits == [5, 5]
    with pytest.raises(RecsiteError, match="is failed: Done"):
        client.wait_for_job(7)
    with pytest.raises(RecsiteError, match="after 0 seconds"):
        client.wait_for_job(7, timeout=0)
