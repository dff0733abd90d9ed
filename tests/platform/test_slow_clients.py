"""Clients that send half a request, or don't read their response, hold up nobody else."""

import json
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from recsite.platform.models import ApiKey
from tests.web import Web, web_server

pytestmark = pytest.mark.django_db
TIMEOUT = 2
SOON = 1.5
"""Less than the timeout: nobody waited for it."""

MANY = 16
"""Twice as many as the web server has threads."""

CSRF = "a" * 32
FORM = f"Cookie: csrftoken={CSRF}\r\nContent-Type: application/x-www-form-urlencoded\r\n"
JSON = "Content-Type: application/json\r\n"
CHUNKED = "Transfer-Encoding: chunked\r\n"
BUNDLE = "/static/drf_spectacular_sidecar/swagger-ui-dist/swagger-ui-bundle.js"


def head(method: str, path: str, headers: str = "") -> bytes:
    return f"{method} {path} HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n".encode()


HALF_SENT = {
    "nothing": b"",
    "half a line": b"GET /pi",
    "half the headers": head("GET", "/ping").removesuffix(b"\r\n"),
    "half a form": head("POST", "/admin/login/", f"{FORM}Content-Length: 50\r\n") + b"username=a",
    "half a chunked form": head("POST", "/admin/login/", FORM + CHUNKED) + b"a\r\nusername=a\r\n",
    "a chunked ping": head("POST", "/ping", CHUNKED) + b"5\r\nhel",
    "a chunked event without a key": head("POST", "/api/v1/interactions", JSON + CHUNKED) + b"5\r\nhel",
    "half an event without a key": head("POST", "/api/v1/interactions", f"{JSON}Content-Length: 50\r\n") + b"{",
    "a response that nobody reads": head("GET", BUNDLE) * 20,
    "a connection that the client leaves open": head("GET", "/ping", "Connection: close\r\n"),
}


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory, django_db_setup: None) -> Iterator[Web]:
    with web_server(tmp_path_factory.mktemp("web"), CLIENT_TIMEOUT_SECS=str(TIMEOUT)) as server:
        yield server


def send(web: Web, data: bytes) -> socket.socket:
    client = socket.socket()
    # Little room for what comes back: the server has to wait for a client that doesn't read.
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.settimeout(20)
    client.connect(("127.0.0.1", web.port))
    client.sendall(data)
    return client


def answer(client: socket.socket) -> tuple[int, bytes]:
    """Return the status of the response, and its body; (0, b"") where the connection was closed without one."""
    received = b""
    with client:
        while data := client.recv(65_536):
            received += data
            length = [line for line in received.split(b"\r\n") if line.lower().startswith(b"content-length:")]
            body = received.partition(b"\r\n\r\n")[2]
            if length and len(body) >= int(length[0].split(b":")[1]):
                break
    return (int(received.split()[1]) if received else 0), received.partition(b"\r\n\r\n")[2]


def test_half_sent_requests_hold_up_nobody_for_long(web: Web) -> None:
    for kind, data in HALF_SENT.items():
        with ExitStack() as clients:
            for _ in range(MANY):
                clients.enter_context(send(web, data))
            started = time.monotonic()
            assert web.get("/ping")[0] == 200, kind
            assert time.monotonic() - started < TIMEOUT + 2, kind


def test_unfinished_headers_cost_no_thread(web: Web) -> None:
    with ExitStack() as clients:
        for kind in ("nothing", "half a line", "half the headers"):
            for _ in range(MANY):
                clients.enter_context(send(web, HALF_SENT[kind]))
        started = time.monotonic()
        assert web.get("/ping")[0] == 200
        assert time.monotonic() - started < SOON


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_headers_and_body_share_one_time_limit(web: Web) -> None:
    _, key = ApiKey.objects.create_key(name="shop")
    request = head("POST", "/api/v1/interactions", f"{JSON}Authorization: Api-Key {key}\r\nContent-Length: 50\r\n")
    started = time.monotonic()
    client = send(web, request[:30])
    time.sleep(TIMEOUT / 2)
    client.sendall(request[30:] + b"{")
    status, body = answer(client)
    assert (status, json.loads(body)["error"]["code"]) == (408, "request_timeout")
    assert "within 2 seconds" in json.loads(body)["error"]["message"]
    assert TIMEOUT - 0.1 < time.monotonic() - started < TIMEOUT + 1


@pytest.mark.parametrize("kind", ["half a line", "half the headers", "half a form", "half a chunked form"])
def test_a_request_that_does_not_arrive_is_told_so(web: Web, kind: str) -> None:
    assert answer(send(web, HALF_SENT[kind]))[0] == 408


def test_a_connection_without_a_request_is_closed_without_a_word(web: Web) -> None:
    assert answer(send(web, b""))[0] == 0


@pytest.mark.parametrize("kind", ["a chunked event without a key", "half an event without a key"])
def test_without_a_key_nobody_waits_for_the_body(web: Web, kind: str) -> None:
    started = time.monotonic()
    assert answer(send(web, HALF_SENT[kind]))[0] == 401
    assert time.monotonic() - started < SOON


def test_endless_headers_are_refused(web: Web) -> None:
    client = send(web, b"GET /ping HTTP/1.1\r\n" + b"X-A: b\r\n" * 9_000)
    status, body = answer(client)
    assert (status, json.loads(body)["error"]["code"]) == (431, "headers_too_large")


@pytest.mark.parametrize("path", [b"/api/v1/items/%ff", b"/api/v1/items?category=%ff"])
def test_an_address_that_is_no_text_is_refused(web: Web, path: bytes) -> None:
    status, body = answer(send(web, head("GET", "PATH", "Connection: close\r\n").replace(b"PATH", path)))
    assert (status, b"no UTF-8" in body) == (400, True)


def test_a_large_body_that_is_refused_still_gets_its_answer(web: Web) -> None:
    request = head("POST", "/api/v1/interactions", f"{JSON}Content-Length: 5000000\r\n")
    assert answer(send(web, request + b" " * 5_000_000))[0] == 401


def test_several_requests_share_a_connection(web: Web) -> None:
    client = send(web, head("GET", "/ping") + head("GET", "/ready") + head("GET", "/pi")[:10])
    received = b""
    while received.count(b'{"status": "ok"}') < 2:
        received += client.recv(65_536)
    client.sendall(head("GET", "/pi")[10:])
    assert answer(client)[0] == 404
