"""Two rankings are drafted into one list: as it is served, recorded and clicked."""

from typing import Any

import numpy as np
import pytest
from pytest_django import DjangoAssertNumQueries

from recommender import serving
from recommender.insight import impressions
from recommender.insight.experiments import results, verbs
from recommender.insight.impressions import personal_data
from recommender.models import Experiment, ExperimentDay, ListImpression, Release
from recommender.operations.explain_list import explain_list
from recommender.serving import Answer, Request, experiments
from recommender.serving.user_lists import look_up
from recsite.platform import redis
from recsite.platform.audit import SYSTEM
from recsite.platform.exceptions import Invalid
from tests.recommender.drafts import list_outcome
from tests.recommender.experiment_fixtures import begin, defined
from tests.recommender.fixtures import NOVELS, POEMS, Shop, ask, ids, look_again, set_placement, start_afresh
from tests.recommender.test_impressions import add_up, do

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)
POETRY = 'category == "Poetry"'


def interleave(**rest: Any) -> Experiment:
    """What is live (novels, for ada) against what is popular (poems)."""
    return begin(kind="interleaving", **rest)


def recorded(answer: Answer) -> ListImpression:
    impressions.flush()
    return ListImpression.objects.get(recommendation_id=answer.recommendation_id)


def test_each_ranking_places_one_of_each_two_and_the_impression_says_which(shop: Shop) -> None:
    interleave()
    answer = ask("ada", limit=6)
    assert (answer.variant, len(set(ids(answer)))) == ("leads:interleaved", 6)
    assert {one.item_id for one in answer.items} == {*NOVELS[:3], *POEMS[:3]}
    teams = recorded(answer).teams
    assert [teams[at : at + 2] in ("12", "21") for at in (0, 2, 4)] == [True] * 3
    told = {name: list(rows) for name, rows in personal_data(shop.ada)}
    assert [one["teams"] for one in told["lists"]] == [teams]
    assert ["1" if name in NOVELS else "2" for name in ids(answer)] == list(teams)
    assert recorded(ask("")).teams == ""
    assert explain_list(answer.recommendation_id).again.is_equal


def test_a_user_gets_one_draft_for_a_day_its_pages_fit_and_users_get_different_ones(shop: Shop) -> None:
    interleave()
    whole = ids(ask("ada", limit=12))
    assert sorted(whole) == sorted(NOVELS + POEMS)
    assert [name for at in range(0, 12, 3) for name in ids(ask("ada", limit=3, offset=at))] == whole
    start_afresh()
    assert ids(ask("ada", limit=12)) == whole
    people = ["ada", *(f"visitor-{number}" for number in range(12))]
    together = serving.recommend_many(Request(limit=6), people)
    assert [ids(one) for one in together] == [ids(ask(person, limit=6)) for person in people]
    assert ids(together[0]) == whole[:6]
    assert len({recorded(one).teams for one in together}) > 2


def test_a_cached_answer_of_both_asks_the_database_nothing_and_redis_once(
    shop: Shop, django_assert_num_queries: DjangoAssertNumQueries, monkeypatch: pytest.MonkeyPatch
) -> None:
    interleave()
    before = ask("ada")
    trips, real = [], redis.roundtrip

    def counted(*commands: Any, **rest: Any) -> Any:
        trips.append(commands)
        return real(*commands, **rest)

    monkeypatch.setattr(redis, "roundtrip", counted)
    with django_assert_num_queries(0):
        again = ask("ada")
    lists = [commands for commands in trips if any(one[0] == "SMEMBERS" for one in commands)]
    assert (ids(again), again.cache_hit, len(lists)) == (ids(before), True, 1)


def test_rules_caps_and_diversity_hold_for_the_drafted_list_and_what_a_rule_places_is_nobody_s(shop: Shop) -> None:
    set_placement(
        rules=[
            {"does": "pin", "item": "poem-5", "position": 2},
            {"does": "pin", "item": "novel-4", "position": 4},
            {"does": "at_most", "property": "category", "count": 3, "first": 6},
        ]
    )
    interleave()
    answer = ask("ada", limit=6)
    row = recorded(answer)
    assert (ids(answer)[1], ids(answer)[3]) == ("poem-5", "novel-4")
    assert (row.teams[1], row.teams[3]) == ("-", "-")
    assert sum(name in NOVELS for name in ids(answer)) == 3
    assert {*row.teams} == {"1", "2", "-"}
    whole = ids(ask("ada", limit=12))
    assert [name for at in range(0, 12, 4) for name in ids(ask("ada", limit=4, offset=at))] == whole
    set_placement(rules=[{"does": "boost", "filter": POETRY, "factor": 3}], max_per_category=2, diversity=0.5)
    look_again()
    answer = ask("ada", limit=8)
    assert len(answer.items) == answer.total_available == 4
    assert sum(name in NOVELS for name in ids(answer)) == 2


