"""The hourly training fits what leads anew, with what it has learned; the daily one learns again."""

import io
from typing import Any, NoReturn

import numpy as np
import pytest
from django.core.management import call_command

from recommender import registry, tasks
from recommender.engine.algorithms import hybrid
from recommender.engine.forms.hybrid import HybridModel
from recommender.engine.forms.item_weights import ItemWeightsModel
from recommender.models import AlgorithmSettings, ModelVersion
from recommender.registry import artifacts
from recommender.training import refit
from recommender.training import train as training
from recommender.training.train import train
from recsite.platform.models import Job
from tests.recommender.events import ratings
from tests.recommender.models import ready

pytestmark = pytest.mark.django_db

HYBRID = {"hybrid": {"sources": ["ease", "popular"]}}


@pytest.fixture(autouse=True)
def _events() -> None:
    ratings(people=40, each=12)


@pytest.fixture
def learned(_events: None) -> ModelVersion:
    """A release that the hybrid leads and BPMF rates; the live hybrid."""
    registry.publish([ready("bpmf"), ready("svd")])
    train(["hybrid", "popular"], settings=HYBRID)
    return live("hybrid")


@pytest.fixture
def nothing_is_learned(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> NoReturn:
        raise AssertionError("It learns weights, or chooses settings.")

    monkeypatch.setattr(hybrid, "learn_weights", refuse)
    monkeypatch.setattr("recommender.engine.algorithms.ease._chosen", refuse)


def live(algorithm: str) -> ModelVersion:
    release = registry.live_release()
    assert release is not None
    return release.versions.get(algorithm=algorithm)


def model(version: ModelVersion) -> HybridModel:
    found = artifacts.load(version.artifact, version.checksum).model
    assert isinstance(found, HybridModel)
    return found


def ease(version: ModelVersion) -> ItemWeightsModel:
    found = model(version).sources["ease"]
    assert isinstance(found, ItemWeightsModel)
    return found


def more_events() -> None:
    ratings(people=50, each=12, seed=2)


@pytest.mark.parametrize(
    ("members", "due"),
    [
        ((), []),
        (("svd", "popular"), ["svd", "popular"]),
        (("hybrid", "svd", "popular"), ["hybrid", "svd", "popular"]),
        (("hybrid", "bpmf", "svd", "popular"), ["hybrid", "popular"]),
        (("bpmf",), ["popular"]),
    ],
)
def test_what_leads_and_what_rates_is_trained_hourly(members: tuple[str, ...], due: list[str]) -> None:
    if members:
        registry.publish([ready(name) for name in members])
    assert refit.hourly() == due


def test_where_nothing_is_live_the_hourly_training_starts_with_what_is_fitted_in_moments() -> None:
    tasks.train()
    assert {live("svd").algorithm, live("popular").algorithm} == set(training.DEFAULT)


def test_the_hourly_training_fits_what_leads_anew_with_its_weights(
    learned: ModelVersion, nothing_is_learned: None
) -> None:
    more_events()
    rating, gaps = live("bpmf"), live("svd")
    tasks.train()
    now = live("hybrid")
    assert now != learned
    assert (live("bpmf"), live("svd")) == (rating, gaps), "They lead nothing."
    assert (len(model(learned).user_ids), len(model(now).user_ids)) == (40, 50)
    assert np.array_equal(model(now).weights, model(learned).weights)
    assert ease(now).reg == ease(learned).reg > 0
    assert ease(now).power == ease(learned).power
    assert now.settings == learned.settings, "What was learned is no setting that staff chose."
    assert now.verdict["passed"]
    assert f"the weights of version {learned.pk}" in Job.objects.latest("pk").message


def test_a_refit_of_a_refit_names_the_version_that_learned(learned: ModelVersion, nothing_is_learned: None) -> None:
    for seed in (2, 3):
        ratings(people=50, each=12, seed=seed)
        tasks.train()
    assert live("hybrid").metrics[refit.WEIGHTS_OF] == learned.pk


def test_unchanged_data_is_not_fitted_again(learned: ModelVersion, nothing_is_learned: None) -> None:
    tasks.train()
    assert Job.objects.latest("pk").state == Job.State.SKIPPED
    more_events()
    tasks.train()
    first = live("hybrid")
    tasks.train()
    assert Job.objects.latest("pk").state == Job.State.SKIPPED
    assert live("hybrid") == first


def test_a_whole_training_learns_anew_also_on_what_a_refit_was_made_of(learned: ModelVersion) -> None:
    more_events()
    tasks.train()
    refitted = live("hybrid")
    train(["hybrid"], skip_unchanged=True)
    assert live("hybrid") != refitted
    assert refit.WEIGHTS_OF not in live("hybrid").metrics


def test_other_settings_are_learned_anew(learned: ModelVersion) -> None:
    registry.choose(registry.propose("hybrid", {"sources": ["item_knn", "popular"]}, AlgorithmSettings.Origin.STAFF))
    more_events()
    tasks.train()
    now = ModelVersion.objects.filter(algorithm="hybrid").first()
    assert now is not None
    assert now.settings["sources"] == ["item_knn", "popular"]
    assert refit.WEIGHTS_OF not in now.metrics


def test_what_can_not_be_read_is_learned_anew(learned: ModelVersion) -> None:
    ModelVersion.objects.filter(pk=learned.pk).update(checksum="0" * 64)
    more_events()
    tasks.train()
    assert refit.WEIGHTS_OF not in live("hybrid").metrics


def test_what_was_rolled_back_is_not_put_back(learned: ModelVersion) -> None:
    more_events()
    tasks.train()
    registry.rollback()
    ratings(people=50, each=12, seed=3)
    tasks.train()
    assert live("hybrid") == learned


def test_the_command_refits_as_the_schedule_does(learned: ModelVersion, nothing_is_learned: None) -> None:
    more_events()
    out = io.StringIO()
    call_command("train", "--quick", stdout=out)
    assert live("hybrid") != learned
    assert f"the weights of version {learned.pk}" in out.getvalue()


def test_a_model_of_before_that_does_not_say_its_regularisation_can_be_read(learned: ModelVersion) -> None:
    own = ease(learned)
    arrays = own.arrays()
    before = ItemWeightsModel.from_arrays({**arrays, "constants": arrays["constants"][:2]})
    assert (before.power, before.unit, before.reg) == (own.power, own.unit, 0)
    assert ItemWeightsModel.from_arrays(arrays).reg == own.reg
