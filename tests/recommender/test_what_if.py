"""A user's list with events that did not happen, or without some that did; nothing is stored."""

from typing import Any

import pytest

from interactions.models import Interaction
from recommender import cache
from recommender.insight.impressions import recording
from recommender.models import ListImpression, Placement
from recommender.serving import Request, UnknownItem
from recommender.serving.what_if import ImaginedEvent, what_if
from recsite.platform import redis
from recsite.platform.exceptions import Invalid
from tests import factories
from tests.admin.staff import Staff
from tests.recommender.fixtures import Shop, ask, happened, ids, set_placement, start_afresh

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def kinds(db: None) -> None:
    for name in ("rating", "purchase", "view"):
        factories.interaction_type(name)


def imagine(user_id: str, *added: ImaginedEvent, without: Any = (), **rest: Any) -> tuple[list[str], list[str]]:
    before, after = what_if(Request(user_id, **rest), added, without)
    return ids(before), ids(after)


def test_ratings_that_were_not_given_change_the_list_as_real_ones_would(shop: Shop) -> None:
    poems = [ImaginedEvent(poem.item_id, "rating", 5) for poem in shop.poems[:3]]
    before, after = imagine("cleo", *poems)
    assert after[0].startswith("poem")
    assert not {"poem-0", "poem-1", "poem-2"} & set(after)
    for poem in shop.poems[:3]:
        happened(shop.cleo, poem, "rating", 5, days_ago=0)
    start_afresh()
    assert ids(ask(shop.cleo)) == after
    assert before != after


def test_a_seen_item_comes_back_without_the_event(shop: Shop) -> None:
    happened(shop.ada, shop.novels[0], "purchase")
    happened(shop.ada, shop.novels[1], "rating", 5)
    before, after = imagine("ada", without=["novel-0"])
    assert "novel-0" not in before
    assert "novel-0" in after
    assert "novel-1" not in after


def test_nothing_is_stored_cached_or_counted(shop: Shop) -> None:
    ask(shop.ada)
    recording.flush()
    before, shown = (redis.roundtrip(("KEYS", "*"))[0], ListImpression.objects.count())
    seen = cache.look_up(cache.keys_of("ada")).seen
    imagine("ada", ImaginedEvent("novel-0", "purchase"))
    recording.flush()
    assert sorted(redis.roundtrip(("KEYS", "*"))[0]) == sorted(before)
    assert cache.look_up(cache.keys_of("ada")).seen == seen
    assert (ListImpression.objects.count(), Interaction.objects.count()) == (shown, 0)
    assert ids(ask(shop.ada))[0] == "novel-0"


def test_of_a_stranger_one_can_imagine_a_first_event(shop: Shop) -> None:
    before, after = imagine("nobody", ImaginedEvent("novel-1", "rating", 5))
    assert before[0] == "poem-0"
    assert after[0] == "novel-0"


def test_deep_pages_go_by_the_imagined_events_too(shop: Shop, settings: Any) -> None:
    settings.CANDIDATE_COUNT = 2
    poems = [ImaginedEvent(poem.item_id, "rating", 5) for poem in shop.poems[:2]]
    _, after = imagine("cleo", *poems, limit=4)
    assert [one.startswith("poem") for one in after] == [True] * 4


def test_what_can_not_have_happened_is_refused(shop: Shop) -> None:
    for event, field in (
        (ImaginedEvent("novel-0", "magic"), "type"),
        (ImaginedEvent("novel-0", "rating", 99), "value"),
        (ImaginedEvent("novel-0", "rating"), "value"),
    ):
        with pytest.raises(Invalid) as refused:
            imagine("ada", event)
        assert list(refused.value.errors) == [field]
    with pytest.raises(UnknownItem):
        imagine("ada", ImaginedEvent("spoon", "view"))
    with pytest.raises(Invalid, match="At most 50 changes"):
        imagine("ada", without=["x"] * 51)


def test_the_page_shows_both_lists_and_collects_changes_in_its_address(shop: Shop) -> None:
    happened(shop.ada, shop.poems[0], "view")
    staff = Staff("viewer", "view")
    address = f"/admin/people/{shop.ada.pk}/what-if/"
    answer: Any = staff.get(address, add="rating:5:poem-1", type="view", item="poem-2")
    first, second = ([one["title"] for one in shown["items"]] for shown in answer.context["lists"])
    assert "The book of poem-1" in first
    assert "The book of poem-1" not in second
    page = staff.page(address, add=["rating:5:poem-1"], without=["poem-0"], type="view", item="poem-2")
    for words in ("Imagined: rating 5 poem-1, view poem-2.", "Taken away: poem-0.", "The book of poem-0 view"):
        assert words in page, words
    for wrong in ("magic::poem-1", "rating:nine:poem-1", "rating:9:poem-1", "view::spoon", ":::", "x"):
        assert staff.get(address, add=wrong).status_code == 200, wrong
    other = Staff("other", "catalog.view_enduser").page(address)
    assert "As it would be" in other
    assert "What the user did" not in other


def test_the_page_makes_the_lists_of_the_placement_that_is_chosen_and_names_it(shop: Shop) -> None:
    Placement.objects.create(name="shelf", kind="user")
    set_placement("shelf", count=3, rules=[{"does": "pin", "item": "poem-4", "position": 2}])
    start_afresh()
    staff = Staff("viewer", "view")
    address = f"/admin/people/{shop.ada.pk}/what-if/"
    answer: Any = staff.get(address, placement="shelf", type="view", item="novel-0")
    lists = answer.context["lists"]
    assert [one["title"] for one in lists[0]["items"]][1] == "The book of poem-4"
    assert [len(shown["items"]) for shown in lists] == [3, 3]
    page = staff.page(address, placement="shelf", type="view", item="novel-0")
    assert "As it is at shelf" in page
    assert "As it would be at default" in staff.page(address)
    assert "There is no placement" in staff.page(address, placement="gone")
