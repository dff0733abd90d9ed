"""New items are tried in a share of the places that staff set, placed by content, and their exposure is counted."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from catalog import snapshot, store
from catalog.models import Item
from recommender import serving, tasks
from recommender.insight import impressions
from recommender.models import Exposure
from recommender.serving import Answer, Request
from recsite.platform.audit import SYSTEM
from tests.outages import stoppable_redis
from tests.recommender.fixtures import Shop, look_again, set_placement, start_afresh

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)


@pytest.fixture(autouse=True)
def old_stock(shop: Shop) -> Shop:
    """A shop of a year's standing, in which every fourth place tries what is new."""
    Item.objects.update(created_at=timezone.now() - timedelta(days=365))
    set_up(new_item_share=0.25)
    start_afresh()
    return shop


def set_up(**fields: Any) -> None:
    set_placement(**fields)
    look_again()


def new(*item_ids: str, **fields: Any) -> list[Item]:
    made = [store.save_item(Item(item_id=item_id, title=item_id, **fields), actor=SYSTEM) for item_id in item_ids]
    look_again()
    return made


def ask(user_id: str = "ada", limit: int = 8, **rest: Any) -> Answer:
    return serving.recommend(Request(user_id, limit, **rest))


def tried(answer: Answer) -> dict[int, str]:
    return {place.rank: place.item_id for place in answer.items if place.source == "exploration"}


def test_new_items_take_their_share_of_the_places_and_no_more() -> None:
    new("new-a", "new-b", "new-c")
    assert list(tried(ask())) == [4, 8]
    assert list(tried(ask(limit=3))) == []
    assert len(set(tried(ask()).values())) == 2
    set_up(new_item_share=0.5)
    assert list(tried(ask(limit=6))) == [2, 4, 6]
    set_up(new_item_share=0)
    assert tried(ask(limit=15)) == {}


def test_the_other_places_stay_in_their_order() -> None:
    before = [place.item_id for place in ask(limit=12).items]
    new("new-a", "new-b", "new-c")
    after = [place.item_id for place in ask(limit=12).items if place.source != "exploration"]
    assert after == before[: len(after)]
    assert len(after) == 9


def test_whoever_is_unknown_meets_new_items_too_in_an_order_of_their_own() -> None:
    new(*(f"new-{number}" for number in range(20)))
    orders = {user_id: tuple(tried(ask(user_id)).values()) for user_id in ("x", "y", "z", "w")}
    assert all(len(order) == 2 for order in orders.values())
    assert len(set(orders.values())) > 1
    assert orders["x"] == tuple(tried(ask("x")).values())


def test_what_is_old_or_known_already_or_not_available_is_not_tried(shop: Shop) -> None:
    new("new-a", is_available=False)
    new("new-b", published_at=timezone.now() - timedelta(days=15))
    new("new-c", published_at=timezone.now() + timedelta(days=1))
    assert tried(ask()) == {}
    set_up(new_for_days=20)
    assert list(tried(ask()).values()) == ["new-b"]


def test_an_item_that_people_have_turned_to_is_known(shop: Shop) -> None:
    Item.objects.update(created_at=timezone.now())
    snapshot.bump()
    look_again()
    # The shop's popularity falls from 12 to 1: ten and more are known, nine and less are new.
    known = {"poem-0", "poem-1", "poem-2"}
    found = {item_id for offset in (0, 4, 8) for item_id in tried(ask("x", 4, offset=offset)).values()}
    assert found
    assert not found & known


def test_whatever_a_person_has_seen_or_a_filter_leaves_out_is_not_tried() -> None:
    new("new-a", categories=["Poetry"])
    new("new-b", categories=["Novels"])
    assert set(tried(ask(categories=["Poetry"], limit=4)).values()) == {"new-a"}
    assert "new-b" not in tried(ask(exclude=["new-b"])).values()


def test_an_item_is_placed_once_on_all_pages_and_no_page_repeats_another() -> None:
    new(*(f"new-{number}" for number in range(6)))
    listed = [place.item_id for offset in range(0, 20, 5) for place in ask(limit=5, offset=offset).items]
    assert len(listed) == len(set(listed)) == 18


def test_who_asks_for_an_algorithm_or_a_minimum_gets_nothing_else() -> None:
    new("new-a")
    assert tried(ask(algorithm="svd")) == {}
    assert tried(ask(min_score=0.0)) == {}


def test_caps_and_variants_hold_for_new_items_as_well() -> None:
    new("new-a", "new-b", group="one thing")
    assert len(tried(ask(limit=12))) == 1
    new("new-c", "new-d", categories=["Fresh"])
    assert len({"new-c", "new-d"} & set(tried(ask(limit=12, max_per_category=1)).values())) <= 1


def count() -> None:
    """What was shown is stored, and has settled."""
    impressions.flush()
    tasks.roll_up_impressions()
    tasks.roll_up_impressions()


def test_exposure_is_counted_and_ends_the_trial() -> None:
    (item,) = new("new-a")
    for _ in range(3):
        assert list(tried(ask()).values()) == ["new-a"]
    count()
    counted = Exposure.objects.get(item=item)
    assert (counted.shown, counted.day) == (3, timezone.now().date())
    ask()
    count()
    assert Exposure.objects.get(item=item).shown == 4
    look_again()
    assert tried(ask())
    set_up(new_for_impressions=4)
    assert tried(ask()) == {}


def test_a_look_by_staff_and_a_place_of_its_own_count_nothing() -> None:
    new("new-a")
    ask(is_shown=False)
    ask(limit=3)
    count()
    assert not Exposure.objects.exists()


def test_the_exposure_of_an_erased_item_is_forgotten() -> None:
    (item,) = new("new-a")
    ask()
    Item.objects.filter(pk=item.pk).delete()
    count()
    assert not Exposure.objects.exists()


def test_without_redis_lists_still_explore(tmp_path: Path, settings: Any) -> None:
    new("new-a")
    with stoppable_redis(tmp_path, settings) as server:
        server.stop()
        assert list(tried(ask()).values()) == ["new-a"]


def test_its_reason_says_that_it_is_new() -> None:
    new("new-a")
    (place,) = [place for place in ask(explain=True).items if place.source == "exploration"]
    assert place.reason is not None
    assert place.reason.sentence == "It is new here, and may suit you."
