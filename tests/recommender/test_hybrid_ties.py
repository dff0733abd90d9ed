"""The hybrid is never worse than its best source, whatever the times of the events say."""

from dataclasses import replace

import numpy as np
import pytest

from recommender.engine.algorithms import create
from recommender.engine.algorithms.blend_weights import InnerTask, check_weights
from recommender.engine.algorithms.hybrid import Hybrid
from recommender.engine.evaluation.evaluate import judge
from recommender.engine.evaluation.split import Split, random_part
from recommender.engine.forms.hybrid import BUCKETS
from recommender.engine.types import UNDATED, Dataset, IntArray
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


def test_weights_that_lose_to_one_source_are_that_source_alone() -> None:
    data = long_tail()
    split = random_part(data, np.random.default_rng(3))
    sources = {name: create(name).fit(split.train, np.random.default_rng(1)) for name in SOURCES}
    task = InnerTask.of(sources, split)
    bad = np.tile(np.array([0, 0, 1], np.float32), (len(BUCKETS), 1))
    checked = check_weights(bad, task, np.random.default_rng(1))
    assert (checked[:, 2] == 0).all()
    assert ((checked == 1).sum(axis=1) == 1).all()


def test_the_same_seed_gives_the_same_weights() -> None:
    data = replace(long_tail(), times=np.full(len(long_tail()), 7))
    first, again = (Hybrid(SOURCES).fit(data, np.random.default_rng(4)).weights for _ in range(2))
    assert np.array_equal(first, again)
