"""Fields that name an item, a user or a category offer them while one types; a filter offers its values."""

from datetime import UTC, datetime
from html import unescape

import pytest

from recommender import merchandising
from recommender.models import DEFAULT
from tests import factories
from tests.admin.staff import Staff, words
from tests.outages import no_postgres
from tests.recommender.fixtures import Shop

ADDRESS = "/admin/suggestions/"


def options(staff: Staff, kind: str, text: str, name: str = "rule-1-item") -> list[tuple[str, str]]:
    body = staff.get(f"{ADDRESS}{kind}/", **{name: text}).content.decode()
    found = [one.split("</option>")[0] for one in body.split("<option value=")[1:]]
    return [(unescape(one.split('"')[1]), one.partition(">")[2]) for one in found]


def test_an_item_is_found_by_its_id_or_words_of_its_title(viewer: Staff, shop: Shop) -> None:
    assert options(viewer, "item", "poem-1")[0] == ("poem-1", "The book of poem-1")
    assert {value for value, _ in options(viewer, "item", "book of nov")} == {f"novel-{n}" for n in range(6)}
    assert options(viewer, "item", "") == []


def test_a_user_is_found_by_the_beginning_of_the_id_the_exact_one_first(viewer: Staff, shop: Shop) -> None:
    factories.person("ada-2", last_active=datetime(2026, 3, 1, tzinfo=UTC))
    assert [value for value, _ in options(viewer, "user", "ada", "subject_id")] == ["ada", "ada-2"]
    assert options(viewer, "user", "ada-")[0][1] == "last active 1 March 2026"
    assert options(viewer, "user", "zoe") == []


def test_of_several_users_the_last_one_is_completed(viewer: Staff, shop: Shop) -> None:
    assert options(viewer, "users", "cleo, be", "users") == [("cleo, ben", "never active")]
    assert options(viewer, "users", "cleo,", "users") == []


def test_a_category_is_found_by_a_part_of_its_name(viewer: Staff, shop: Shop) -> None:
    factories.item("verse", categories=["Modern poetry"])
    assert options(viewer, "category", "poet") == [("Poetry", ""), ("Modern poetry", "")]


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ('price < 3 and category == "po', 'price < 3 and category == "Poetry"'),
        ("viewed.category = 'nov", 'viewed.category = "Novels"'),
        ('item_type != "po', 'item_type != "poem"'),
        ('item_id == "novel-3', 'item_id == "novel-3"'),
    ],
)
def test_a_filter_is_completed_by_the_value_that_is_being_written(
    viewer: Staff, shop: Shop, text: str, first: str
) -> None:
    assert options(viewer, "filter", text)[0][0] == first


@pytest.mark.parametrize("text", ['category == "Poetry"', "category ==", 'price == "3', 'colour == "r', 'tags == "x'])
def test_where_no_value_is_being_written_a_filter_has_no_options(viewer: Staff, shop: Shop, text: str) -> None:
    assert options(viewer, "filter", text) == []


def test_nobody_is_offered_what_they_may_not_see(shop: Shop) -> None:
    clerk = Staff("clerk", "catalog.view_item")
    assert options(clerk, "user", "ada") == []
    assert options(clerk, "item", "poem-1")


def test_without_the_database_nothing_is_offered_and_nothing_fails(viewer: Staff, shop: Shop) -> None:
    with no_postgres():
        assert viewer.get(f"{ADDRESS}item/", x="poem").status_code in {200, 503}


def test_an_unknown_kind_is_told(viewer: Staff) -> None:
    answer = viewer.get(f"{ADDRESS}planet/")
    assert answer.status_code == 404
    assert "There are suggestions for item, user, users, category, filter" in words(answer)


def test_forms_that_name_something_have_such_a_field(admin: Staff, shop: Shop) -> None:
    placement = f"/admin/recommender/placement/{merchandising.find(DEFAULT).pk}/draft/"
    found = {
        f"/admin/catalog/enduser/{shop.ada.pk}/merge/": ("into", "user"),
        f"/admin/people/{shop.ada.pk}/": ("why_not", "item"),
        f"/admin/people/{shop.ada.pk}/what-if/": ("item", "item"),
        placement: ("subject_id", "user"),
        "/admin/recommender/experiment/new/": ("audience", "filter"),
        "/admin/catalog/item/add/": ("_categories", "category"),
    }
    for address, (name, kind) in found.items():
        body = admin.get(address).content.decode()
        assert f'hx-get="{ADDRESS}{kind}/"' in body.split(f'name="{name}"')[1].split(">")[0], address
    body = admin.get(placement).content.decode()
    for name, kind in (("rule-1-item", "item"), ("rule-1-filter", "filter"), ("filter", "filter")):
        assert f'hx-get="{ADDRESS}{kind}/"' in body.split(f'name="{name}"')[1].split(">")[0], name
