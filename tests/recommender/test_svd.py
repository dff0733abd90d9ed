"""SVD keeps the contract, predicts ratings, and learns what scikit-surprise learns."""

from collections import defaultdict
from dataclasses import replace

import numpy as np
import pytest
import surprise
from numpy.testing import assert_allclose
from scipy.sparse import csr_array

from recommender.engine.algorithms.svd import SVD
from recommender.engine.algorithms.trainset import CHUNK
from recommender.engine.evaluation.evaluate import judge
from recommender.engine.evaluation.split import holdout
from recommender.engine.feedback import histories
from recommender.engine.forms.factors import FactorModel
from recommender.engine.types import CannotFit, Dataset, EventKind
from tests.contract import RecommenderContract, everybody, rows
from tests.datasets import PURCHASE, VIEW, Did, dataset, many_tastes, movielens, rated, two_tastes


class TestSVD(RecommenderContract):
    algorithm = SVD(n_factors=8, n_epochs=60)


def fit(data: Dataset, algorithm: SVD = TestSVD.algorithm) -> FactorModel:
    return algorithm.fit(data, np.random.default_rng(1))


def on_scale(data: Dataset, factor: float) -> Dataset:
    """The same ratings, each multiplied, on a scale that is multiplied likewise."""
    kind = EventKind("rating", 1, scale_min=factor, scale_max=5 * factor, relevant_at=4 * factor)
    events = zip(data.users.tolist(), data.items.tolist(), data.values.tolist(), strict=True)
    return dataset([Did(user, item, kind, value * factor) for user, item, value in events], (kind,))


def trainset(data: Dataset) -> surprise.Trainset:
    """Surprise's own, with our rows as its inner ids."""
    by_user = defaultdict(list)
    for user, item, value in zip(data.users.tolist(), data.items.tolist(), data.values.tolist(), strict=True):
        by_user[user].append((item, value))
    return surprise.Trainset(by_user, {}, data.n_users, data.n_items, len(data), (1, 5), {}, {})


def test_it_predicts_the_ratings_it_has_seen() -> None:
    data = two_tastes()
    predicted, std = fit(data).predict(data.users, data.items)
    assert np.abs(predicted - data.values).mean() < 0.3
    assert np.isnan(std).all()


def test_predictions_stay_on_the_scale_and_scores_do_not_tie_at_its_end() -> None:
    model = replace(fit(two_tastes()), mean=4.9)
    predicted, _ = model.predict(rows(0, 0), rows(0, 1))
    assert predicted[0] == 5
    assert model.score(rows(0))[0, 0] > 5


def test_it_learns_what_surprise_learns_from_its_own_trainset() -> None:
    data = many_tastes()
    ours = SVD(n_factors=5, n_epochs=3).fit(data, np.random.default_rng(1))
    seed = int(np.random.default_rng(1).integers(2**31))
    theirs = surprise.SVD(n_factors=5, n_epochs=3, lr_all=0.007, reg_all=0.08, random_state=seed).fit(trainset(data))
    assert_allclose(ours.mean, theirs.trainset.global_mean)
    assert_allclose(ours.user_bias, theirs.bu, rtol=1e-5)
    assert_allclose(ours.item_bias, theirs.bi, rtol=1e-5)
    assert_allclose(ours.user_factors, theirs.pu, rtol=1e-5)
    assert_allclose(ours.item_factors, theirs.qi, rtol=1e-5)


def test_another_seed_gives_another_model() -> None:
    data = two_tastes()
    other = TestSVD.algorithm.fit(data, np.random.default_rng(2))
    assert not np.array_equal(fit(data).item_factors, other.item_factors)


def test_another_scale_changes_the_unit_and_nothing_else() -> None:
    model, in_percent = fit(many_tastes()), fit(on_scale(many_tastes(), 20))
    assert_allclose(in_percent.score(everybody(model)), 20 * model.score(everybody(model)), rtol=1e-3, atol=1e-2)


def test_folding_in_knows_the_scale_too() -> None:
    data = many_tastes()
    model, in_percent = fit(data), fit(on_scale(data, 20))
    known, known_in_percent = (histories(each, model.item_ids) for each in (data, on_scale(data, 20)))
    scores, scores_in_percent = model.score_histories(known), in_percent.score_histories(known_in_percent)
    assert_allclose(scores_in_percent, 20 * scores, rtol=1e-2, atol=0.1)


@pytest.mark.parametrize("n", [1, 4])
def test_folding_in_holds_back_by_reg_for_each_rating(n: int) -> None:
    without_factors = replace(
        fit(two_tastes()),
        mean=3,
        reg=0.5,
        item_bias=np.zeros(24, np.float32),
        item_factors=np.zeros((24, 2), np.float32),
    )
    bias, _ = without_factors.fold_in(csr_array(np.array([[4.5] * n + [0] * (24 - n)], np.float32)))
    assert bias[0] == pytest.approx(n * (4.5 - 3) / (n + 0.5 * n))


def test_more_ratings_than_a_chunk_are_all_learned_from() -> None:
    users, items = divmod(np.arange(CHUNK + 1000), 300)
    last = dataset([rated(user, item, 1 + user % 5) for user, item in zip(users.tolist(), items.tolist(), strict=True)])
    model = SVD(n_factors=1, n_epochs=1).fit(last, np.random.default_rng(0))
    assert np.isfinite(model.user_bias).all()
    assert model.user_bias[-1] != 0


def test_purchases_and_views_train_it_where_nobody_rates() -> None:
    events = [Did(user, item, PURCHASE if item % 2 == user % 2 else VIEW) for user in range(10) for item in range(10)]
    scores = fit(dataset(events)).score(rows(0, 1))
    assert scores[0, 0::2].min() > scores[0, 1::2].max()
    assert scores[1, 1::2].min() > scores[1, 0::2].max()


def test_a_learning_rate_that_is_too_high_is_refused_with_a_sentence() -> None:
    with pytest.raises(CannotFit, match="choose a smaller lr"):
        SVD(n_factors=8, n_epochs=60, lr=0.99, reg=0).fit(many_tastes(), np.random.default_rng(0))


@pytest.mark.parametrize("wrong", [{"n_factors": 0}, {"n_epochs": 0}, {"lr": 0}, {"lr": 1.5}, {"reg": -0.1}])
def test_impossible_settings_are_refused_by_name(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=f"^{next(iter(wrong))} is "):
        SVD(**wrong)  # type: ignore[arg-type]  # the wrong values are the point


def test_movielens_ratings_are_predicted_within_nine_tenths_of_a_star() -> None:
    split = holdout(movielens(), np.random.default_rng(1))
    assert judge(SVD().fit(split.train, np.random.default_rng(1)), split)["rmse"] < 0.9
