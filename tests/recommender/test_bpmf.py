"""BPMF keeps the contract, predicts better than gradient descent, and its interval covers what it says."""

from itertools import pairwise

import numpy as np
import pytest
from numpy.testing import assert_allclose

from recommender.engine.algorithms.bpmf import BPMF
from recommender.engine.algorithms.svd import SVD
from recommender.engine.evaluation import metrics
from recommender.engine.evaluation.split import Split, random_part
from recommender.engine.feedback import histories, ratings
from recommender.engine.forms.sampled_factors import SampledFactorModel
from recommender.engine.types import UNKNOWN, Dataset, EventKind, FloatArray, Model
from tests.contract import RecommenderContract, rows
from tests.datasets import Did, dataset, many_tastes, movielens, rated


class TestBPMF(RecommenderContract):
    algorithm = BPMF(n_factors=4, n_samples=10, burn_in=20, thinning=2)


def fit(data: Dataset, algorithm: BPMF = TestBPMF.algorithm) -> SampledFactorModel:
    return algorithm.fit(data, np.random.default_rng(1))


def judged(model: Model, split: Split) -> tuple[FloatArray, FloatArray, FloatArray]:
    """What the model says of the test part's ratings, with its deviation, and what they are."""
    given = ratings(split.test)
    predicted, std = model.predict(given.users, given.items)
    return predicted, std, given.values


def test_it_predicts_better_than_gradient_descent_and_its_interval_covers_95_percent() -> None:
    split = random_part(movielens(), np.random.default_rng(3))
    predicted, std, actual = judged(fit(split.train, BPMF()), split)
    other, _, _ = judged(SVD().fit(split.train, np.random.default_rng(1)), split)
    assert metrics.rmse(predicted, actual) < metrics.rmse(other, actual) - 0.015
    said = ~np.isnan(std)
    assert 0.94 <= np.mean(np.abs(predicted - actual)[said] <= 1.96 * std[said]) <= 0.96


def test_the_interval_holds_however_much_is_known_of_the_person() -> None:
    split = random_part(movielens(), np.random.default_rng(4))
    predicted, std, actual = judged(fit(split.train, BPMF()), split)
    activity = np.bincount(split.train.users, minlength=split.train.n_users)[ratings(split.test).users]
    for low, high in pairwise((1, 40, 200, 10_000)):
        which = (activity >= low) & (activity < high) & ~np.isnan(std)
        assert np.mean(np.abs(predicted - actual)[which] <= 1.96 * std[which]) >= 0.93


def test_people_who_rate_erratically_have_wider_intervals() -> None:
    rng = np.random.default_rng(5)
    taste = rng.choice([2.0, 4.0], 60)
    steady = [rated(user, item, taste[item]) for user in range(40) for item in range(60) if rng.random() < 0.5]
    erratic = [rated(user, item, rng.uniform(1, 5)) for user in range(40, 80) for item in range(60)]
    model = fit(dataset([*steady, *erratic]))
    _, std = model.predict(np.arange(80, dtype=np.int32), np.zeros(80, np.int32))
    assert std[:40].max() < std[40:].min()


def test_the_models_own_doubt_is_part_of_the_deviation_and_shrinks_with_ratings() -> None:
    data = many_tastes()
    counts = np.bincount(data.users, minlength=data.n_users)
    fewer = data.select((data.users != 0) | (np.cumsum(data.users == 0) <= 3))
    assert counts[0] > 10
    pairs = rows(*[0] * data.n_items), np.arange(data.n_items, dtype=np.int32)
    much, little = (fit(part).uncertainty(*pairs) for part in (data, fewer))
    assert much.mean() < little.mean()
    assert (much < fit(data).predict(*pairs)[1]).all()


def test_a_newcomer_is_predicted_nearly_as_if_she_had_been_trained_on() -> None:
    model, data = fit(many_tastes()), many_tastes()
    person = 3
    known = histories(data, model.item_ids)[rows(person)]
    cols = np.arange(data.n_items, dtype=np.int32)
    predicted, std = model.predict_history(known, cols)
    trained, trained_std = model.predict(np.full(data.n_items, person, np.int32), cols)
    assert_allclose(predicted, trained, atol=0.6)
    assert np.corrcoef(predicted, trained)[0, 1] > 0.95
    assert (std > 0.3 * trained_std).all()


def test_a_newcomer_of_whom_nothing_is_known_is_predicted_nothing() -> None:
    model = fit(many_tastes())
    nothing = histories(dataset([rated(1, 9_999, 5)]), model.item_ids)
    predicted, std = model.predict_history(nothing, rows(0, UNKNOWN))
    assert np.isnan(predicted).all()
    assert np.isnan(std).all()
    assert np.isnan(model.predict_history(histories(many_tastes(), model.item_ids)[rows(0)], rows(UNKNOWN))[0]).all()


def test_another_scale_gives_the_same_on_that_scale() -> None:
    data = many_tastes()
    kind = EventKind("rating", 1, scale_min=2, scale_max=10, relevant_at=8)
    events = zip(data.users.tolist(), data.items.tolist(), data.values.tolist(), strict=True)
    doubled = dataset([Did(user, item, kind, value * 2) for user, item, value in events], (kind,))
    pairs = rows(0, 1, 2), rows(5, 6, 7)
    (rating, std), (other, other_std) = fit(data).predict(*pairs), fit(doubled).predict(*pairs)
    assert_allclose(other, 2 * rating, rtol=1e-3)
    assert_allclose(other_std, 2 * std, rtol=1e-3)


def test_ratings_that_never_differ_stay_finite() -> None:
    model = fit(dataset([rated(user, item, 3) for user in range(30) for item in range(30)]), BPMF(n_samples=40))
    rating, std = model.predict(rows(0, 5), rows(1, 2))
    assert_allclose(rating, 3, atol=0.1)
    assert ((std > 0) & (std < 0.5)).all()


@pytest.mark.parametrize("wrong", [{"n_factors": 0}, {"n_samples": 1}, {"burn_in": -1}, {"thinning": 0}])
def test_settings_that_make_no_sense_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=f"{next(iter(wrong))} is .*; it must be"):
        BPMF(**wrong)
