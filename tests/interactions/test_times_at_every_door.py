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
    "written", ["1970-01-01T00:00:00+00:00", "20240115T000000Z", (NOW + timedelta(days=1)).isoformat()]
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


@pytest.mark.parametrize("written", [20240115, "20240115", 1_705_276_800, 0])
def test_a_single_event_needs_a_time_with_a_zone(written: object) -> None:
    with pytest.raises(InvalidEvent, match="occurred_at"):
        occurred_at(written)
