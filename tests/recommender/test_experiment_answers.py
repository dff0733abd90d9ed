"""How long the answers of a variant take, and how many fail, is counted by variant, and may be a guardrail."""

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from recommender import serving
from recommender.insight import impressions
from recommender.insight.experiments import answers, results
from recommender.insight.experiments.metrics import ANSWER_TERMS
from recommender.insight.impressions import timing
from recommender.models import Experiment, ExperimentAnswers, HourlyImpressions, Release
from recommender.serving import Request, user_lists
from recsite.platform import lookups
from recsite.platform.histogram import SIZE
from tests.recommender.experiment_fixtures import begin
from tests.recommender.fixtures import Shop, ask, start_afresh
from tests.recommender.test_experiment_results import FIRST, visitors

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)
A, B = 0.0001, 0.9999
"""Practically everybody is in B."""


def total() -> dict[str, float]:
    """What is counted of B: answers, errors and requests."""
    impressions.flush()
    one = ExperimentAnswers.objects.get(variant="B")
    sums = dict(zip(ANSWER_TERMS, one.sums, strict=True))
    assert sum(one.buckets) == sums[("answers",)]
    return {term[0]: value for term, value in sums.items() if len(term) == 1}


def test_answers_are_timed_by_variant(shop: Shop) -> None:
    begin(shares=(A, B))
    ask("ada")
    ask("ada")
    serving.similar(Request(items=["novel-0"], user_id="ada"))
    found = total()
    assert (found["answers"], found["errors"], found["asked"]) == (3, 0, 3)
    assert found["milliseconds"] > 0
    ask("ben")
    assert total()["answers"] == 4
    assert ExperimentAnswers.objects.get().moments == 2
    assert sum(HourlyImpressions.objects.values_list("answers", flat=True)) == 4, "Hours count them as before."


def test_what_fails_is_counted_and_what_is_asked_wrongly_is_not(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    begin(shares=(A, B))
    with pytest.raises(serving.UnknownItem):
        serving.similar(Request(items=["nothing"], user_id="ada"))
    ask("ada")

    def broken(*_: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(user_lists, "_page", broken)
    with pytest.raises(ZeroDivisionError):
        ask("ada")
    with pytest.raises(ZeroDivisionError):
        ask("ada", is_shown=False)
    lookups.mark()
    with pytest.raises(ZeroDivisionError):
        ask("ada")
    lookups.begin_request()
    found = total()
    assert (found["answers"], found["errors"], found["asked"]) == (1, 1, 2)
    assert HourlyImpressions.objects.get().answers == 1


def test_a_release_that_is_gone_is_an_error_of_its_variant(shop: Shop, swapped: Release) -> None:
    release = swapped.pk
    begin(variants=[{"name": "A", "share": A}, {"name": "B", "share": B, "release": release}])
    Experiment.objects.get().variants.filter(name="B").update(release=release + 1_000)
    start_afresh()
    assert ask("ada").variant is None
    assert total()["errors"] == 1


def test_latency_errors_and_diversity_may_be_guardrails(shop: Shop) -> None:
    experiment = begin(minimum_lift=0.2, guardrails={"latency": 0.1, "errors": 0.05, "diversity": 0.5})
    visitors(experiment, 3_000, 10, {"A": 0.10, "B": 0.14})
    rng = np.random.default_rng(5)
    slower = {"A": 10.0, "B": 14.0}
    tell(experiment, slower, rng)
    found = results.result_of(experiment)
    assert found.decision == "better_but_harmful"
    assert "but latency is worse by 38 %" in found.sentence
    assert found.sentence.endswith("more than the 10 % allowed: don't ship it.")
    states = {one.metric.name: one.guardrail for _, one in results.comparisons_of(found) if one.metric.margin}
    assert (states["latency"], states["error rate"]) == ("broken", "holds")
    ExperimentAnswers.objects.all().delete()
    tell(experiment, {"A": 10.0, "B": 10.0}, rng)
    found = results.result_of(experiment)
    states = {one.metric.name: one.guardrail for _, one in results.comparisons_of(found) if one.metric.margin}
    assert (states["latency"], states["diversity"]) == ("holds", "open"), found.sentence


def tell(experiment: Experiment, milliseconds: dict[str, float], rng: np.random.Generator) -> None:
    """What processes would have told in 400 moments of ten answers each."""
    for variant, mean in milliseconds.items():
        sums = np.zeros(len(ANSWER_TERMS))
        for _ in range(400):
            one = answers.Made([0] * SIZE)
            for seconds in rng.gamma(4.0, mean / 4_000, size=10):
                one.add(0, seconds, is_error=False)
            sums += one.sums()
        ExperimentAnswers.objects.create(
            experiment=experiment, variant=variant, day=FIRST, moments=400, sums=list(sums), buckets=[4_000]
        )


def test_days_are_those_of_the_clock(shop: Shop) -> None:
    begin(shares=(A, B))
    timing.note("person", "default", "svd", True, 0.001, "leads:B")
    timing.note("person", "default", "svd", True, 0.001, "nothing:B")
    impressions.flush()
    day = ExperimentAnswers.objects.get().day
    assert abs(datetime.now(UTC).date() - day) <= timedelta(days=1)
