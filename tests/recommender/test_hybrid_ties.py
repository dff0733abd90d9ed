"""The hybrid is never worse than its best source, whatever the times of the events say."""

from collections.abc import Mapping
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from recommender.engine.algorithms import blend_weights, create
from recommender.engine.algorithms.blend_weights import Pool, learn_weights, search
from recommender.engine.algorithms.hybrid import Hybrid
from recommender.engine.evaluation.evaluate import judge
from recommender.engine.evaluation.split import Split, random_part
from recommender.engine.types import UNDATED, Dataset, FloatArray, IntArray
from tests.datasets import VIEW, Did, dataset

SOURCES = ("item_knn", "als", "popular")
DAY = 86_400


def long_tail(users: int = 240, items: int = 90, seed: int = 2) -> Dataset:
    """Users of three tastes; the lower the id of an item, the more users of its taste have it."""
    rng = np.random.default_rng(seed)
    events = []
    for user in range(users):
        own = np.arange(items) % 3 == user % 3
        weight = np.where(own, 1.0, 0.04) * (items - np.arange(items)) ** 2
        chosen = rng.choice(items, 12, replace=False, p=weight / weight.sum())
        events += [Did(user, int(item), VIEW, time=0) for item in chosen]
    return dataset(events, items=range(items))


def times_of(how: str, data: Dataset) -> IntArray:
    rng = np.random.default_rng(5)
    return {
        "one moment": np.full(len(data), 1_700_000_000),
        "days": 1_700_000_000 + DAY * rng.integers(3, size=len(data)),
        "none": np.full(len(data), UNDATED),
        "the order of the catalogue": 1_700_000_000 + data.items.astype(np.int64),
        "random": 1_700_000_000 + rng.integers(10**6, size=len(data)),
    }[how]


def ndcg(name: str, split: Split) -> float:
    settings = {"sources": SOURCES} if name == "hybrid" else {}
    return float(judge(create(name, **settings).fit(split.train, np.random.default_rng(1)), split)["ndcg"])


@pytest.mark.parametrize("how", ["one moment", "days", "none", "the order of the catalogue", "random"])
def test_the_hybrid_is_as_good_as_its_best_source(how: str) -> None:
    data = long_tail()
    split = random_part(replace(data, times=times_of(how, data)), np.random.default_rng(1))
    found = {name: ndcg(name, split) for name in ("hybrid", *SOURCES)}
    best = max(found[name] for name in SOURCES)
    assert found["hybrid"] > 0.97 * best
    assert best > 1.2 * min(found[name] for name in SOURCES)


def pool(*helpful: float, users: int = 300, seed: int = 1) -> Pool:
    """Candidates of which each source knows what is relevant, the better the less noise it adds."""
    rng = np.random.default_rng(seed)
    relevant = rng.random((users, 40)) < 0.1
    parts = np.stack([relevant * much + rng.normal(size=relevant.shape) for much in helpful], axis=2)
    return Pool(parts.astype(np.float32), np.ones(relevant.shape, bool), relevant, np.maximum(relevant.sum(axis=1), 1))


class Given:
    """An inner task whose pools, and the number of real users in them, are given."""

    def __init__(self, pools: Mapping[int, Pool], real: Mapping[int, int], sources: int = 2) -> None:
        self.model = SimpleNamespace(sources=range(sources))
        self._pools, self._real = pools, real

    def n_real(self, bucket: int) -> int:
        return self._real.get(bucket, 0)

    def pool(self, bucket: int, rng: np.random.Generator) -> Pool | None:
        return self._pools.get(bucket)


def learned(*tasks: Given) -> FloatArray:
    return learn_weights(tasks, np.random.default_rng(1))  # type: ignore[arg-type]  # they answer what is asked


def test_a_blend_that_helps_on_both_splits_is_taken() -> None:
    weights = learned(*(Given({4: pool(2, 2, seed=seed)}, {4: 300}) for seed in (1, 2)))
    assert (weights > 0.2).all()


def test_a_blend_that_helps_on_one_split_alone_is_that_source_alone() -> None:
    weights = learned(Given({4: pool(2, 2, seed=1)}, {4: 300}), Given({4: pool(4, 0, seed=2)}, {4: 300}))
    assert weights.tolist() == [[1, 0]] * 5


def test_few_users_have_the_weights_of_their_neighbours_unless_they_surely_need_others() -> None:
    """By eight users of 5-19 events a blend seems better, and they are too few; many of 1 do need another source."""
    real, tasks = {4: 400, 3: 8, 1: 300}, []
    for seed in (7, 8):
        few = pool(2, 0.5, users=8, seed=seed)
        assert search(few, np.array([1.0, 0]))[1] > 0.1
        tasks.append(Given({4: pool(3, 0, seed=seed), 3: few, 1: pool(0, 4, seed=seed)}, real))
    weights = learned(*tasks)
    assert weights[2:].tolist() == [[1, 0]] * 3
    assert (weights[:2, 1] > 0.8).all()


def test_users_of_whom_more_is_known_stand_in_only_where_there_are_few(monkeypatch: pytest.MonkeyPatch) -> None:
    data = long_tail()
    split = random_part(data, np.random.default_rng(3))
    task = blend_weights.InnerTask.of({"popular": create("popular").fit(split.train, np.random.default_rng(1))}, split)
    monkeypatch.setattr(blend_weights, "ENOUGH", 30)
    busy, few = (task.pool(bucket, np.random.default_rng(1)) for bucket in (3, 1))
    assert busy is not None
    assert few is not None
    assert (len(busy.parts), len(few.parts), task.n_real(1)) == (task.n_real(3), 30, 0)
    assert task.n_real(3) > 100


def test_the_same_seed_gives_the_same_weights() -> None:
    data = replace(long_tail(), times=np.full(len(long_tail()), 7))
    first, again = (Hybrid(SOURCES).fit(data, np.random.default_rng(4)).weights for _ in range(2))
    assert np.array_equal(first, again)
