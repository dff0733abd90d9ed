"""Why a person gets what they get."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from recommender.models import ModelVersion, Release
from recommender.registry import live_release
from tests import factories
from tests.admin.staff import PEOPLE, Staff
from tests.outages import stoppable_redis
from tests.recommender import fixtures as shops
from tests.recommender.fixtures import Shop, happened, start_afresh


def console(staff: Staff, person: Any) -> str:
    return staff.page(f"/admin/people/{person.pk}/")


def lists(staff: Staff, person: Any) -> dict[str, list[dict[str, Any]]]:
    """The places of every list by its title."""
    answer: Any = staff.get(f"/admin/people/{person.pk}/")
    shown = [answer.context["served"], *answer.context["alone"]]
    return {one["title"]: one["listed"] for one in shown}


def titles(places: list[dict[str, Any]]) -> list[str]:
    return [place["title"] for place in places]


def test_history_stands_beside_what_is_served_and_what_each_source_would_serve(viewer: Staff, shop: Shop) -> None:
    happened(shop.ada, shop.novels[5], "rating", 2)
    found = lists(viewer, shop.ada)
    assert list(found) == ["Served now", "svd alone", "latest alone", "popular alone", "trending alone"]
    assert (
        titles(found["Served now"])[:2]
        == titles(found["svd alone"])[:2]
        == [
            "The book of novel-0",
            "The book of novel-1",
        ]
    )
    assert titles(found["popular alone"])[0] == "The book of poem-0"
    assert all("The book of novel-5" not in titles(places) for places in found.values())
    page = console(viewer, shop.ada)
    assert "The latest 1 event." in page
    assert "The book of novel-5 rating 2" in page


def test_scores_and_predicted_ratings_are_shown(viewer: Staff, shop: Shop) -> None:
    first = lists(viewer, shop.ada)["Served now"][0]
    assert (first["source"], first["score"], first["rating"]) == ("svd", "4.000", "4.000")
    assert lists(viewer, shop.ada)["popular alone"][0]["score"] == "12.000"


def test_a_list_comes_with_its_reason(viewer: Staff, shop: Shop) -> None:
    assert "Nothing is known of this user yet, so the list is the one for new users: what most users liked." in console(
        viewer, shop.cleo
    )
    assert "The model was trained on all events of this user" in console(viewer, shop.ada)
    dora = factories.person("dora", preferences={"categories": ["Novels"]})
    told = console(viewer, dora)
    assert "so the list is by the preferences that they stated" in told
    assert "You said you like Novels." in told
    happened(shop.cleo, shop.novels[0], "like", days_ago=0)
    happened(shop.ben, shop.novels[0], "impression")
    start_afresh()
    assert "so the latest events are folded into it" in console(viewer, shop.cleo)


def test_events_that_say_nothing_are_told_from_no_events(viewer: Staff, shop: Shop) -> None:
    happened(shop.cleo, shop.novels[0], "impression")
    assert "None of the events is feedback that the model can use, so the list is the one" in console(viewer, shop.cleo)


def test_a_source_that_knows_nothing_says_so_instead_of_showing_anothers_list(viewer: Staff, shop: Shop) -> None:
    found = lists(viewer, shop.cleo)
    assert found["svd alone"] == []
    assert len(found["Served now"]) == 12
    assert "Nothing: this source can't say." in console(viewer, shop.cleo)


def test_what_is_known_of_a_person_is_shown_and_what_is_empty_is_not(viewer: Staff, shop: Shop) -> None:
    odd = {"country": "PT", "items": 3, "city": ""}
    person = factories.person("dora", demographics=odd, preferences={"categories": ["Poetry", "Plays"], "tags": []})
    page = console(viewer, person)
    for said in ("Country PT", "Items 3", "Categories Poetry, Plays"):
        assert said in page
    assert "City" not in page
    assert "Last active never" in page


def test_there_is_a_way_back_to_the_list_of_people(viewer: Staff, shop: Shop) -> None:
    happened(shop.ada, shop.novels[5])
    page = viewer.get(f"/admin/people/{shop.ada.pk}/").content.decode()
    assert f'href="{PEOPLE}"' in page
    assert f'href="/admin/interactions/interaction/?user__id__exact={shop.ada.pk}"' in page
    assert f"/admin/people/{shop.ada.pk}/" in viewer.get(PEOPLE).content.decode()
    assert viewer.get(f"{PEOPLE}{shop.ada.pk}/open_console/").headers["Location"] == f"/admin/people/{shop.ada.pk}/"


def test_the_history_is_for_those_who_may_see_events(shop: Shop) -> None:
    clerk = Staff("clerk", "catalog.view_enduser")
    happened(shop.ada, shop.novels[5])
    page = console(clerk, shop.ada)
    assert "History" not in page
    assert "Served now" in page


def test_with_nothing_live_it_says_what_everybody_gets_and_what_to_do(viewer: Staff, shop: Shop) -> None:
    Release.objects.all().delete()
    start_afresh()
    page = console(viewer, shop.ada)
    assert "No release is live: all users get the newest items. Train or promote one ." in page
    assert "No release is live, so the list is the one for new users: the newest items." in page
    assert len(lists(viewer, shop.ada)["Served now"]) == 12


def test_a_release_that_can_not_be_loaded_is_named(viewer: Staff, shop: Shop) -> None:
    ModelVersion.objects.update(checksum="0" * 64)
    start_afresh()
    page = console(viewer, shop.ada)
    assert "is not the one that was written there. Train again, or fetch a fresh copy." in page
    assert live_release() == shop.release


def test_with_redis_gone_the_page_is_whole_and_says_so(
    viewer: Staff, shop: Shop, settings: Any, tmp_path: Path
) -> None:
    happened(shop.ada, shop.novels[5])
    with stoppable_redis(tmp_path, settings) as server:
        server.stop()
        shops.forget()
        page = console(viewer, shop.ada)
    assert "Redis can't be reached: every list is made at request time." in page
    assert "The book of novel-0" in page
    assert "The latest 1 event." in page


def test_last_active_is_told(viewer: Staff, shop: Shop) -> None:
    shop.ada.last_active = timezone.now() - timedelta(days=1)
    shop.ada.save()
    assert f"Last active {shop.ada.last_active:%-d} " in console(viewer, shop.ada)


@pytest.mark.parametrize("permission", ["catalog.view_item", "interactions.view_interaction"])
def test_who_may_not_see_people_sees_no_console(shop: Shop, permission: str) -> None:
    assert Staff("clerk", permission).get(f"/admin/people/{shop.ada.pk}/").status_code == 403
