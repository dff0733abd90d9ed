"""A placement draws a share of its lists at random: whose, what of them, and what is recorded of it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.stats import binomtest

from catalog.models import Item
from recommender import serving
from recommender.engine.estimates.ranks import table
from recommender.insight.impressions import recording
from recommender.models import DEFAULT, ListImpression
from recommender.operations import explain_list
from recommender.serving import Answer, Request, placements, randomising
from recsite.platform import lookups
from tests import factories
from tests.recommender.fixtures import POEMS, Shop, happened, ids, set_placement, start_afresh

pytestmark = pytest.mark.django_db

START = datetime(2026, 3, 2, 9, tzinfo=UTC)


@pytest.fixture(autouse=True)
def randomised(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """A shop that draws a fifth of its lists, in an hour in which Ada's is one of them."""
    set_up(randomised_share=0.2)
    hour = next(hour for hour in range(200) if is_drawn("ada", START + timedelta(hours=hour), monkeypatch))
    assert hour < 100
    return shop


def is_drawn(user_id: str, now: datetime, monkeypatch: pytest.MonkeyPatch) -> bool:
    monkeypatch.setattr(randomising, "clock", lambda: now)
    return randomising.seed_of(placements.find(), user_id) is not None


def set_up(**fields: Any) -> None:
    set_placement(**fields)
    start_afresh()


def ask(user_id: str = "ada", **rest: object) -> Answer:
    return serving.recommend(Request(user_id, **rest))  # type: ignore[arg-type]  # the tests name the fields


def recorded(answer: Answer) -> ListImpression:
    recording.flush()
    return ListImpression.objects.get(recommendation_id=answer.recommendation_id)


def usual(**rest: Any) -> list[str]:
    """The list as it is when nothing is drawn: a preview never is."""
    return ids(ask(is_shown=False, **rest))


def test_what_was_drawn_is_recorded_with_its_propensity() -> None:
    row, before = recorded(answer := ask(limit=6)), usual(limit=12)
    assert row.drawn_ranks is not None
    assert (row.drawn_of, row.temperature) == (12, 0.5)
    assert [before[rank - 1] for rank in row.drawn_ranks] == ids(answer)
    expected = [table(12, 0.5, 6)[rank - 1, at] for at, rank in enumerate(row.drawn_ranks)]
    assert_allclose(row.propensities or [], expected)


def test_a_share_of_the_users_is_drawn_each_hour_and_the_list_stays_for_the_hour() -> None:
    users = [f"visitor-{number}" for number in range(300)]
    answers = serving.recommend_many(Request(limit=6), users)
    recording.flush()
    drawn = ListImpression.objects.exclude(drawn_ranks=None).count()
    assert binomtest(drawn, len(users), 0.2).pvalue > 0.001
    again = serving.recommend_many(Request(limit=6), users)
    assert list(map(ids, again)) == list(map(ids, answers))


def test_pages_of_a_drawn_list_fit_together() -> None:
    first, second = ask(limit=5), ask(limit=5, offset=5)
    assert ids(first) + ids(second) == ids(ask(limit=10))
    assert sorted(ids(ask(limit=12))) == sorted(usual(limit=12))
    assert recorded(second).drawn_ranks is None


def test_another_hour_draws_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    lists = {
        tuple(ids(ask(limit=6)))
        for hour in range(100, 160)
        if is_drawn("ada", START + timedelta(hours=hour), monkeypatch)
    }
    assert len(lists) > 2


@pytest.mark.parametrize(
    "rest",
    [
        {"exclude": ["poem-0"]},
        {"categories": ["Poetry"]},
        {"filter": 'category == "Poetry"'},
        {"algorithm": "svd"},
        {"diversity": 0.5},
        {"min_score": 1.0},
        {"max_per_category": 3},
        {"window_days": 7},
    ],
)
def test_a_request_that_says_what_is_listed_is_answered_as_usual(rest: dict[str, Any]) -> None:
    answer = ask(limit=6, **rest)
    assert ids(answer) == usual(limit=6, **rest)
    assert recorded(answer).drawn_ranks is None


