"""The hybrid keeps the contract, adds what can't be compared, and learns what each source is worth."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from recommender.engine.algorithms.blend_weights import InnerTask, Pool, learn_weights, search
from recommender.engine.algorithms.ease import EASE
from recommender.engine.algorithms.hybrid import Hybrid, blended
from recommender.engine.algorithms.item_knn import ItemKNN
from recommender.engine.algorithms.popular import Popular
from recommender.engine.evaluation.split import holdout, random_part
from recommender.engine.feedback import histories
from recommender.engine.forms.hybrid import BUCKETS, HybridModel, buckets, standardised
from recommender.engine.types import CannotFit, Dataset, IdMap, Model
from tests.contract import EvidenceContract, everybody, rows
from tests.datasets import dataset, many_tastes, rated, two_tastes


class TestHybrid(EvidenceContract):
    algorithm = Hybrid(sources=("ease", "item_knn"))


def rng() -> np.random.Generator:
    return np.random.default_rng(1)


def sources(data: Dataset) -> dict[str, Model]:
    return {"ease": EASE(reg=5, power=1).fit(data, rng()), "popular": Popular().fit(data, rng())}


def weighing(models: dict[str, Model], *weights: float) -> HybridModel:
    return blended(models, dict(zip(models, np.tile(weights, (len(BUCKETS), 1)).T, strict=True)))


def test_with_all_weight_on_one_source_it_ranks_as_that_source_alone() -> None:
    data = two_tastes()
    models = sources(data)
    for name, weights in (("ease", (1, 0)), ("popular", (0, 1))):
        blend = weighing(models, *weights).score(rows(0, 7))
        alone = models[name].score(rows(0, 7))
        in_order = np.take_along_axis(alone, np.argsort(-blend, axis=1, kind="stable"), axis=1)
        # Of scores that are equal but for rounding either may come first.
        assert (np.diff(in_order, axis=1) < 1e-5).all()


def test_the_scale_of_a_source_changes_nothing() -> None:
    data = two_tastes()
    models = sources(data)
    ease = models["ease"]
    louder = {**models, "ease": replace(ease, weights=ease.weights * 1_000)}  # type: ignore[type-var, attr-defined]
    assert_allclose(weighing(models, 1, 1).score(rows(3)), weighing(louder, 1, 1).score(rows(3)), rtol=1e-3, atol=1e-3)


def test_a_row_is_brought_to_mean_0_and_deviation_1_without_what_nobody_can_say() -> None:
    scores = np.array([[1, 2, np.nan, 3], [5, 5, 5, 5]], np.float32)
    found = standardised(scores)
    assert_allclose(found[0], [-1.2247, 0, np.nan, 1.2247], rtol=1e-3)
    assert found[1].tolist() == [0, 0, 0, 0]


def test_the_weights_are_those_of_the_person_s_activity() -> None:
    assert buckets(np.array([0, 1, 2, 4, 5, 19, 20, 500])).tolist() == [0, 1, 2, 2, 3, 3, 4, 4]
    models = sources(two_tastes())
    only_busy = np.zeros((len(BUCKETS), 2), np.float32)
    only_busy[:4, 1], only_busy[4, 0] = 1, 1
    model = HybridModel(models, only_busy)
    beginner = dataset([rated(99, item, 5) for item in range(3)])
    scores = model.score_histories(histories(beginner, model.item_ids))
    assert_array_equal(
        np.argsort(-scores[0], kind="stable"), np.argsort(-models["popular"].score(rows(0))[0], kind="stable")
    )


def test_a_source_without_a_weight_is_not_asked() -> None:
    data = two_tastes()
    models = sources(data)
    silent = replace(models["ease"], profiles=None, weights=None)  # type: ignore[type-var]  # a Model is a protocol, this one a dataclass
    model = HybridModel({**models, "ease": silent}, np.tile(np.array([0, 1], np.float32), (len(BUCKETS), 1)))
    model.__dict__["activity"] = np.full(len(model.user_ids), 20)
    known = histories(data, model.item_ids)
    for scores in (model.score(rows(0, 7)), model.score_histories(known[:2])):
        assert np.isfinite(scores).any()


def test_sources_may_know_different_items() -> None:
    data = two_tastes()
    fewer = data.select(data.items < 20)
    fewer = replace(fewer, item_ids=IdMap(data.item_ids.ids[:20]))
    models: dict[str, Model] = {"ease": EASE(reg=5, power=1).fit(fewer, rng()), "popular": Popular().fit(data, rng())}
    model = weighing(models, 0.5, 0.5)
    assert len(model.item_ids) == 24
    assert np.isfinite(model.score(everybody(model))).all()
    known = histories(data, model.item_ids)[:1]
    parts = model.parts(known, rows(2, 23))
    assert np.isnan(parts).tolist() == [[False, False], [True, False]]
    assert model.explain(known, rows(2, 23)).shape == (2, known.profiles.nnz)


def test_what_the_sources_give_adds_up_to_the_score() -> None:
    data = two_tastes()
    model = weighing(sources(data), 0.7, 0.3)
    known = histories(data, model.item_ids)[:1]
    assert_allclose(model.parts(known, rows(1, 4)).sum(axis=1), model.score_histories(known)[0, [1, 4]], rtol=1e-4)


def test_what_helps_gets_the_weight() -> None:
    rng_ = rng()
    relevant = rng_.random((200, 50)) < 0.1
    helpful = relevant + rng_.normal(size=relevant.shape) * 0.3
    noise = rng_.normal(size=relevant.shape)
    pool = Pool(
        np.stack([helpful, noise], axis=2).astype(np.float32),
        np.ones(relevant.shape, bool),
        relevant,
        np.maximum(relevant.sum(axis=1), 1),
    )
    found = search(pool, np.array([0.5, 0.5]))
    assert found[0] > 0.9
    assert pool.ndcg(found) > pool.ndcg(np.array([0.5, 0.5]))


def test_weights_are_learned_for_every_bucket_and_sum_to_1() -> None:
    data = many_tastes(people=200)
    tasks = []
    for split in (holdout(data, rng()), random_part(data, rng())):
        models: dict[str, Model] = {
            "item_knn": ItemKNN().fit(split.train, rng()),
            "popular": Popular().fit(split.train, rng()),
        }
        tasks.append(InnerTask.of(models, split))
    weights = learn_weights(tasks, rng())
    assert weights.shape == (len(BUCKETS), 2)
    assert_allclose(weights.sum(axis=1), 1, rtol=1e-5)
    assert (weights >= 0).all()


def test_a_source_of_which_no_weights_are_known_has_no_say_beside_others() -> None:
    models = sources(two_tastes())
    assert blended(models, {"ease": np.full(len(BUCKETS), 0.4, np.float32)}).weights[:, 1].tolist() == [0] * 5
    assert blended(models, {}).weights[0].tolist() == [0.5, 0.5]


def test_with_too_little_to_hold_out_every_source_counts_alike() -> None:
    model = Hybrid(sources=("item_knn", "popular")).fit(
        dataset([rated(1, 1, 5), rated(2, 1, 5), rated(2, 2, 4)]), rng()
    )
    assert_allclose(model.weights, 0.5)


def test_a_source_that_cannot_be_fitted_is_left_out() -> None:
    with pytest.raises(CannotFit, match="no events that speak for an item"):
        Hybrid().fit(dataset([rated(1, 1, 1)]), rng())
