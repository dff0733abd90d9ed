"""Files and single events are bounded by one rule of times, and none of them takes a date for seconds."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from catalog.importers.rows import BadField
from catalog.importers.times import event_time, latest_event
from interactions.schema import InvalidEvent, TypeRule, parse

NOW = datetime(2026, 6, 1, tzinfo=UTC)


def occurred_at(written: Any) -> datetime:
    """Return the time of an event as the API and Kafka read it. Raises InvalidEvent."""
    raw = {"user_id": "u", "item_id": "i", "type": "view", "occurred_at": written}
    return parse(raw, {"view": TypeRule("view")}, NOW).occurred_at


@pytest.mark.parametrize(
    "written",
    [
        "1970-01-01T00:00:00+00:00",
        "20240115T000000Z",
        "20240115",
        "2024-01-15",
        "2024-01-15T12:30:00",
        "2024-01-15T12:30:00.123457+02:00",
        "1705276800",
        "1705276800123",
        (NOW + timedelta(days=1)).isoformat(),
    ],
)
def test_what_one_door_takes_the_others_take_for_the_same_time(written: str) -> None:
    assert occurred_at(written) == event_time(written, latest_event(NOW))


@pytest.mark.parametrize(
    "written", ["1969-12-31T23:59:59+00:00", (NOW + timedelta(days=1, seconds=1)).isoformat(), "7", "20240230", "nan"]
)
def test_what_one_door_refuses_the_others_refuse(written: str) -> None:
    with pytest.raises(InvalidEvent):
        occurred_at(written)
    with pytest.raises(BadField):
        event_time(written, latest_event(NOW))


@pytest.mark.parametrize(
    "written", [20240115, "20240115", "2024-01-15", "2024-01-15T00:00", 1_705_276_800, 1705276800e3]
)
def test_a_date_or_a_time_without_a_zone_is_utc(written: object) -> None:
    assert occurred_at(written) == datetime(2024, 1, 15, tzinfo=UTC)


@pytest.mark.parametrize("written", [0, 7, True, [], {}, "", "yesterday", 20240230, "9" * 5000, 10**400])
def test_what_is_no_time_is_refused_with_examples_of_one(written: object) -> None:
    with pytest.raises(InvalidEvent, match=r"occurred_at: (A time is needed: ISO 8601 such as|The time lies outside)"):
        occurred_at(written)
