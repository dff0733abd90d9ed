"""The simulation comes in as a data set like any other: users, items, events, each complete."""

from datetime import UTC, datetime
from itertools import groupby

import pytest

from catalog.importers.rows import DataSet, EventRow, ItemRow, Located, UserRow
from storefront.simulation.dataset import DemoDataSet, make_demo
from storefront.works.works import read_works

UNTIL = datetime(2026, 5, 1, tzinfo=UTC)


def demo(items: int = 40, seed: int = 5) -> DemoDataSet:
    return make_demo(30, items, 250, seed, UNTIL)


def located(data: DataSet) -> list[Located]:
    return [row for row in data.rows() if isinstance(row, Located)]


def test_users_come_first_then_items_then_events() -> None:
    parts = [(part, len(list(rows))) for part, rows in groupby(located(demo()), key=lambda row: row.part)]
    assert parts == [("people", 30), ("works", 40), ("events", 250)]


def test_every_row_says_where_it_stands() -> None:
    assert [row.line for row in located(demo()) if row.part == "works"] == list(range(1, 41))


def test_a_person_brings_demographics_preferences_and_the_day_of_joining() -> None:
    users = [row.row for row in located(demo()) if isinstance(row.row, UserRow)]
    assert all(set(user.demographics) == {"age_group", "country"} for user in users)
    assert all(user.created_at and user.created_at < UNTIL for user in users)
    assert any(user.preferences.get("categories") for user in users)
    assert {} in [user.preferences for user in users]


def test_a_work_brings_its_facts() -> None:
    works = {work.id: work for work in read_works()}
    for item in (row.row for row in located(demo()) if isinstance(row.row, ItemRow)):
        work = works[item.item_id]
        assert (item.title, item.features["creator"], item.features["year"]) == (work.title, work.creator, work.year)
        assert (item.categories, item.tags, item.item_type) == (work.categories, work.subjects, work.item_type)
        assert item.published_at
        assert item.published_at < UNTIL


def test_an_event_brings_its_time_and_where_it_happened() -> None:
    events = [row.row for row in located(demo()) if isinstance(row.row, EventRow)]
    assert all(event.occurred_at and event.occurred_at.tzinfo is UTC for event in events)
    assert all((event.value is not None) == (event.type == "rating") for event in events)
    assert all(event.context and event.context["source"] for event in events)
    assert all(
        ("session_id" in (event.context or {})) == ((event.context or {})["source"] != "mail") for event in events
    )


def test_reading_counts_up_to_the_total_and_can_begin_again() -> None:
    data = demo()
    first = located(data)
    assert data.bytes_read == data.total_bytes == 320
    assert located(data) == first


def test_the_fingerprint_is_of_the_data() -> None:
    assert demo().fingerprint() == demo().fingerprint()
    assert len({demo().fingerprint(), demo(seed=6).fingerprint(), demo(items=41).fingerprint()}) == 3


def test_fewer_items_are_a_choice_among_all_works() -> None:
    chosen = {row.row.item_id for row in located(demo()) if isinstance(row.row, ItemRow)}
    others = {row.row.item_id for row in located(demo(seed=6)) if isinstance(row.row, ItemRow)}
    assert chosen != others


def test_more_items_than_there_are_works_are_refused() -> None:
    with pytest.raises(ValueError, match="larger sample"):
        demo(items=len(read_works()) + 1)
