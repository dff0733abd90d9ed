"""The catalogue in the admin: every process sees a change at once, and a value is kept as it was typed."""

from typing import Any

import pytest
from django.conf import settings

from catalog import snapshot
from catalog.models import Category, Item, ItemEmbedding
from interactions.models import Interaction
from recsite.platform import generations
from tests import factories
from tests.admin.staff import ITEMS, Staff, words
from tests.recommender.fixtures import Shop, ask, happened, ids, look_again

FORM: dict[str, Any] = {
    "item_id": "dune",
    "title": "Dune",
    "description": "",
    "item_type": "book",
    "group": "",
    "is_available": "on",
    "available_from_0": "",
    "available_from_1": "",
    "available_until_0": "",
    "available_until_1": "",
    "published_at_0": "",
    "published_at_1": "",
    "categories": "Science Fiction\r\nArt, Design\r\n\r\n",
    "tags": "",
    "features": '{"creator": "Frank Herbert"}',
}


def titles(staff: Staff, **query: str) -> list[str]:
    found: Any = staff.get(ITEMS, **query)
    return [item.title for item in found.context["cl"].result_list]


def test_a_value_may_hold_a_comma(admin: Staff) -> None:
    assert admin.post(f"{ITEMS}add/", **FORM).status_code == 302
    dune = Item.objects.get()
    assert (dune.categories, dune.tags, dune.creator) == (["Science Fiction", "Art, Design"], [], "Frank Herbert")
    page = admin.get(f"{ITEMS}{dune.pk}/change/").content.decode()
    assert "Science Fiction\nArt, Design" in page
    assert "One on each line." in page


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"features": '"x"'}, "Write an object"),
        ({"title": ""}, "This field is required."),
        ({"categories": "x" * 101}, "at most 100 characters"),
        (
            {
                "available_from_0": "2026-05-02",
                "available_from_1": "10:00",
                "available_until_0": "2026-05-02",
                "available_until_1": "10:00",
            },
            "It must lie after the time from which the item is available.",
        ),
    ],
)
def test_a_wrong_value_is_named(admin: Staff, wrong: dict[str, str], said: str) -> None:
    assert said in words(admin.post(f"{ITEMS}add/", **{**FORM, **wrong}))
    assert not Item.objects.exists()


def test_an_id_that_is_taken_is_refused(admin: Staff) -> None:
    factories.item("dune")
    assert "already exists" in words(admin.post(f"{ITEMS}add/", **FORM))


def test_an_items_id_is_given_once(admin: Staff) -> None:
    item = factories.item("emma")
    admin.post(f"{ITEMS}{item.pk}/change/", **FORM)
    item.refresh_from_db()
    assert (item.item_id, item.title) == ("emma", "Dune")


@pytest.mark.parametrize(("action", "there"), [("hide", False), ("show", True)])
def test_items_are_hidden_and_shown_in_bulk(
    admin: Staff, shop: Shop, action: str, there: bool, django_capture_on_commit_callbacks: Any
) -> None:
    chosen = shop.poems[:2]
    Item.objects.filter(pk__in=[item.pk for item in chosen]).update(is_available=not there)
    with django_capture_on_commit_callbacks(execute=True):
        answer = admin.post(ITEMS, action=action, _selected_action=[item.pk for item in chosen])
    assert "2 items" in admin.follow(answer)
    look_again()
    listed = ids(ask("cleo", limit=12))
    assert [item.item_id in listed for item in chosen] == [there, there]


def test_who_may_not_change_items_can_not_hide_them(viewer: Staff) -> None:
    item = factories.item()
    viewer.post(ITEMS, action="hide", _selected_action=[item.pk])
    item.refresh_from_db()
    assert item.is_available


def test_erasing_an_item_erases_its_events_and_vectors_and_tells_every_process(
    admin: Staff, shop: Shop, django_capture_on_commit_callbacks: Any
) -> None:
    gone = shop.poems[0]
    happened(shop.ada, gone)
    happened(shop.ada, shop.poems[1])
    vector = [0.5] * settings.FEATURE_VECTOR_DIMENSION
    ItemEmbedding.objects.create(item=gone, model_version=1, vector=vector)
    before = generations.current(snapshot.GENERATION)
    address = f"{ITEMS}{gone.pk}/delete/"
    assert "with everything that happened to it" in admin.page(address)
    with django_capture_on_commit_callbacks(execute=True):
        admin.post(address, post="yes")
    assert list(Interaction.objects.values_list("item_id", flat=True)) == [shop.poems[1].pk]
    assert not ItemEmbedding.objects.exists()
    look_again()
    assert generations.current(snapshot.GENERATION) > before
    assert gone.item_id not in ids(ask("cleo", limit=12))


def test_filters_offer_what_the_catalogue_has(viewer: Staff) -> None:
    factories.item("a", title="A", categories=["Novels", "Crime"], item_type="book")
    factories.item("b", title="B", categories=["Poetry"], item_type="poem")
    snapshot.forget()
    assert titles(viewer, category="Crime") == ["A"]
    assert titles(viewer, item_type="poem") == ["B"]
    assert titles(viewer, q="b") == ["B"]
    assert titles(viewer) == ["B", "A"]
    page = viewer.page(ITEMS)
    for offered in ("Crime", "Novels", "Poetry", "poem"):
        assert offered in page


def test_a_category_keeps_the_name_by_which_items_know_it(admin: Staff) -> None:
    category = Category.objects.create(name="Novels")
    admin.post(f"/admin/catalog/category/{category.pk}/change/", name="Books", description="Long stories.")
    category.refresh_from_db()
    assert (category.name, category.description) == ("Novels", "Long stories.")
