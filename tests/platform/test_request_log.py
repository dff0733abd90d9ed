"""Every request has an id, which its log lines and its answer carry."""

import json
import logging
import re

import pytest
from django.test import Client

from recsite.logging import AccessLines

UUID7 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


def test_a_caller_s_id_is_kept(client: Client) -> None:
    assert client.get("/ping", headers={"X-Request-ID": "shop.42_A-7"})["X-Request-ID"] == "shop.42_A-7"


@pytest.mark.parametrize("bad", ["", "a b", 'x"y', "ü", "a\tb", "x" * 129])
def test_an_id_that_could_forge_a_line_is_replaced(client: Client, bad: str) -> None:
    assert UUID7.fullmatch(client.get("/ping", headers={"X-Request-ID": bad})["X-Request-ID"])


def test_requests_without_an_id_get_different_ones(client: Client) -> None:
    assert client.get("/ping")["X-Request-ID"] != client.get("/ping")["X-Request-ID"]


def test_the_line_says_what_was_asked_and_how_it_ended(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    client.get("/nothing?key=hunter2", headers={"X-Request-ID": "ada-1"})
    [record] = [record for record in caplog.records if record.name == "recsite.access"]
    line = json.loads(AccessLines(as_json=True).format(record))
    facts = {name: line[name] for name in ("event", "level", "method", "path", "status", "request_id")}
    asked = {"event": "request", "level": "info", "method": "GET", "path": "/nothing"}
    assert facts == {**asked, "status": 404, "request_id": "ada-1"}


def test_a_terminal_gets_a_readable_line_without_control_characters() -> None:
    facts = {"method": "GET", "path": "/a\x1b[2J", "status": 404, "ms": 0.8}
    record = logging.makeLogRecord({"msg": facts})
    assert AccessLines(as_json=False).format(record).endswith(r" GET '/a\x1b[2J' 404 0.8 ms")
