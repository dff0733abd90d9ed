"""Hours over which clocks go forward never come on that day: whoever sets such a rule is told."""

from datetime import date
from typing import Any

import pytest

from recommender.merchandising.clock_changes import day_without
from recommender.merchandising.rules import Rule

TODAY = date(2026, 12, 1)
FORWARD = date(2027, 3, 28)
"""When clocks go from two to three in Vienna."""


def rule(from_hour: str | None, until_hour: str | None, **more: Any) -> Rule:
    hours = {"from_hour": from_hour, "until_hour": until_hour, "time_zone": "Europe/Vienna"}
    return Rule.read({"does": "block", "filter": "price > 1", **hours, **more})


@pytest.mark.parametrize(
    ("found", "day"),
    [
        (rule("02:00", "03:00"), FORWARD),
        (rule("02:15", "02:45"), FORWARD),
        (rule("02:00", "03:01"), None),
        (rule("01:59", "03:00"), None),
        (rule("09:00", "17:00"), None),
        (rule("23:00", "02:30"), None),
        (rule(None, None), None),
        (rule("02:00", "03:00", ends="2027-03-27"), None),
        (rule("02:00", "03:00", starts="2027-03-28", ends="2027-03-28"), FORWARD),
        (rule("02:00", "03:00", starts="2027-03-29"), None),
        (rule("02:00", "03:00", time_zone="UTC"), None),
    ],
)
def test_a_day_on_which_none_of_its_hours_comes(found: Rule, day: date | None) -> None:
    assert day_without(found, TODAY) == day
