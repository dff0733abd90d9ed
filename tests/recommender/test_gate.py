"""The quality gate: what it lets through, what it refuses, and how staff have their way all the same."""

from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape
from io import StringIO
from typing import Any

import numpy as np
import pytest
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from recommender import registry
from recommender.engine.algorithms.baseline import Baseline
from recommender.engine.evaluation.gate import Judged, Verdict, judge_lists, judge_rating_model
from recommender.models import ModelVersion, Release
from recommender.registry.exceptions import CannotPromote
from recommender.training import gate
from recommender.training import train as training
from tests.datasets import dataset
from tests.datasets import rated as rated_at
from tests.recommender.events import ratings

BAD = {"svd": {"n_factors": 50, "n_epochs": 200, "reg": 0.0, "lr": 0.02}}
"""It learns the noise by heart."""

NOBODY = np.empty(0)


UNFIT = "Its lists are no better than what is popular: nDCG 0.1000 against 0.2000."


@contextmanager
def unfit_lists() -> Iterator[None]:
    """All lists are found to be worse than popularity."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gate, "judge_lists", lambda *_: Verdict(False, UNFIT))
        yield


def lists(*gains: float, people: int = 100) -> Judged:
    return Judged(np.resize(gains, people), NOBODY, NOBODY.astype(np.int32))


def rated(*errors: float, people: int = 100, each: int = 3) -> Judged:
    return Judged(NOBODY, np.resize(errors, people * each), np.repeat(np.arange(people, dtype=np.int32), each))


def test_lists_that_are_worse_than_the_live_ones_are_refused() -> None:
    verdict = judge_lists(lists(0.1, 0.2), lists(0.3, 0.4), lists(0.05))
    assert not verdict.passed
    assert verdict.sentence == "Its lists are worse than the live ones: nDCG 0.1500 against 0.3500."


def test_lists_no_better_than_popularity_are_refused() -> None:
    verdict = judge_lists(lists(0.1), None, lists(0.1))
    assert (verdict.passed, "no better than what is popular" in verdict.sentence) == (False, True)


def test_a_difference_that_may_be_chance_passes() -> None:
    rng = np.random.default_rng(1)
    own, live = (Judged(rng.random(60), NOBODY, NOBODY.astype(np.int32)) for _ in range(2))
    assert own.gains.mean() != live.gains.mean()
    assert judge_lists(own, live, lists(0.01, people=60)).passed


def test_a_difference_that_nobody_would_notice_passes_however_sure_it_is() -> None:
    assert judge_lists(lists(0.2990), lists(0.3000), lists(0.1)).passed


def test_too_few_people_are_no_reason_to_refuse() -> None:
    verdict = judge_lists(lists(0.0, people=29), lists(0.9, people=29), lists(0.5, people=29))
    assert (verdict.passed, "too few to judge by" in verdict.sentence) == (True, True)
    assert "too few" in judge_rating_model(rated(9, people=29), None, rated(1, people=29)).sentence


def test_ratings_worse_than_the_live_model_s_or_the_baseline_s_are_refused() -> None:
    live = judge_rating_model(rated(1.0, 1.2), rated(0.5, 0.6), rated(2))
    assert (live.passed, "worse than those of the live rating model" in live.sentence) == (False, True)
    base = judge_rating_model(rated(1.0, 1.2), None, rated(0.5, 0.6))
    assert (base.passed, "worse than those of the baseline predictor" in base.sentence) == (False, True)
    assert judge_rating_model(rated(1.0, 1.2), rated(1.1), rated(2)).passed


def test_errors_are_compared_on_what_both_predict() -> None:
    careful, bold = rated(0.1, np.nan, 0.1), rated(0.1, 9.0, 0.1)
    assert judge_rating_model(bold, careful, rated(20)).passed


def test_the_baseline_is_mean_and_biases() -> None:
    data = dataset([rated_at(1, 1, 5), rated_at(1, 2, 3), rated_at(2, 1, 4), rated_at(2, 2, 2)])
    model = Baseline(0, 0).fit(data, np.random.default_rng(1))
    assert model.mean == 3.5
    assert model.item_bias.tolist() == [1, -1]
    assert model.user_bias.tolist() == [0.5, -0.5]
    damped = Baseline(2, 2).fit(data, np.random.default_rng(1))
    assert damped.item_bias.tolist() == [0.5, -0.5]


@pytest.mark.django_db
class TestTraining:
    @pytest.fixture(autouse=True)
    def events(self) -> None:
        ratings(people=80, items=30, each=20)

    def train(self, *names: str, **rest: Any) -> Release:
        return training.train(names or ("svd", "popular"), **rest)

    def test_the_hourly_refit_goes_live_without_help(self) -> None:
        first, second = self.train(), self.train()
        assert registry.live_release() == second != first
        verdict = second.versions.get(algorithm="svd").verdict
        assert verdict["passed"]
        assert "baseline predictor" in verdict["sentence"]

    def test_a_rating_model_that_errs_more_stays_a_candidate_and_the_rest_goes_live(self) -> None:
        self.train()
        live = self.train("svd", "popular", settings=BAD)
        refused = ModelVersion.objects.filter(algorithm="svd").first()
        assert refused is not None
        assert refused.is_refused
        assert registry.live_release() == live
        assert refused not in live.versions.all()
        assert refused.releases.get().state == Release.State.CANDIDATE
        assert f"{refused} stays a candidate. Its predicted ratings are worse" in training.summary(live, ("svd",))

    def test_lists_that_are_worse_stay_a_candidate(self) -> None:
        self.train("svd", "popular", "hybrid")
        worse = self.train("hybrid", settings={"hybrid": {"sources": ["als"]}})
        version = worse.versions.get(algorithm="hybrid")
        assert worse.state == Release.State.CANDIDATE
        assert version.verdict["sentence"].startswith("Its lists are worse than the live ones")
        assert version.metrics["metrics"]["ndcg_at_10"] < version.metrics["beside"]["live"]["ndcg_at_10"]

    def test_a_rating_model_whose_lists_are_bad_goes_live_only_where_it_does_not_lead_them(self) -> None:
        first = self.train("popular")
        with unfit_lists():
            candidate = self.train("svd")
            assert registry.live_release() == first
            said = candidate.versions.get(algorithm="svd").verdict["sentence"]
            assert said == f"It predicts ratings, and would lead the lists as well. {UNFIT}"
            # Where the hybrid is refused as well, nothing stands between it and the lead.
            self.train("svd", "hybrid")
            assert registry.live_release() == first
        beside = self.train("svd", "hybrid")
        assert registry.live_release() == beside
        with unfit_lists():
            passed = self.train("svd").versions.get(algorithm="svd")
        assert passed.verdict["passed"]
        assert UNFIT not in passed.verdict["sentence"]

    def test_a_rating_model_that_leads_already_says_what_its_lists_are_worth(self) -> None:
        with unfit_lists():
            first, second = (self.train("svd").versions.get(algorithm="svd").verdict for _ in range(2))
        assert (first["passed"], second["passed"]) == (True, True)
        assert first["sentence"].endswith(f"{UNFIT} It is the first: nothing better is live.")
        assert second["sentence"].endswith(f"{UNFIT} It is one that leads already: nothing better is live.")

    def test_a_first_release_no_better_than_popularity_says_so_wherever_it_is_shown(self) -> None:
        release = self.train("svd", "popular", "hybrid")
        version = release.versions.get(algorithm="hybrid")
        assert registry.doubts(release) == []
        version.metrics["metrics"]["ndcg_at_10"] = 0.01
        version.metrics["beside"]["popular"]["ndcg_at_10"] = 0.05
        version.save()
        [said] = registry.doubts(release)
        assert f"{version} leads its lists and is no better than what is popular: nDCG@10 0.0100 against 0.0500" in said
        assert f"Attention: {said}" in training.summary(release)
        boss = Client()
        boss.force_login(get_user_model().objects.create_superuser("boss"))
        page = boss.get(reverse("admin:recommender_release_change", args=[release.pk]))
        assert said in unescape(page.content.decode())
        out = StringIO()
        call_command("models", "promote", str(release.pk), stdout=out)
        assert f"Attention: {said}" in out.getvalue()

    def test_what_was_refused_needs_a_reason_which_is_kept(self) -> None:
        self.train()
        candidate = self.train("svd", settings=BAD)
        assert candidate.state == Release.State.CANDIDATE
        with pytest.raises(CannotPromote, match=r"The quality gate refused svd \d+: Its predicted .* give a reason"):
            registry.promote(candidate)
        with pytest.raises(CannotPromote):
            registry.promote(candidate, reason="  ")
        staff = get_user_model().objects.create_user("operator")
        promoted = registry.promote(candidate, staff, "We need wider tastes this week.")
        assert (promoted.override, promoted.promoted_by) == ("We need wider tastes this week.", staff)
        assert registry.live_release() == promoted

    def test_going_back_asks_nobody(self) -> None:
        first = self.train()
        registry.promote(self.train("svd", settings=BAD), reason="A try.")
        assert registry.rollback() == first

    def test_what_is_live_already_is_not_asked_again(self) -> None:
        self.train()
        registry.promote(self.train("svd", settings=BAD), reason="A try.")
        assert self.train("popular").state == Release.State.LIVE

    def test_a_reason_is_kept_only_where_it_was_needed(self) -> None:
        release = registry.promote(self.train(promote=False), reason="For no reason.")
        assert release.override == ""

    def test_the_command_takes_the_reason(self) -> None:
        self.train()
        candidate = self.train("svd", settings=BAD)
        with pytest.raises(CommandError, match="quality gate"):
            call_command("models", "promote", str(candidate.pk))
        out = StringIO()
        call_command("models", "list", stdout=out)
        assert "refused: Its predicted ratings are worse" in out.getvalue()
        call_command("models", "promote", str(candidate.pk), reason="A try.", stdout=out)
        candidate.refresh_from_db()
        assert candidate.state == Release.State.LIVE
