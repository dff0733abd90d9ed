"""Placements: found by name and kind, also without the database; what lists show follows what is published."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from interactions.producers import produce
from recommender import merchandising, serving
from recommender.insight import impressions
from recommender.merchandising import ListSettings
from recommender.models import CoPurchase, DailyImpressions, ListImpression, Placement
from recommender.serving import Request, placements, warming
from recommender.serving.placements import UnknownPlacement, WrongKind
from recommender.tasks import roll_up_impressions
from recsite.platform.audit import SYSTEM
from recsite.platform.exceptions import Invalid
from tests import factories
from tests.outages import no_postgres
from tests.recommender.fixtures import NOVELS, POEMS, Shop, ask, happened, ids, look_again, set_placement

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)


def publish(name: str = "default", **settings: Any) -> int:
    """Publish these settings, and look again as after a second; return the revision's number."""
    set_placement(name, **settings)
    look_again()
    live = merchandising.find(name).live
    assert live is not None
    return live.number


def make(name: str, kind: str, **settings: Any) -> None:
    merchandising.create(name, kind, values=settings, actor=SYSTEM)
    look_again()


def test_the_default_is_there_from_the_start_and_without_the_database() -> None:
    assert placements.find().name == "default"
    assert placements.find("default").revision == merchandising.find("default").live.number  # type: ignore[union-attr]
    placements.forget()
    with no_postgres():
        assert placements.find().settings == ListSettings()
        assert placements.find().revision is None


def test_weights_that_the_live_release_does_not_have_are_passed_over(shop: Shop) -> None:
    publish(content_weight=0.7)
    assert ids(ask("ada", limit=3)) == NOVELS[:3]


def test_the_length_is_the_placement_s_unless_the_request_says_one(shop: Shop) -> None:
    publish(count=4)
    assert len(ask("ada").items) == 4
    assert len(ask("ada", limit=6).items) == 6
    assert len(serving.similar(Request(items=["novel-0"])).items) == 4
    assert len(serving.session(Request(items=["novel-0"])).items) == 4


def test_what_leads_is_the_placement_s_unless_the_request_says_it(shop: Shop) -> None:
    publish(algorithm="popular")
    answer = ask("ada", limit=3)
    assert (ids(answer), answer.algorithm, answer.cold_start) == (POEMS[:3], "popular", False)
    assert ids(ask("ada", limit=3, algorithm="svd")) == NOVELS[:3]


def test_an_algorithm_that_left_the_release_gives_way_to_what_leads(shop: Shop) -> None:
    publish(algorithm="als")
    assert ask("ada", limit=3).algorithm == "svd"
    assert serving.similar(Request(items=["novel-0"])).algorithm == "svd"
    assert serving.session(Request(items=["novel-0"])).algorithm == "svd"


def test_of_two_caps_the_smaller_one_holds(shop: Shop) -> None:
    publish(max_per_category=2)
    assert len(ask("ada", limit=12).items) == 4
    assert len(ask("ada", limit=12, max_per_category=1).items) == 2
    assert len(ask("ada", limit=12, max_per_category=5).items) == 4


def test_of_two_filters_both_hold(shop: Shop, django_assert_num_queries: Any) -> None:
    publish(filter="category == 'Poetry'")
    answer = ask("ada", limit=12)
    assert (sorted(ids(answer)), answer.total_available) == (POEMS, 6)
    assert ids(ask("ada", filter="item_type == 'poem'", limit=2)) == POEMS[:2]
    nothing = ask("ada", filter="category == 'Novels'")
    assert (ids(nothing), nothing.total_available) == ([], 0)
    assert ids(ask("ada", categories=["Novels"])) == []
    like = serving.similar(Request(items=["novel-0"], limit=12))
    assert sorted(one.item_id for one in like.items) == POEMS
    with django_assert_num_queries(0):
        assert ask("ada", limit=6).cache_hit
    publish(filter="category == viewed.category")
    like = serving.similar(Request(items=["novel-0"], limit=12))
    assert sorted(one.item_id for one in like.items) == NOVELS[1:]