def test_who_is_no_part_of_it(shop: Shop) -> None:
    live = ids(ask("ada"))
    interleave(shares=(0.5, 0.5))
    for answer in (ask("ada", algorithm="popular"), ask("ada", min_score=0.0), ask("")):
        assert answer.variant is None
    assert serving.similar(Request(items=["novel-0"], user_id="ada")).variant is None
    assert ids(look_up(Request("ada")).answer) == live, "Whoever looks a list up sees what is live."
    assert experiments.variant_of("default", "ada") == "leads:interleaved"


def test_without_one_of_the_releases_users_get_what_is_live(shop: Shop, swapped: Release) -> None:
    live, release = ids(ask("ada")), swapped.pk
    interleave(variants=[{"name": "A", "share": 0.5}, {"name": "B", "share": 0.5, "release": release}])
    # The first list may find the catalogue read anew between the two.
    ask("ada")
    assert ask("ada").variant == "leads:interleaved"
    Experiment.objects.get().variants.filter(name="B").update(release=release + 1_000)
    start_afresh()
    answer = ask("ada")
    assert (answer.variant, ids(answer)) == (None, live)


def test_lists_are_won_by_the_clicks_whenever_these_come_in(shop: Shop) -> None:
    """Counted click by click as all at once: what a list was before is taken back."""
    interleave()
    rng = np.random.default_rng(7)
    expected = [0, 0]
    lists = [ask("ada", limit=6) for _ in range(6)]
    for answer in lists:
        teams = [int(one) - 1 for one in recorded(answer).teams]
        clicked = rng.random(6) < 0.5
        for at in np.flatnonzero(clicked).tolist():
            do("ada", answer.items[at].item_id, "click", answer.recommendation_id)
            if rng.random() < 0.5:
                add_up()
        outcome = list_outcome(clicked, teams)
        expected[0] += outcome < 0
        expected[1] += outcome > 0
    add_up()
    one = ExperimentDay.objects.get()
    assert [one.first_won, one.second_won] == expected
    assert (one.variant, one.lists, sum(expected) > 0) == ("interleaved", 6, True)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"variants": [{"name": "A", "share": 0.5}, {"name": "B", "share": 0.5}]}, "Both rankings are the same"),
        (
            {"variants": [{"name": name, "share": 0.3, "algorithm": name} for name in ("svd", "popular", "latest")]},
            "Two rankings are interleaved, not 3",
        ),
        (
            {"variants": [{"name": "A", "share": 0.5}, {"name": "B", "share": 0.5, "revision": 1}]},
            "A revision changes more than the ranking",
        ),
        (
            {"variants": [{"name": "A", "share": 0.7}, {"name": "B", "share": 0.3, "algorithm": "popular"}]},
            "give both the same share",
        ),
        ({"guardrails": {"conversion_rate": 0.1}}, "leave the guardrails out"),
        ({"primary_metric": "amount_per_user"}, "Clicks alone say which ranking is preferred"),
    ],
)
def test_what_can_not_be_interleaved_is_refused(shop: Shop, wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(Invalid, match=said):
        verbs.create(defined(kind="interleaving", **wrong), actor=SYSTEM)


def test_a_placement_without_lists_of_users_is_refused(shop: Shop, api: Any) -> None:
    api.post("placements", {"name": "alike", "kind": "similar"})
    with pytest.raises(Invalid, match="alike has no lists of users"):
        verbs.create(defined(kind="interleaving", placement="alike"), actor=SYSTEM)


def test_nothing_is_said_before_anybody_has_seen_it(shop: Shop) -> None:
    experiment = interleave()
    assert "nobody has seen it yet" in results.result_of(experiment).sentence
    verbs.stop(experiment, actor=SYSTEM)
    experiment.refresh_from_db()
    assert results.result_of(experiment).sentence == "It was stopped before anybody had seen it."
