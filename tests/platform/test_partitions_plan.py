from datetime import UTC, datetime, timedelta, timezone

import pytest

from interactions.partitions import EVENTS
from recsite.platform.months import Inventory, Month, Plan, plan, plan_months

NOW = datetime(2026, 11, 30, 23, 30, tzinfo=UTC)
OCTOBER, NOVEMBER, DECEMBER = Month(2026, 10), Month(2026, 11), Month(2026, 12)
JANUARY, FEBRUARY = Month(2027, 1), Month(2027, 2)
READY = frozenset({NOVEMBER, DECEMBER, JANUARY, FEBRUARY})


def test_the_current_month_and_those_ahead_are_made() -> None:
    assert plan(Inventory(), NOW, months_ahead=3) == Plan(create=(NOVEMBER, DECEMBER, JANUARY, FEBRUARY))


def test_nothing_is_to_be_done_where_all_is_there() -> None:
    due = plan(Inventory(attached=READY), NOW, months_ahead=3)
    assert not due
    assert list(due.steps(EVENTS)) == []


def test_a_month_is_one_of_utc() -> None:
    in_new_york = datetime(2026, 11, 30, 23, tzinfo=timezone(timedelta(hours=-5)))
    assert Month.of(in_new_york) == DECEMBER


def test_rows_in_default_get_the_partition_of_their_month() -> None:
    due = plan(Inventory(attached=READY, stray=frozenset({OCTOBER})), NOW, months_ahead=3)
    assert due == Plan(create=(OCTOBER,), move=(OCTOBER,))
    assert list(due.steps(EVENTS)) == ["create interactions_interaction_y2026m10 and move its rows out of DEFAULT"]


def test_months_past_retention_are_detached_and_kept() -> None:
    found = Inventory(attached=READY | {OCTOBER, Month(2026, 9), Month(2025, 1)})
    assert plan(found, NOW, months_ahead=3, retention_months=1) == Plan(detach=(Month(2025, 1), Month(2026, 9)))


def test_without_retention_every_month_stays() -> None:
    assert not plan(Inventory(attached=READY | {Month(1970, 1)}), NOW, months_ahead=3, retention_months=0)


def test_months_past_retention_are_dropped_on_request_those_detached_before_too() -> None:
    old, older = Month(2026, 9), Month(2026, 8)
    found = Inventory(attached=READY | {old}, detached=frozenset({older}))
    due = plan(found, NOW, months_ahead=3, retention_months=1, drop=True)
    assert due == Plan(detach=(old,), drop=(older, old))
    assert list(due.steps(EVENTS))[-1] == "drop interactions_interaction_y2026m09 with its rows"


def test_a_detached_month_within_retention_is_never_dropped() -> None:
    found = Inventory(attached=READY, detached=frozenset({OCTOBER}))
    assert not plan(found, NOW, months_ahead=3, retention_months=1, drop=True)


def test_rows_in_default_that_are_past_retention_are_put_in_order_and_then_detached() -> None:
    due = plan(Inventory(attached=READY, stray=frozenset({Month(2020, 1)})), NOW, months_ahead=3, retention_months=1)
    assert due == Plan(create=(Month(2020, 1),), move=(Month(2020, 1),), detach=(Month(2020, 1),))


def test_months_that_are_asked_for_are_made_or_brought_back() -> None:
    found = Inventory(attached=READY, detached=frozenset({OCTOBER}))
    assert plan_months(found, [NOVEMBER, OCTOBER, Month(1995, 1)]) == Plan(create=(Month(1995, 1),), attach=(OCTOBER,))


@pytest.mark.parametrize(
    ("months", "month"), [(0, NOVEMBER), (1, DECEMBER), (2, JANUARY), (-11, Month(2025, 12)), (14, Month(2028, 1))]
)
def test_months_are_counted_across_years(months: int, month: Month) -> None:
    assert NOVEMBER.plus(months) == month


def test_a_partition_is_named_after_its_month() -> None:
    assert EVENTS.partition(Month(2027, 1)) == "interactions_interaction_y2027m01"
    assert str(Month(2027, 1)) == "2027-01"