def test_diversity_is_the_placement_s_and_a_request_may_ask_for_none(shop: Shop) -> None:
    plain = ids(ask("ada", limit=6))
    publish(diversity=0.9)
    assert ids(ask("ada", limit=6)) != plain
    assert ids(ask("ada", limit=6, diversity=0.0)) == plain


def test_fallbacks_follow_what_leads_in_their_order(shop: Shop) -> None:
    usual = ids(ask("somebody new", limit=12))
    assert usual[:6] == POEMS
    happened(shop.ben, shop.novels[3], days_ago=0.1)
    publish(fallbacks=["trending", "popular"])
    found = ask("somebody new", limit=12)
    assert (found.algorithm, found.cold_start) == ("trending", True)
    assert ids(found)[0] == "novel-3"
    assert ids(found)[1:6] == [one for one in usual if one != "novel-3"][:5]
    assert sorted(ids(found)) == sorted(usual)


def test_fallbacks_take_the_place_of_what_fills_a_user_s_list(shop: Shop) -> None:
    """The model knows six items; what it doesn't know follows as the fallbacks say, on all pages."""
    more = [factories.item(f"essay-{number}", categories=["Essays"]) for number in range(3)]
    happened(shop.ben, more[2], days_ago=0.1)
    look_again()
    known = {*NOVELS, *POEMS}
    publish(fallbacks=["trending"])
    pages = [one for offset in range(0, 15, 4) for one in ids(ask("ada", limit=4, offset=offset))]
    assert len(pages) == len(set(pages)) == 15
    assert set(pages[:12]) == known
    assert pages[12] == "essay-2"
    assert ids(ask("ada", limit=15)) == pages
    session = serving.session(Request(items=["novel-0"], limit=14))
    assert [one.item_id for one in session.items][11] == "essay-2"


def test_a_list_of_another_kind_is_refused_with_those_that_fit(shop: Shop) -> None:
    make("below-item", "similar")
    assert len(serving.similar(Request(items=["novel-0"], placement="below-item")).items)
    with pytest.raises(WrongKind) as told:
        ask("ada", placement="below-item")
    assert told.value.errors == {
        "placement": "'below-item' is made for another kind of list (similar items) than this one (for a user). "
        "Fitting: default."
    }
    for wrong in (serving.session, serving.bought_together):
        with pytest.raises(WrongKind):
            wrong(Request(items=["novel-0"], placement="below-item"))
    with pytest.raises(UnknownPlacement, match=r"Known: below-item, default\."):
        ask("ada", placement="nowhere")


def test_a_placement_that_was_deleted_is_unknown(shop: Shop) -> None:
    make("gone-soon", "user")
    assert ask("ada", placement="gone-soon").placement == "gone-soon"
    merchandising.delete(merchandising.find("gone-soon"), actor=SYSTEM)
    look_again()
    with pytest.raises(UnknownPlacement):
        ask("ada", placement="gone-soon")


def test_answers_and_impressions_of_every_kind_name_the_revision(shop: Shop) -> None:
    first, second = shop.novels[0].pk, shop.novels[1].pk
    for item, other in ((0, 0), (first, first), (second, second), (first, second)):
        CoPurchase.objects.create(item_id=item, other_id=other, users=3)
    number = publish(diversity=0.25)
    answers: list[Any] = [
        ask("ada"),
        serving.similar(Request(items=["novel-0"])),
        serving.session(Request(items=["novel-0"])),
        serving.bought_together(Request(items=["novel-0"])),
        serving.recommend(Request("", algorithm="popular", kind="popular")),
    ]
    assert {one.placement_revision for one in answers} == {number}
    impressions.flush()
    assert set(ListImpression.objects.values_list("placement_revision", flat=True)) == {number}
    assert ListImpression.objects.count() == 5


