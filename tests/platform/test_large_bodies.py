"""Bodies beyond the limit: ordinary clients see the 413, and lines of JSON have no limit as a whole."""

import json
import socket
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from typing import Any

import pytest
import requests

from recsite.platform.models import IdempotentRequest
from tests.web import Web, web_server

pytestmark = pytest.mark.django_db
BULK = "/api/v1/items/bulk"
LINES = {"Content-Type": "application/x-ndjson"}
ROW = json.dumps({"title": "Without an id, so that nothing is stored", "description": "x" * 900}).encode() + b"\n"


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory, django_db_setup: None, django_db_blocker: Any) -> Iterator[Web]:
    settings = {"MAX_REQUEST_SIZE": "100000", "API_AUTH_REQUIRED": "false", "CLIENT_TIMEOUT_SECS": "4"}
    with web_server(tmp_path_factory.mktemp("web"), **settings) as server:
        yield server
    # The server has committed what other tests begin without.
    with django_db_blocker.unblock():
        IdempotentRequest.objects.all().delete()


def chunks(count: int, body: bytes = ROW) -> Iterator[bytes]:
    for _ in range(count):
        yield body


@pytest.mark.parametrize("in_chunks", [True, False])
@pytest.mark.parametrize("path", ["/api/v1/items", "/api/v1/interactions"])
@pytest.mark.parametrize("size", [200_000, 12_000_000, 200_000_000])
def test_an_ordinary_client_sees_that_a_body_is_too_large(web: Web, in_chunks: bool, path: str, size: int) -> None:
    body = b"x" * size
    sent = chunks(1, body) if in_chunks else body
    answer = requests.post(web.url + path, sent, headers={"Content-Type": "application/json"}, timeout=60)
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "too_large")


@pytest.mark.parametrize("is_chunked", [True, False])
def test_lines_are_taken_whatever_their_size_together(web: Web, is_chunked: bool) -> None:
    client = HTTPConnection("127.0.0.1", web.port, timeout=60)
    if is_chunked:
        client.request("POST", BULK, chunks(3_000), LINES, encode_chunked=True)
    else:
        client.request("POST", BULK, ROW * 3_000, LINES)
    answer = client.getresponse()
    assert answer.status == 200
    assert json.loads(answer.read())["refused"] == 3_000


def test_a_client_has_its_time_for_each_part_of_the_lines(web: Web) -> None:
    def slowly() -> Iterator[bytes]:
        for _ in range(4):
            time.sleep(1.5)
            yield ROW * 100

    client = HTTPConnection("127.0.0.1", web.port, timeout=60)
    client.request("POST", BULK, slowly(), LINES, encode_chunked=True)
    answer = client.getresponse()
    assert (answer.status, json.loads(answer.read())["refused"]) == (200, 400)


def test_a_client_that_stops_in_the_middle_of_the_lines_is_told(web: Web) -> None:
    with socket.create_connection(("127.0.0.1", web.port), timeout=60) as client:
        head = f"POST {BULK} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-ndjson\r\n"
        client.sendall(f"{head}Content-Length: 1000000\r\n\r\n".encode() + ROW)
        assert client.recv(100).startswith(b"HTTP/1.1 408")


def test_a_client_that_sends_slowly_sees_that_the_body_is_too_large(web: Web) -> None:
    """It goes on sending for longer than a connection waits in silence."""
    with socket.create_connection(("127.0.0.1", web.port), timeout=60) as client:
        client.sendall(b"POST /api/v1/items HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000000\r\n\r\n")
        for _ in range(30):
            client.sendall(b"x" * 1000)
            time.sleep(0.1)
        assert client.recv(100).startswith(b"HTTP/1.1 413")


@pytest.mark.parametrize("is_chunked", [True, False])
def test_lines_that_are_sent_again_with_their_key_are_loaded_once(web: Web, is_chunked: bool) -> None:
    headers = {**LINES, "Idempotency-Key": f"lines-{is_chunked}"}
    body = ROW * 300
    answers = [
        requests.post(web.url + BULK, chunks(300) if is_chunked else body, headers=headers, timeout=60)
        for _ in range(2)
    ]
    assert [(one.status_code, one.headers.get("Idempotent-Replayed")) for one in answers] == [
        (200, None),
        (200, "true"),
    ]
    assert answers[0].json() == answers[1].json()
    other = requests.post(web.url + BULK, body + ROW, headers=headers, timeout=60)
    assert (other.status_code, "another body" in other.text) == (422, True)


@pytest.mark.parametrize("path", ["/api/v1/items", BULK, "/api/v1/interactions"])
def test_broken_chunks_are_the_clients_mistake(web: Web, path: str) -> None:
    kind = "application/x-ndjson" if path == BULK else "application/json"
    with socket.create_connection(("127.0.0.1", web.port), timeout=60) as client:
        head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {kind}\r\nConnection: close\r\n"
        client.sendall(f"{head}Transfer-Encoding: chunked\r\n\r\nzz\r\n".encode())
        answer = b"".join(iter(lambda: client.recv(5_000), b""))
    assert answer.startswith(b"HTTP/1.1 400")
    assert b"chunks are broken" in answer
