"""Events as bytes on a topic, and back: versioned, strict where it matters, generous where it doesn't."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.ids import InvalidId, clean_id
from interactions.schema import InvalidEvent, TypeRule
from interactions.topics import BY_TYPE, EVENTS, TOPICS, topic_of
from interactions.wire import decode, encode, readable
from tests import factories

NOW = datetime(2026, 6, 1, tzinfo=UTC)
TYPES = {"view": TypeRule("view"), "rating": TypeRule("rating", (1, 5))}


def fields(**changes: Any) -> dict[str, Any]:
    event = factories.event("ada", "emma", "rating", 4, context={"position": 3})
    return {**json.loads(encode(event)), **changes}


def refused(raw: bytes) -> dict[str, str]:
    with pytest.raises(InvalidEvent) as fault:
        decode(raw, TYPES, NOW)
    return fault.value.errors


def is_id(text: str) -> bool:
    try:
        return clean_id(text) == text
    except InvalidId:
        return False


@given(
    user=st.text(min_size=1, max_size=40).filter(is_id),
    value=st.none() | st.floats(1, 5),
    context=st.dictionaries(st.text(max_size=5), st.integers() | st.text(max_size=5) | st.booleans(), max_size=3),
)
def test_what_is_encoded_comes_back(user: str, value: float | None, context: dict[str, Any]) -> None:
    clean = json.loads(json.dumps(context).replace("\\u0000", ""))
    event = factories.event(user, "emma", "rating" if value else "view", value, context=clean)
    assert decode(encode(event, "storefront"), TYPES, NOW) == (event, "storefront")


def test_a_version_that_nobody_knows_is_refused() -> None:
    for version in (2, 0, "1", None, True):
        assert "only 1 is known here" in refused(json.dumps(fields(version=version)).encode())["version"]


def test_fields_that_nobody_knows_are_kept() -> None:
    event, _ = decode(json.dumps(fields(device="phone", screen=[1, 2])).encode(), TYPES, NOW)
    assert event.context == {"position": 3, "extra": {"device": "phone", "screen": [1, 2]}}
    event, _ = decode(json.dumps(fields(device="phone", context=None)).encode(), TYPES, NOW)
    assert event.context == {"extra": {"device": "phone"}}


@pytest.mark.parametrize(
    ("raw", "field"),
    [
        (b"", "body"),
        (b"\xff\xfe", "body"),
        (b"[1]", "body"),
        (b'{"version": 1', "body"),
        (b'{"version": 1, "value": NaN}', "body"),
        (b'{"version": 1, "user_id": "\\ud800"}', "body"),
        (b"[" * 100_000, "body"),
        (json.dumps(fields(event_id=None)).encode(), "event_id"),
        (json.dumps(fields(type="sneeze")).encode(), "type"),
        (json.dumps(fields(value=9)).encode(), "value"),
        (json.dumps(fields(occurred_at="2031-01-01T00:00:00Z")).encode(), "occurred_at"),
        (json.dumps(fields(user_id="")).encode(), "user_id"),
    ],
    ids=range(12),
)
def test_what_is_no_event_is_refused_by_field(raw: bytes, field: str) -> None:
    assert field in refused(raw)


@given(st.binary(max_size=60))
def test_any_bytes_can_be_kept_as_json(raw: bytes) -> None:
    kept = json.dumps(readable(raw), allow_nan=False)
    assert "\\u0000" not in kept
    kept.encode()


def test_an_object_is_kept_as_it_is_and_text_as_text() -> None:
    assert readable(b'{"a": 1}') == {"a": 1}
    assert readable(b"[" * 100_000)["raw"].startswith("[[[")
    assert readable(b"oops \xff\x00") == {"raw": "oops \\xff\\x00"}


def test_every_type_has_a_topic_that_is_read() -> None:
    assert set(BY_TYPE.values()) <= set(EVENTS)
    assert topic_of("something staff made") == "user-events"
    assert len(set(TOPICS)) == len(TOPICS)