def test_totals_are_kept_by_revision_and_clicks_find_theirs(shop: Shop) -> None:
    before = publish(count=3)
    old = ask("ada")
    after = publish(count=4)
    ask("ada")
    at = timezone.now() + timedelta(seconds=1)
    produce([factories.event("ada", old.items[0].item_id, "click", None, at=at, context=_named(old))])
    impressions.flush()
    for _ in range(2):
        roll_up_impressions()
    found = DailyImpressions.objects.filter(kind="person").values_list("placement_revision", "places", "places_clicked")
    assert sorted(found) == [(before, 3, 1), (after, 4, 0)]


def _named(answer: Any) -> dict[str, str]:
    return {"recommendation_id": str(answer.recommendation_id)}


def test_what_does_not_shape_the_candidates_costs_no_list(shop: Shop, django_assert_num_queries: Any) -> None:
    """A cached answer makes no query, whatever is published; other settings find the candidates of before."""
    ask("ada")
    publish(diversity=0.5, max_per_category=3, count=5, fallbacks=["latest"])
    ask("somebody else")
    with django_assert_num_queries(0):
        answer = ask("ada")
    assert answer.cache_hit
    assert len(answer.items) == 5


def test_a_cap_costs_no_query_where_the_cached_candidates_fill_the_page(
    shop: Shop, django_assert_num_queries: Any
) -> None:
    publish(max_per_category=2, count=4)
    made = ask("ada")
    with django_assert_num_queries(0):
        cached = ask("ada")
    assert (cached.cache_hit, ids(cached)) == (True, [*NOVELS[:2], *POEMS[:2]])
    assert made.total_available == cached.total_available == 4


def test_lists_that_are_warmed_are_those_of_what_the_default_leads_with(shop: Shop) -> None:
    publish(algorithm="svd")
    warming.warm(everybody=True)
    assert ask("ada").cache_hit


@pytest.mark.parametrize(
    ("kind", "given", "wrong"),
    [
        ("user", {"diversity": 2}, {"diversity": "A number from 0 to 1 is needed."}),
        ("user", {"colour": "red"}, {"colour"}),
        ("user", {"filter": "colour = 'red'"}, {"filter"}),
        ("user", {"fallbacks": ["popular", "popular"]}, {"fallbacks"}),
        ("user", {"fallbacks": ["svd"]}, {"fallbacks"}),
        ("user", {"rules": [{"pin": "novel-0"}]}, {"rules"}),
        ("user", {"algorithm": "svd", "content_weight": 0.5}, {"content_weight"}),
        ("similar", {"new_item_share": 0.2}, {"new_item_share"}),
        ("similar", {"algorithm": "popular"}, {"algorithm"}),
        ("bought-together", {"fallbacks": ["popular"]}, {"fallbacks"}),
        ("popular", {"algorithm": "svd"}, {"algorithm"}),
        ("user", {"count": 0, "new_for_days": 0}, {"count", "new_for_days"}),
        ("user", ["diversity"], {"body"}),
    ],
)
def test_settings_that_make_no_sense_are_refused_with_a_sentence(kind: str, given: Any, wrong: Any) -> None:
    with pytest.raises(Invalid) as told:
        merchandising.create("basket", kind, values=given, actor=SYSTEM)
    assert told.value.errors.keys() == set(wrong)
    if isinstance(wrong, dict):
        assert told.value.errors == wrong
    assert not Placement.objects.filter(name="basket").exists()


@pytest.mark.parametrize("name", ["", "with space", "a/b", "x" * 51])
def test_a_name_that_no_address_can_hold_is_refused(name: str) -> None:
    with pytest.raises(Invalid) as told:
        merchandising.create(name, "user", actor=SYSTEM)
    assert told.value.errors.keys() == {"name"}
    with pytest.raises(Invalid) as told:
        merchandising.create("basket", "carousel", actor=SYSTEM)
    assert told.value.errors.keys() == {"kind"}
