"""The tabs of a user's page: lists compared, what the user did, and what is stored of them."""

from datetime import timedelta
from typing import Any

from django.urls import reverse
from django.utils import timezone

from tests import factories
from tests.admin.staff import Staff
from tests.admin.test_person_page import address, page
from tests.recommender import fixtures as shops
from tests.recommender.fixtures import Shop, happened


def test_history_has_a_row_for_an_item_not_for_an_event(viewer: Staff, shop: Shop) -> None:
    for days in (9, 8, 7):
        happened(shop.ada, shop.novels[5], "view", days_ago=days)
    happened(shop.ada, shop.novels[5], "purchase", days_ago=6)
    happened(shop.ada, shop.poems[0], "rating", 4, days_ago=1)
    said = page(viewer, shop.ada, "history")
    bought, rated = (timezone.now() - timedelta(days=days) for days in (6, 1))
    assert "2 items, the latest first" in said
    assert f"The book of poem-0 Rated 4 {rated:%-d %B}" in said
    assert f"The book of novel-5 Bought {bought:%-d %B}" in said
    assert ", viewed 3 times" in said
    assert said.index("poem-0") < said.index("novel-5")


def test_a_long_history_has_pages(viewer: Staff, shop: Shop) -> None:
    for number in range(26):
        happened(shop.ada, factories.item(f"thing-{number}"), days_ago=number)
    shops.forget()
    assert "Page 1 of 2" in page(viewer, shop.ada, "history")
    last = page(viewer, shop.ada, "history", page="2")
    assert "Page 2 of 2" in last
    assert "The book of thing-25" in last
    assert "Page 2 of 2" in page(viewer, shop.ada, "history", page="99")


def test_lists_are_compared_a_row_an_item(viewer: Staff, shop: Shop) -> None:
    answer: Any = viewer.get(address(shop.ada, "compare"), **{"with": "svd"})
    columns, rows = answer.context["columns"], answer.context["rows"]
    assert [one.title for one in columns] == ["Live", "Svd alone", "Popular"]
    first = next(row for row in rows if row["title"] == "The book of novel-0")
    assert first["ranks"] == [1, 1, 7]
    assert first["is_common"]
    assert columns[1].common == len(columns[0].ranks)
    said = page(viewer, shop.ada, "compare", **{"with": "svd"})
    assert "Svd alone , 12 of 12 in common with live" in said


def test_another_release_is_compared_and_what_can_not_make_a_list_says_why(viewer: Staff, shop: Shop) -> None:
    other = shops.publish({"popular": shops.popular(shop.poems + shop.novels)}, promote=False)
    said = page(viewer, shop.ada, "compare", **{"with": f"release-{other.pk}"})
    assert f"Release {other.pk} , 12 of 12 in common with live" in said
    assert "Nothing: this source can't say anything of this user." in page(
        viewer, shop.cleo, "compare", **{"with": "svd"}
    )
    assert "The live release has no nothing." in page(viewer, shop.ada, "compare", **{"with": "nothing"})
    assert "There is no such release." in page(viewer, shop.ada, "compare", **{"with": "release-x"})


def test_data_shows_what_is_stored_and_offers_what_one_may_do(admin: Staff, viewer: Staff, shop: Shop) -> None:
    dora = factories.person("dora", demographics={"country": "PT"})
    seen, may = page(viewer, dora, "data"), page(admin, dora, "data")
    assert '"country": "PT"' in seen
    assert "Export" in seen
    for button in ("Opt out", "Merge", "Erase"):
        assert f" {button} " not in seen.split("What they may ask for")[1]
        assert f" {button} " in may.split("What they may ask for")[1]
    export = viewer.get(reverse("user-export", args=["dora"]))
    assert export.status_code == 200
    assert "Opt this user out?" in admin.page(reverse("admin:catalog_enduser_opt_out", args=[dora.pk]))


def test_each_tab_is_for_who_may_see_it(shop: Shop) -> None:
    clerk = Staff("clerk", "catalog.view_enduser")
    happened(shop.ada, shop.novels[5])
    said = page(clerk, shop.ada)
    assert "History" not in said
    assert "Compare" not in said
    assert "Shown lately" not in said
    assert "What they get" in said
    assert clerk.get(address(shop.ada, "history")).status_code == 403
    assert clerk.get(address(shop.ada, "compare")).status_code == 403
