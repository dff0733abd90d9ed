"""A real Spark fits what the local engine fits: the same numbers where nothing is drawn, lists as good where it is."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from recommender.engine import feedback
from recommender.engine.algorithms.als import ALS
from recommender.engine.algorithms.item_knn import ItemKNN
from recommender.engine.evaluation.evaluate import judge
from recommender.engine.evaluation.prepare import prepare
from recommender.engine.evaluation.split import holdout
from recommender.engine.forms.implicit_factors import ImplicitFactorModel
from recommender.engine.forms.item_weights import ItemWeightsModel
from recommender.engine.ranking import top_n
from recommender.engine.types import CannotFit, Dataset, Skips
from recommender.spark import jobs
from recommender.spark.place import Place
from recommender.training.engines import write_events
from tests.datasets import DISLIKE, IMPRESSION, PURCHASE, VIEW, Did, dataset, movielens, rated, two_tastes

NOISE = 0.01
"""Of nDCG@10: the 95 % interval on this data is 0.014 to either side, seeds alone make some 0.003."""


def job(spark: Any, events: Dataset) -> jobs.Job:
    place = Place.of("a-job")
    place.remove()
    write_events(place / "events", events)
    return jobs.Job(spark, place / "events", place / "results", events)


def of_every_kind() -> Dataset:
    """Who rates and rates again, likes and turns away, looks on, dislikes alone, has no times."""
    rng = np.random.default_rng(5)
    drawn: Sequence[Did] = [
        Did(user, item, kind, time=int(time))
        for user in range(3, 30)
        for item, kind, time in zip(
            rng.permutation(12)[:6].tolist(),
            rng.permutation(np.array([VIEW, VIEW, PURCHASE, DISLIKE, IMPRESSION, PURCHASE], object)),
            rng.integers(1_000, 1_010, 6),
            strict=True,
        )
    ]
    return dataset(
        [
            *drawn,
            rated(1, 1, 5, 1_000),
            rated(1, 1, 1, 2_000),
            rated(1, 2, 4),
            Did(1, 3, VIEW, time=900),
            Did(1, 3, DISLIKE, time=900),
            Did(2, 4, DISLIKE),
            rated(2, 5, 1, 1_000),
        ],
        items=[99],
    )


def test_item_knn_has_the_numbers_of_the_local_engine(spark: Any) -> None:
    events = prepare(movielens())
    events = events.select(events.users < 150)
    local = ItemKNN(k=10_000).fit(events, np.random.default_rng(0))
    found = jobs.fit_item_knn(job(spark, events), ItemKNN(k=10_000), 0)
    assert local.weights.nnz > 100_000
    assert found.weights.nnz == local.weights.nnz
    assert abs(found.weights - local.weights).max() < 1e-6
    assert abs(found.profiles - local.profiles).max() < 1e-6
    assert (found.knows == local.knows).all()


def test_the_nearest_of_each_item_are_kept(spark: Any) -> None:
    events = of_every_kind()
    local = ItemKNN(k=3).fit(events, np.random.default_rng(0))
    found = jobs.fit_item_knn(job(spark, events), ItemKNN(k=3), 0)
    assert np.diff(found.weights.tocsc().indptr).max() == 3
    assert np.allclose(np.sort(found.weights.toarray(), axis=0), np.sort(local.weights.toarray(), axis=0), atol=1e-6)


def test_all_kinds_of_events_come_to_the_same_evidence(spark: Any) -> None:
    events = of_every_kind()
    with job(spark, events).evidence() as evidence:
        rows = evidence.toArrow()
    users = events.user_ids.rows(rows["user_id"].to_numpy())
    for column, expected in (("net", feedback.net_strengths(events)), ("faded", feedback.profiles(events))):
        found = np.zeros(expected.shape, np.float32)
        found[users, rows["item"].to_numpy()] = rows[column].to_numpy()
        assert np.allclose(found, expected.toarray(), atol=1e-6)
        assert len(rows) == expected.nnz


def test_als_ranks_as_well_as_the_local_engine(spark: Any) -> None:
    split = holdout(prepare(movielens()), np.random.default_rng(42))
    local = judge(ALS().fit(split.train, np.random.default_rng(1)), split)["ndcg"]
    found = judge(jobs.fit_als(job(spark, split.train), ALS(), 1), split)["ndcg"]
    assert found > local - NOISE, (found, local)


def test_als_folds_users_in_as_serving_does(spark: Any) -> None:
    events = of_every_kind()
    model = jobs.fit_als(job(spark, events), ALS(n_factors=4, n_epochs=3), 1)
    assert isinstance(model, ImplicitFactorModel)
    known = feedback.histories(events, events.item_ids)
    rows = np.arange(events.n_users, dtype=np.int32)
    assert np.allclose(model.score(rows), model.score_histories(known), atol=1e-5, equal_nan=True)
    assert not model.knows[events.item_ids.rows(np.array([99]))[0]], "Nobody chose it."
    assert ImplicitFactorModel.from_arrays(model.arrays()).knows.tolist() == model.knows.tolist()


def test_als_sets_apart_what_was_passed_over(spark: Any) -> None:
    events = two_tastes(6, 8)
    zero = np.zeros(1, np.int64)
    own = int(np.flatnonzero(~np.isin(np.arange(0, 8, 2), events.items[events.users == 0]))[0]) * 2
    skips = Skips(np.array([0], np.int32), np.array([own], np.int32), np.array([9], np.float32), zero)
    passed = Dataset(**{**vars(events), "skips": skips})
    its = ALS(n_factors=2, n_epochs=5, passed_over=20.0)
    plain, found = (jobs.fit_als(job(spark, one), its, 1).score(np.array([0], np.int32))[0] for one in (events, passed))
    assert found[own] < plain[own]


def test_what_nobody_favours_can_t_be_fitted(spark: Any) -> None:
    events = dataset([Did(1, 1, DISLIKE), Did(2, 2, IMPRESSION)])
    with pytest.raises(CannotFit, match="no events that speak for an item"):
        jobs.fit_als(job(spark, events), ALS(), 1)
    with pytest.raises(CannotFit, match="no events that speak for an item"):
        jobs.fit_item_knn(job(spark, events), ItemKNN(), 1)


def test_everybody_s_best_items_are_those_of_the_model(spark: Any) -> None:
    events = of_every_kind()
    model = ItemKNN().fit(events, np.random.default_rng(0))
    assert isinstance(model, ItemWeightsModel)
    rows = jobs.best_items(job(spark, events), model, 4).toArrow()
    expected, _ = top_n(model.score(np.arange(events.n_users, dtype=np.int32)), 4, feedback.seen(events))
    lists = dict(zip(rows["user_id"].to_pylist(), rows["items"].to_pylist(), strict=True))
    assert 2 not in lists, "Of somebody who only turns away, who serves makes the list."
    for user, items in lists.items():
        best = expected[events.user_ids.rows(np.array([user]))[0]]
        assert items == events.item_ids.ids[best[best >= 0]].tolist()
    assert len(lists) == events.n_users - 1
