"""Interleaving says which of two rankings users prefer, from the lists that each of them won."""

import re
from datetime import date, timedelta

import numpy as np
import pytest

from recommender.engine.experiments.moments import Moments
from recommender.engine.types import RowArray
from recommender.insight.experiments import results
from recommender.insight.experiments.preferences import read_outcomes
from recommender.models import Experiment, ExperimentDay, Placement
from recommender.operations import experiments as shipping
from recsite.platform.audit import SYSTEM
from tests.api.clients import ApiClient
from tests.recommender.drafts import list_outcome, team_draft
from tests.recommender.experiment_fixtures import begin
from tests.recommender.fixtures import Shop

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)
FIRST = date(2026, 5, 1)
RELEVANCE = np.linspace(0.5, 0.05, 12)
GOOD = np.arange(12, dtype=np.int32)
BAD = GOOD[::-1].copy()


def visitors(experiment: Experiment, first: RowArray, second: RowArray, users: int, days: int = 4) -> None:
    """Users who come on some days, look from the top down, and click on what is relevant to them."""
    rng = np.random.default_rng(3)
    rows = []
    for number in range(users):
        for day in sorted(rng.choice(days, size=2, replace=False).tolist()):
            drafted = team_draft(first, second, 6, rng)
            clicked = rng.random(6) < 0.8 ** np.arange(6) * RELEVANCE[drafted.items]
            outcome = list_outcome(clicked, drafted.teams)
            told = {
                "lists": 1,
                "shown": 6,
                "clicked": clicked.sum(),
                "first_won": outcome < 0,
                "second_won": outcome > 0,
            }
            rows.append(
                ExperimentDay(
                    experiment=experiment,
                    user_id=f"visitor-{number}",
                    variant="interleaved",
                    day=FIRST + timedelta(days=day),
                    **{name: int(value) for name, value in told.items()},
                )
            )
    ExperimentDay.objects.bulk_create(rows)


def test_the_better_ranking_is_preferred_and_may_be_shipped(shop: Shop) -> None:
    experiment = begin(kind="interleaving", minimum_lift=0.2)
    visitors(experiment, BAD, GOOD, 400)
    found = results.result_of(experiment)
    assert (found.decision, found.winner, found.users) == ("better", "B", {"A": 400, "B": 400})
    assert found.sentence.startswith("B is preferred to A: of the lists that one of them wins it wins ")
    assert found.preference
    assert 0 < found.preference.low < found.preference.estimate < found.preference.high <= 1
    assert [one.day for one in found.days] == [FIRST + timedelta(days=number) for number in range(4)]
    shipping.ship(experiment, actor=SYSTEM)
    live = Placement.objects.get(name="default").live
    assert live
    assert live.settings["algorithm"] == "popular"


def test_the_worse_ranking_is_not_shipped(shop: Shop) -> None:
    experiment = begin(kind="interleaving", minimum_lift=0.2)
    visitors(experiment, GOOD, BAD, 400)
    found = results.result_of(experiment)
    assert (found.decision, found.winner) == ("worse", None)
    assert found.sentence.startswith("A is preferred to B")


def test_the_same_ranking_twice_draws_even(shop: Shop) -> None:
    experiment = begin(kind="interleaving", minimum_lift=0.3)
    visitors(experiment, GOOD, GOOD, 1_500)
    found = results.result_of(experiment)
    assert found.preference
    assert abs(found.preference.estimate) < 0.1
    assert (found.decision, found.winner) == ("inside_the_noise", None)
    assert re.fullmatch(
        r"Inside the noise: neither B nor A is preferred by 30 % or more \(the preference is -\d+ % to \d+ %\)\.",
        found.sentence,
    )


def test_a_few_users_say_nothing_yet_and_more_say_how_long_it_takes(shop: Shop) -> None:
    experiment = begin(kind="interleaving", minimum_lift=0.02)
    visitors(experiment, GOOD, GOOD, 60)
    assert results.result_of(experiment).sentence.startswith("Too early to say: too few users")
    ExperimentDay.objects.all().delete()
    visitors(experiment, GOOD, GOOD, 300)
    found = results.result_of(experiment)
    assert found.decision == "too_early"
    assert re.match(r"Too early to say if B or A is preferred \(.+ % to .+ %\); needs ", found.sentence)


def test_the_sums_of_the_database_are_those_of_the_users(shop: Shop) -> None:
    experiment = begin(kind="interleaving")
    visitors(experiment, BAD, GOOD, 50)
    days, sums = read_outcomes(experiment)
    for number, day in enumerate(days):
        totals: dict[str, list[int]] = {}
        for row in experiment.days.filter(day__lte=day):
            won = totals.setdefault(row.user_id, [0, 0])
            won[0] += row.second_won - row.first_won
            won[1] += row.second_won + row.first_won
        expected = Moments.of(*np.array(list(totals.values())).T)
        assert sums.n[number] == expected.n
        np.testing.assert_allclose(sums.sums[number][:2], expected.sums[:2])
        np.testing.assert_allclose(sums.products[number][:2, :2], expected.products[:2, :2])


def test_the_api_tells_the_preference(shop: Shop, api: ApiClient) -> None:
    experiment = begin(kind="interleaving", minimum_lift=0.2)
    told = api.get("experiments/leads/results").json()
    assert (told["preference"], told["decision"]) == (None, "too_early")
    visitors(experiment, BAD, GOOD, 400)
    told = api.get("experiments/leads/results").json()
    assert told["preference"]["low"] > 0
    assert (told["winner"], told["comparisons"], told["sample_ratio"]) == ("B", [], None)
    assert api.get("experiments/leads").json()["kind"] == "interleaving"
