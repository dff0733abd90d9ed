"""The list of items: what lists achieved with each, sorted, and seen as what a merchandiser looks for."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from catalog.models import Item
from recommender.insight import item_totals
from recommender.insight.shown_to import shown_to
from recommender.models import DailyImpressions, ItemImpressions, ItemTotals, ListImpression
from tests import factories
from tests.admin.staff import ITEMS, Staff
from tests.recommender.fixtures import Shop, forget

pytestmark = pytest.mark.django_db
QUERIES = 15


def shown(item: Item, times: int, clicked: int, days_ago: int = 0) -> None:
    day = datetime.now(UTC).date() - timedelta(days=days_ago)
    daily, _ = DailyImpressions.objects.get_or_create(day=day, kind="person", placement="default", algorithm="svd")
    ItemImpressions.objects.create(daily=daily, item=item, shown=times, clicked=clicked)


def items(*names: str) -> list[Item]:
    """Items that are older than what counts as new."""
    made = [factories.item(name, published_at=datetime(2020, 1, 1, tzinfo=UTC)) for name in names]
    item_totals.sum_up()
    return made


def listed(staff: Staff, **query: str) -> list[str]:
    answer: Any = staff.get(ITEMS, **query)
    return [item.item_id for item in answer.context["cl"].result_list]


def test_a_row_says_what_seven_days_of_lists_achieved(viewer: Staff) -> None:
    emma, dune, _ = items("emma", "dune", "walden")
    shown(emma, 200, 9)
    shown(emma, 900, 900, days_ago=7)
    shown(dune, 99, 50)
    item_totals.sum_up()
    said = viewer.page(ITEMS)
    assert "on lists 200 4.5 %" in said
    assert "on lists 99 too few to say" in said
    assert "on lists 0 –" in said


def test_sorting_by_what_was_shown_and_by_click_through_knows_items_of_none(viewer: Staff) -> None:
    emma, dune, walden = items("emma", "dune", "walden")
    for item, times, clicked in ((emma, 200, 10), (dune, 400, 8), (walden, 50, 40)):
        shown(item, times, clicked)
    item_totals.sum_up()
    assert listed(viewer, o="-2") == ["dune", "emma", "walden"]
    assert listed(viewer, o="2") == ["walden", "emma", "dune"]
    # Of too few showings nothing can be said, so such items have no place in this order.
    assert listed(viewer, o="-3") == ["emma", "dune"]


def test_never_shown_are_those_that_no_list_ever_had(viewer: Staff) -> None:
    emma, dune, _ = items("emma", "dune", "walden")
    shown(emma, 1, 0, days_ago=400)
    shown(dune, 1, 0)
    ItemTotals.objects.all().delete()
    item_totals.sum_up()
    assert listed(viewer, view="never") == ["walden"]


def test_new_are_those_of_fourteen_days_the_latest_first(viewer: Staff) -> None:
    items("emma")
    now = datetime.now(UTC)
    for name, days in (("older", 13), ("newest", 1), ("too-old", 14)):
        factories.item(name, published_at=now - timedelta(days=days))
    item_totals.sum_up()
    assert listed(viewer, view="new") == ["newest", "older"]


def test_hidden_are_those_that_staff_took_away(viewer: Staff) -> None:
    items("emma")
    factories.item("gone", is_available=False)
    assert listed(viewer, view="hidden") == ["gone"]
    assert "hidden" in viewer.page(ITEMS, view="hidden")


def test_rising_and_falling_are_more_than_chance_the_surest_first(viewer: Staff) -> None:
    weeks = {"rises": (30, 5), "rises-more": (90, 5), "falls": (5, 30), "steady": (20, 18), "rare": (2, 0)}
    for item in items(*weeks):
        now, before = weeks[item.item_id]
        shown(item, 500, now, days_ago=1)
        shown(item, 500, before, days_ago=8)
    item_totals.sum_up()
    assert listed(viewer, view="rising") == ["rises-more", "rises"]
    assert listed(viewer, view="falling") == ["falls"]


def test_todays_clicks_make_nothing_rise(viewer: Staff) -> None:
    (emma,) = items("emma")
    shown(emma, 500, 90)
    item_totals.sum_up()
    assert listed(viewer, view="rising") == []


def test_totals_are_written_only_where_they_changed() -> None:
    emma, _ = items("emma", "dune")
    assert item_totals.sum_up() == 0
    shown(emma, 10, 1)
    assert item_totals.sum_up() == 1
    ItemImpressions.objects.all().delete()
    item_totals.sum_up()
    totals = ItemTotals.objects.get(item=emma)
    # What was shown once is not "never shown", however long ago.
    assert (totals.shown, totals.last_shown) == (0, datetime.now(UTC).date())


def test_who_was_shown_an_item_comes_from_the_latest_lists_with_rank_and_times() -> None:
    emma, dune = items("emma", "dune")
    for user, first in (("ada", 1), ("ada", 11), ("ben", 1), ("", 1)):
        ListImpression.objects.create(
            recommendation_id=factories.event("ada", emma).event_id,
            user_id=user,
            kind="person",
            placement="default",
            algorithm="svd",
            items=[dune.pk, emma.pk],
            sources=[0, 0],
            first_rank=first,
            served_at=datetime.now(UTC),
        )
    found = {one.user_id: one for one in shown_to(emma.pk)}
    assert found.keys() == {"ada", "ben"}
    assert (found["ada"].rank, found["ada"].times) == (12, 2)
    assert (found["ben"].rank, found["ben"].times) == (2, 1)
    assert shown_to(0) == []


def test_the_list_of_a_full_page_makes_few_queries_and_stays_small(
    admin: Staff, shop: Shop, django_assert_max_num_queries: Any
) -> None:
    factories.items(60, categories=["Many"])
    item_totals.sum_up()
    forget()
    admin.get(ITEMS)
    for query in ({}, {"view": "new"}, {"o": "-2"}, {"q": "book"}):
        with django_assert_max_num_queries(QUERIES):
            answer = admin.get(ITEMS, **query)
        assert len(answer.content) < 150_000, query
