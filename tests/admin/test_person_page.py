"""Why a user gets what they get, card by card."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from catalog.models import MergedUser
from recommender import merchandising
from recommender.models import Attribution, DailyImpressions, ListImpression, ModelVersion, Release
from recommender.registry import live_release
from recsite.platform.audit import SYSTEM
from tests import factories
from tests.admin.staff import PEOPLE, Staff
from tests.outages import stoppable_redis
from tests.recommender import fixtures as shops
from tests.recommender.fixtures import Shop, happened, set_placement, start_afresh

QUERIES = 15
"""As many as a page of the console may make."""


def address(person: Any, tab: str = "") -> str:
    return f"/admin/people/{person.pk}/{f'{tab}/' if tab else ''}"


def page(staff: Staff, person: Any, tab: str = "", **query: str) -> str:
    return staff.page(address(person, tab), **query)


def cards(staff: Staff, person: Any, **query: str) -> list[Any]:
    answer: Any = staff.get(address(person), **query)
    return list(answer.context["cards"])


def titles(found: list[Any]) -> list[str]:
    return [one.card.title for one in found]


def test_twelve_cards_say_what_the_user_gets_each_with_a_sentence_and_what_it_comes_from(
    viewer: Staff, shop: Shop
) -> None:
    happened(shop.ada, shop.novels[5], "rating", 5)
    happened(shop.ada, shop.novels[4], "rating", 5)
    found = cards(viewer, shop.ada)
    assert titles(found)[:2] == ["The book of novel-0", "The book of novel-1"]
    assert len(found) == 10, "Twelve, but the shop has no more that she hasn't seen."
    first = found[0].card
    assert first.rank == 1
    assert first.sentence == "You would probably give it 4.0 of 5."
    assert [(one.name, one.written) for one in first.shares] == [("history", "100\xa0%")]
    assert first.cover == reverse("storefront:cover", args=[shop.novels[0].pk])
    assert len(cards(viewer, shop.cleo)) == 12


def test_the_drawer_of_a_card_has_source_rank_and_score_and_the_rules_that_met_it(viewer: Staff, shop: Shop) -> None:
    set_placement(rules=[{"does": "pin", "item": "poem-3", "position": 1, "note": "Poem of the month."}])
    first, second = cards(viewer, shop.ada)[:2]
    assert (first.card.title, first.card.badges[0].words) == ("The book of poem-3", "pinned")
    assert first.rules == ["Rule 1: pinned (Poem of the month.)."]
    assert first.card.shares[0].name == "rules"
    assert dict(second.facts)["Source"] == "svd"
    assert dict(second.facts)["Score"] == "4"
    said = page(viewer, shop.ada)
    assert "Why? " in said
    assert "Rule 1: pinned (Poem of the month.)." in said
    assert "What they would probably rate highest" in said


def test_what_is_popular_and_what_is_new_is_told_from_what_goes_by_history(viewer: Staff, shop: Shop) -> None:
    assert cards(viewer, shop.cleo)[0].card.shares[0].name == "popularity"
    Release.objects.all().delete()
    start_afresh()
    first = cards(viewer, shop.cleo)[0].card
    assert first.shares[0].name == "new"
    assert [badge.words for badge in first.badges] == ["new"]


def test_the_placement_is_chosen_in_the_address_and_one_that_is_not_there_is_named(viewer: Staff, shop: Shop) -> None:
    set_placement(count=3)
    assert len(cards(viewer, shop.ada, placement="default")) == 3
    assert "There is no placement 'nowhere'. Known: default." in page(viewer, shop.ada, placement="nowhere")


def test_a_list_comes_with_its_reason(viewer: Staff, shop: Shop) -> None:
    assert "Nothing is known of this user yet, so the list is the one for new users: what most users liked." in page(
        viewer, shop.cleo
    )
    assert "The model was trained on all events of this user" in page(viewer, shop.ada)
    dora = factories.person("dora", preferences={"categories": ["Novels"]})
    told = page(viewer, dora)
    assert "so the list is by the preferences that they stated" in told
    assert "You said you like Novels." in told
    happened(shop.cleo, shop.novels[0], "like", days_ago=0)
    happened(shop.ben, shop.novels[0], "impression")
    start_afresh()
    assert "They did something since the last training" in page(viewer, shop.cleo)


def test_events_that_say_nothing_are_told_from_no_events(viewer: Staff, shop: Shop) -> None:
    happened(shop.cleo, shop.novels[0], "impression")
    assert "None of their events says what they like, so the list is the one" in page(viewer, shop.cleo)


def test_one_line_says_who_it_is_and_leaves_out_what_is_not_known(viewer: Staff, shop: Shop) -> None:
    odd = {"country": "PT", "items": 3, "city": ""}
    person = factories.person("dora", demographics=odd, preferences={"categories": ["Poetry", "Plays"], "tags": []})
    MergedUser.objects.create(user_id="visitor-1", into=person)
    said = page(viewer, person)
    for part in (
        "dora , known since",
        "never active",
        "Country: PT.",
        "Categories: Poetry, Plays.",
        "Also: visitor-1.",
    ):
        assert part in said
    assert "City" not in said
    shop.ada.last_active, shop.ada.opted_out_at = timezone.now() - timedelta(days=1), timezone.now()
    shop.ada.save()
    said = page(viewer, shop.ada)
    assert "opted out , known since" in said
    assert "last active 1 day ago" in said


def test_what_the_user_was_shown_lately_and_clicked_stands_in_a_line_each(viewer: Staff, shop: Shop) -> None:
    now, number = timezone.now(), factories.event("ada", shop.novels[0]).event_id
    ListImpression.objects.create(
        recommendation_id=number,
        user_id="ada",
        kind="person",
        placement="default",
        algorithm="svd",
        items=[item.pk for item in shop.novels[:5]],
        sources=[0] * 5,
        first_rank=1,
        served_at=now,
    )
    assert (
        "at default: The book of novel-0 , The book of novel-1 , The book of novel-2 and 2 more. Nothing clicked"
        in (page(viewer, shop.ada))
    )
    Attribution.objects.create(
        recommendation_id=number,
        item=shop.novels[1],
        served_at=now,
        rank=2,
        event_id=number,
        acted_at=now,
        by_id=True,
        converted_at=now,
    )
    assert "Clicked: The book of novel-1; then taken: The book of novel-1." in page(viewer, shop.ada)
    assert "No list was shown to this user yet" in page(viewer, shop.ben)


def test_there_is_a_way_back_to_the_list_of_people(viewer: Staff, shop: Shop) -> None:
    happened(shop.ada, shop.novels[5])
    assert f'href="{PEOPLE}"' in viewer.get(address(shop.ada)).content.decode()
    history = viewer.get(address(shop.ada, "history")).content.decode()
    assert f'href="/admin/interactions/interaction/?user__id__exact={shop.ada.pk}"' in history
    assert address(shop.ada) in viewer.get(PEOPLE).content.decode()
    assert viewer.get(f"{PEOPLE}{shop.ada.pk}/open_console/").headers["Location"] == address(shop.ada)


def test_with_nothing_live_it_says_what_everybody_gets_and_what_to_do(viewer: Staff, shop: Shop) -> None:
    Release.objects.all().delete()
    start_afresh()
    said = page(viewer, shop.ada)
    assert "No release is live: all users get the newest items. Train or promote one ." in said
    assert "No release is live, so the list is the one for new users: the newest items." in said
    assert len(cards(viewer, shop.ada)) == 12


def test_a_release_that_can_not_be_loaded_is_named(viewer: Staff, shop: Shop) -> None:
    ModelVersion.objects.update(checksum="0" * 64)
    start_afresh()
    said = page(viewer, shop.ada)
    assert "is not the one that was written there. Train again, or fetch a fresh copy." in said
    assert live_release() == shop.release


def test_with_redis_gone_the_page_is_whole_and_says_so(
    viewer: Staff, shop: Shop, settings: Any, tmp_path: Path
) -> None:
    with stoppable_redis(tmp_path, settings) as server:
        server.stop()
        shops.forget()
        said = page(viewer, shop.ada)
    assert "Redis can't be reached: every list is made at request time." in said
    assert "The book of novel-0" in said


def test_of_a_user_who_is_gone_a_sentence_says_so(viewer: Staff, shop: Shop) -> None:
    for tab in ("", "history", "compare", "data", "what-if"):
        answer = viewer.get(f"/admin/people/999999/{f'{tab}/' if tab else ''}")
        assert answer.status_code == 404
        assert "they were erased, or merged into another one" in answer.content.decode()


@pytest.mark.parametrize("tab", ["", "history", "compare", "data"])
def test_a_tab_makes_few_queries(viewer: Staff, shop: Shop, tab: str, django_assert_max_num_queries: Any) -> None:
    for number in range(30):
        happened(shop.ada, shop.novels[number % 6], days_ago=number)
    viewer.get(address(shop.ada, tab))
    with django_assert_max_num_queries(QUERIES):
        viewer.get(address(shop.ada, tab))


@pytest.mark.parametrize("permission", ["catalog.view_item", "interactions.view_interaction"])
def test_who_may_not_see_people_sees_no_page_of_them(shop: Shop, permission: str) -> None:
    assert Staff("clerk", permission).get(address(shop.ada)).status_code == 403


def test_why_not_is_answered_with_rank_and_score_against_what_was_needed(viewer: Staff, shop: Shop) -> None:
    set_placement(count=3)
    said = page(viewer, shop.ada, why_not="novel-4")
    assert "The book of novel-4 : On default: " in said
    assert "It ranks 5th" in said
    assert "Needed rank" in said
    happened(shop.ada, shop.poems[0], "purchase")
    start_afresh()
    assert "The user has seen it: purchase" in page(viewer, shop.ada, why_not="The book of poem-0")
    said = page(viewer, shop.ada, why_not="novell")
    assert "There is no item with the id or the title 'novell'. Did you mean novel-" in said


def test_the_box_asks_for_items_while_one_types(viewer: Staff, shop: Shop) -> None:
    body = viewer.get(address(shop.ada)).content.decode()
    box = body.split('name="why_not"')[1].split(">")[0]
    assert 'hx-get="/admin/suggestions/item/"' in box


def test_it_opens_on_the_placement_that_the_shop_uses(viewer: Staff, shop: Shop) -> None:
    for name, kind in (("for-you", "user"), ("beside", "similar")):
        merchandising.create(name, kind, actor=SYSTEM)
    start_afresh()
    assert "On default: " in page(viewer, shop.ada, why_not="poem-0")
    for name, shown in (("default", 10), ("for-you", 50), ("beside", 90)):
        DailyImpressions.objects.create(kind="person", placement=name, algorithm="svd", places=shown)
    assert "On for-you: " in page(viewer, shop.ada, why_not="poem-0")
    assert "On default: " in page(viewer, shop.ada, why_not="poem-0", placement="default")
