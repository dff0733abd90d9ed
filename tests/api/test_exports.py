"""GET /export/users, /export/items and /export/interactions."""

import gzip
import json
from typing import Any

import pytest

from interactions import producers
from tests import factories
from tests.api.clients import ApiClient, details

PATHS = ["export/users", "export/items", "export/interactions"]


@pytest.fixture
def rows(db: None) -> None:
    for number in range(3):
        factories.item(f"item-{number}")
    producers.produce([factories.event("ada", f"item-{number}") for number in range(3)])


def body(answer: Any) -> bytes:
    assert answer.status_code == 200, answer.content
    return b"".join(answer.streaming_content)


def test_everything_of_a_kind_is_streamed(api: ApiClient, rows: None) -> None:
    told = [[json.loads(line) for line in body(api.get(path)).splitlines()] for path in PATHS]
    assert [len(one) for one in told] == [1, 3, 3]
    assert told[0][0]["user_id"] == "ada"
    assert [item["item_id"] for item in told[1]] == ["item-0", "item-1", "item-2"]
    assert told[2][0].keys() == {"event_id", "user_id", "item_id", "type", "occurred_at", "undated"}


def test_headers_say_what_it_is(api: ApiClient, rows: None) -> None:
    for format_, media_type in (("jsonl", "application/x-ndjson"), ("csv", "text/csv; charset=utf-8")):
        answer = api.get("export/items", format=format_)
        assert answer.headers["Content-Type"] == media_type
        assert answer.headers["Content-Disposition"] == f'attachment; filename="items.{format_}"'
        assert answer.headers["Cache-Control"] == "private, no-store"
        assert "Content-Encoding" not in answer.headers
        body(answer)


def test_it_is_packed_on_the_way_or_for_good(api: ApiClient, rows: None) -> None:
    plain = body(api.get("export/items"))
    answer = api.get("export/items", headers={"Accept-Encoding": "br, gzip;q=0.5"})
    assert answer.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(body(answer)) == plain
    assert "Content-Encoding" not in api.get("export/items", headers={"Accept-Encoding": "gzip;q=0"}).headers
    answer = api.get("export/items", gzip="true", headers={"Accept-Encoding": "gzip"})
    assert (answer.headers["Content-Type"], "Content-Encoding" in answer.headers) == ("application/gzip", False)
    assert answer.headers["Content-Disposition"] == 'attachment; filename="items.jsonl.gz"'
    assert gzip.decompress(body(answer)) == plain


def test_a_broken_stream_is_gone_on_with(api: ApiClient, rows: None) -> None:
    for path, key in zip(PATHS, ("user_id", "item_id", "event_id"), strict=True):
        whole = body(api.get(path)).splitlines()
        assert body(api.get(path, cursor=json.loads(whole[0])[key])).splitlines() == whole[1:]
        assert details(api.get(path, cursor="gone")).keys() == {"cursor"}
    first, *rest = body(api.get("export/items", format="csv")).splitlines()
    assert first.startswith(b"item_id,title,")
    assert body(api.get("export/items", format="csv", cursor="item-0")).splitlines() == rest[1:]


def test_wrong_parameters_are_named(api: ApiClient, rows: None) -> None:
    wrong = details(api.get("export/users", format="xml", since="soon", gzip="yes", limit=3))
    assert wrong.keys() == {"format", "since", "gzip", "limit"}


@pytest.mark.parametrize(
    ("accept", "status"),
    [("application/x-ndjson", 200), ("text/csv", 200), ("*/*", 200), ("application/xml", 406), ("text/html", 406)],
)
def test_what_no_stream_fits_is_not_acceptable(api: ApiClient, rows: None, accept: str, status: int) -> None:
    answer = api.get("export/users", headers={"Accept": accept})
    assert answer.status_code == status
    if status == 200:
        body(answer)


def test_only_get_is_possible(api: ApiClient, rows: None) -> None:
    answer = api.post("export/users", {})
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET")
