from datetime import UTC, datetime
from typing import Any

import pytest

from catalog.importers.rows import ItemRow, UserRow
from catalog.models import Category, EndUser, Item
from catalog.upserts import Upserted, upsert_items, upsert_users
from tests import factories

pytestmark = pytest.mark.django_db

SPRING = datetime(2026, 3, 20, 12, tzinfo=UTC)


def emma(**fields: Any) -> ItemRow:
    return ItemRow("emma", fields.pop("title", "Emma"), **fields)


def test_items_are_added_whole() -> None:
    row = emma(
        description='A "novel",\nwith \\ and é',
        categories=("Novels", "Romance"),
        tags=("irony",),
        features={"creator": "Jane Austen", "year": 1815},
        item_type="book",
        group="emma",
        published_at=SPRING,
    )
    assert upsert_items([row]) == Upserted(added=1)
    item = Item.objects.get()
    assert (item.title, item.description, item.categories, item.tags) == (
        "Emma",
        'A "novel",\nwith \\ and é',
        ["Novels", "Romance"],
        ["irony"],
    )
    assert (item.features, item.item_type, item.group, item.published_at) == (
        {"creator": "Jane Austen", "year": 1815},
        "book",
        "emma",
        SPRING,
    )
    assert item.is_available


def test_their_categories_are_made_once() -> None:
    Category.objects.create(name="Novels", description="Long ones")
    upsert_items([emma(categories=("Novels", "Romance")), ItemRow("persuasion", "Persuasion", categories=("Romance",))])
    assert list(Category.objects.values_list("name", "description")) == [("Novels", "Long ones"), ("Romance", "")]


def test_an_item_that_is_the_same_is_not_touched() -> None:
    upsert_items([emma(tags=("irony",))])
    before = Item.objects.values().get()
    assert upsert_items([emma(tags=("irony",))]) == Upserted()
    assert Item.objects.values().get() == before


def test_an_item_that_differs_is_brought_up_to_date() -> None:
    upsert_items([emma(title="Ema")])
    before = Item.objects.get().updated_at
    Item.objects.update(updated_at=SPRING)
    assert upsert_items([emma()]) == Upserted(changed=1)
    item = Item.objects.get()
    assert item.title == "Emma"
    assert item.updated_at >= before


def test_what_a_row_leaves_empty_stays() -> None:
    factories.item(
        "emma", title="Emma", description="By hand", categories=["Novels"], tags=["irony"], features={"pages": 474}
    )
    upsert_items([emma(features={"year": 1815})])
    item = Item.objects.get()
    assert (item.description, item.categories, item.tags) == ("By hand", ["Novels"], ["irony"])
    assert item.features == {"pages": 474, "year": 1815}


def test_an_item_that_staff_hid_stays_hidden() -> None:
    factories.item("emma", title="Emma", is_available=False)
    upsert_items([emma(tags=("irony",))])
    assert not Item.objects.get().is_available


def test_a_placeholder_comes_to_light_when_it_is_described() -> None:
    factories.item("emma", title="emma", is_available=False, categories=[])
    upsert_items([emma()])
    item = Item.objects.get()
    assert (item.title, item.is_available) == ("Emma", True)


def test_of_two_rows_for_one_item_the_last_counts() -> None:
    assert upsert_items([emma(title="Ema"), emma()]) == Upserted(added=1)
    assert Item.objects.get().title == "Emma"


def test_people_are_added_and_completed() -> None:
    assert upsert_users([UserRow("ada", {"country": "PT"}, {"tags": ["irony"]}, SPRING), UserRow("ben")]) == Upserted(2)
    assert upsert_users([UserRow("ada", {"age": 40}), UserRow("ben")]) == Upserted(changed=1)
    ada = EndUser.objects.get(user_id="ada")
    assert (ada.demographics, ada.preferences, ada.created_at) == (
        {"country": "PT", "age": 40},
        {"tags": ["irony"]},
        SPRING,
    )
    assert ada.last_active is None


def test_a_preference_is_replaced_not_mixed() -> None:
    upsert_users([UserRow("ada", {}, {"tags": ["irony", "sea"]})])
    assert upsert_users([UserRow("ada", {}, {"tags": ["irony"]})]) == Upserted(changed=1)
    assert EndUser.objects.get().preferences == {"tags": ["irony"]}


def test_nothing_given_nothing_done(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        assert upsert_items([]) == upsert_users([]) == Upserted()