def test_lists_of_nobody_previews_and_what_staff_look_up_are_as_usual() -> None:
    assert recorded(ask("", limit=6)).drawn_ranks is None
    lookups.begin_request()
    lookups.mark()
    assert ids(ask(limit=6)) == usual(limit=6)
    lookups.begin_request()


def test_a_placement_without_a_share_draws_nothing() -> None:
    set_up(randomised_share=0)
    answer = ask(limit=6)
    row = recorded(answer)
    assert ids(answer) == usual(limit=6)
    assert (row.drawn_ranks, row.propensities, row.drawn_of, row.temperature) == (None, None, None, None)


def test_the_placements_filter_cap_and_blocks_hold_on_drawn_lists() -> None:
    set_up(filter='category == "Poetry"', rules=[{"does": "block", "filter": 'creator == "Poe"'}])
    Item.objects.filter(item_id="poem-1").update(features={"creator": "Poe"})
    start_afresh()
    answer = ask(limit=6)
    assert set(ids(answer)) == {*POEMS} - {"poem-1"}
    assert recorded(answer).drawn_of == 5


def test_what_is_pinned_and_new_items_keep_their_positions(shop: Shop) -> None:
    for number in range(3):
        factories.item(f"new-{number}", categories=["Novels"])
    set_up(new_item_share=0.25, rules=[{"does": "pin", "item": "poem-5", "position": 2}])
    start_afresh()
    answer = ask(limit=8)
    row = recorded(answer)
    assert row.drawn_ranks is not None
    kept = {one.rank: one.source for one in answer.items if one.source in ("rule", "exploration")}
    assert kept[2] == "rule"
    assert "exploration" in kept.values()
    assert {rank for rank, own in enumerate(row.drawn_ranks, 1) if not own} == kept.keys()
    assert [(row.propensities or [])[rank - 1] for rank in kept] == [1.0] * len(kept)
    assert ids(answer)[1] == "poem-5"


@pytest.mark.parametrize(
    "rule",
    [
        {"does": "at_most", "property": "category", "count": 1, "first": 3},
        {"does": "at_least", "filter": 'category == "Poetry"', "count": 2, "first": 3},
    ],
)
def test_limits_and_requirements_are_kept_so_such_lists_are_not_drawn(rule: dict[str, object]) -> None:
    set_up(rules=[rule])
    answer = ask(limit=6)
    assert ids(answer) == usual(limit=6)
    assert recorded(answer).drawn_ranks is None


def test_a_drawn_list_is_made_again_equal(shop: Shop) -> None:
    happened(shop.ada, shop.novels[2], "purchase", days_ago=1)
    start_afresh()
    answer = ask(limit=6)
    assert recorded(answer).drawn_ranks is not None
    found = explain_list.explain_list(answer.recommendation_id)
    assert found.again.is_equal, found.again


def test_a_cached_answer_makes_no_query_where_lists_are_drawn(
    django_assert_num_queries: pytest.FixtureRequest,
) -> None:
    ask(limit=6)
    with django_assert_num_queries(0):  # type: ignore[operator]  # pytest-django's
        answer = ask(limit=6)
    assert answer.cache_hit
    assert recorded(answer).drawn_ranks is not None


def test_the_first_positions_change_as_little_as_the_temperature_says(monkeypatch: pytest.MonkeyPatch) -> None:
    set_up(temperature=0.1)
    before = usual(limit=1)
    firsts = [
        ids(ask(limit=1)) == before
        for hour in range(400)
        if is_drawn("ada", START + timedelta(hours=hour), monkeypatch)
    ]
    assert len(firsts) > 40
    assert np.mean(firsts) > 0.9
    assert placements.find(DEFAULT).settings.temperature == 0.1
