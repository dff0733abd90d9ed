"""Events that are sent in the background: none is lost without being told."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from recsite.local.paths import PROJECT
from recsite_client import AsyncEventBuffer, EventBuffer, Retries, Undelivered
from tests.clients.awaiting import Awaiting
from tests.clients.conftest import opened
from tests.clients.faults import Faults, Outcome, refusal, settled
from tests.web import Web

pytestmark = pytest.mark.django_db
QUICK = Retries(first_wait=0.001)
Buffered = Callable[..., tuple[Any, Faults, list[Undelivered]]]


def buffer_of(kind: str, client: Any, told: list[Undelivered], **options: Any) -> Any:
    if kind == "sync":
        return EventBuffer(client, told.append, **options)

    async def make() -> AsyncEventBuffer:
        return AsyncEventBuffer(client.inner, told.append, **options)

    return Awaiting(client.runner.run(make()), client.runner)


def close(buffer: Any, **options: Any) -> None:
    (buffer.aclose if isinstance(buffer, Awaiting) else buffer.close)(**options)


def view(number: int) -> dict[str, Any]:
    return {"user_id": "ada", "type": "view", "item_id": f"item-{number}"}


@pytest.fixture
def buffered(kind: str) -> Iterator[Buffered]:
    buffers: list[Any] = []

    def make(*outcomes: Outcome | Callable[[httpx.Request], Outcome], **options: Any) -> Any:
        server, told = Faults(outcomes), list[Undelivered]()
        client = opened(kind, "http://recsite.test", transport=server)
        buffers.append(buffer_of(kind, client, told, **{"retries": QUICK, **options}))
        return buffers[-1], server, told

    yield make
    for buffer in buffers:
        close(buffer, timeout=0)


def items(server: Faults) -> list[list[str]]:
    return [[event["item_id"] for event in body["events"]] for body in server.bodies()]


def test_events_reach_the_server_in_batches(kind: str, web: Web, key: str) -> None:
    told: list[Undelivered] = []
    client = opened(kind, web.url, key)
    buffer = buffer_of(kind, client, told, batch_size=4, interval=60)
    for number in range(10):
        assert buffer.add({**view(number), "user_id": f"buffered-{kind}", "item_id": f"novel-{number % 6}"})
    buffer.add({"user_id": f"buffered-{kind}", "type": "nothing known", "item_id": "novel-0"})
    assert buffer.flush()
    assert buffer.counts == {"accepted": 10, "refused": 1}
    assert "Unknown interaction type" in told[0].reason
    assert len(list(client.user_history(f"buffered-{kind}"))) == 10
    close(buffer)


def test_a_full_batch_goes_at_once_and_the_rest_after_a_while(buffered: Buffered) -> None:
    buffer, server, _ = buffered(settled, settled, batch_size=2, interval=0.01)
    for number in range(3):
        buffer.add(view(number))
    assert buffer.flush()
    assert items(server) == [["item-0", "item-1"], ["item-2"]]


def test_events_wait_for_a_server_that_is_gone(buffered: Buffered) -> None:
    gone: list[Any] = [httpx.ConnectError("Nobody."), refusal(503), refusal(429)] * 3
    buffer, server, told = buffered(*gone, settled)
    buffer.add(view(1))
    assert buffer.flush()
    assert (buffer.counts, told) == ({"accepted": 1}, [])
    assert len({str(body) for body in server.bodies()}) == 1


def test_a_batch_that_is_too_large_is_split(buffered: Buffered) -> None:
    buffer, server, told = buffered(
        refusal(413), refusal(413), settled, settled, refusal(413), batch_size=4, interval=60
    )
    for number in range(4):
        buffer.add(view(number))
    assert buffer.flush()
    assert [len(batch) for batch in items(server)][:3] == [4, 2, 1]
    assert sum(buffer.counts.values()) == 4 == buffer.counts["accepted"] + len(told)


def test_what_cannot_be_sent_is_told(buffered: Buffered) -> None:
    buffer, _, told = buffered(refusal(401))
    buffer.add(view(1))
    assert buffer.flush()
    assert (buffer.counts, told[0].event["item_id"]) == ({"undelivered": 1}, "item-1")
    assert told[0].error is not None
    assert told[0].error.status == 401


def test_a_full_buffer_says_so(buffered: Buffered) -> None:
    buffer, _, told = buffered(*[refusal(503)] * 50, capacity=2, interval=60)
    assert [buffer.add(view(number)) for number in range(3)] == [True, True, False]
    assert "buffer is full" in told[0].reason
    close(buffer, timeout=0)
    assert [one.event["item_id"] for one in told] == ["item-2", "item-0", "item-1"]
    assert buffer.add(view(4)) is False
    assert buffer.counts == {"undelivered": 4}


def test_a_callback_that_fails_stops_nothing(kind: str) -> None:
    client = opened(kind, "http://recsite.test", transport=Faults([refusal(401), settled]))
    buffer = buffer_of(kind, client, [])
    inner = buffer.inner if isinstance(buffer, Awaiting) else buffer
    inner._pending._on_failure = lambda _: 1 / 0
    buffer.add(view(1))
    assert buffer.flush()
    buffer.add(view(2))
    assert buffer.flush()
    assert buffer.counts == {"undelivered": 1, "accepted": 1}
    close(buffer)


PROGRAM = """
import sys
from recsite_client import Client, EventBuffer
events = EventBuffer(Client(sys.argv[1], sys.argv[2]), interval=60)
events.add({"user_id": "ended", "type": "view", "item_id": "novel-1"})
"""


def test_the_end_of_a_program_sends_what_waits(web: Web, key: str) -> None:
    folder = PROJECT / "clients" / "python"
    subprocess.run([sys.executable, "-c", PROGRAM, web.url, key], cwd=folder, check=True, timeout=60)
    assert len(list(opened("sync", web.url, key).user_history("ended"))) == 1
