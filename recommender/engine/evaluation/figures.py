"""The figures of an evaluation: rating errors and lists, of everybody and of slices."""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from recommender.engine.evaluation import metrics
from recommender.engine.evaluation.split import Split
from recommender.engine.feedback import pairs, ratings, relevant, seen
from recommender.engine.forms.hybrid import buckets
from recommender.engine.types import HALF_INTERVAL, UNDATED, UNKNOWN, FloatArray, IntArray, Mask, Model, RowArray

SAMPLE = 2_000
"""Lists by which diversity is judged."""

LENGTHS = (5, 10, 20)
"""The list lengths at which accuracy is given besides the one that was asked for."""

AGES = ("new", "under a month", "under a year", "older")
"""How long items had been in the training part when it ended; new ones are not in it."""

AGE_EDGES = np.array([0, 30, 365])
DAY = 86_400


@dataclass(frozen=True, eq=False)
class Task:
    """A split, and what follows from it for every algorithm alike."""

    split: Split
    k: int
    already: csr_array
    wanted: csr_array
    """Relevant in the test part and not seen in the training part (n_users, n_items)."""
    people: RowArray
    """Those with something wanted: the others are skipped."""
    activity: NDArray[np.integer]
    """How many items each of the people was seen with in the training part (n_people,)."""

    @classmethod
    def of(cls, split: Split, k: int) -> "Task":
        already, liked = seen(split.train), pairs(split.test, relevant(split.test))
        wanted = (liked - liked.multiply(already)).tocsr()
        wanted.eliminate_zeros()
        people = np.flatnonzero(np.diff(wanted.indptr)).astype(np.int32)
        return cls(split, k, already, csr_array(wanted), people, np.diff(already.indptr)[people])

    @cached_property
    def item_ages(self) -> IntArray | None:
        """Which of AGES each item (n_items,) is of; None where no training event has a time."""
        train = self.split.train
        dated = train.select(train.times != UNDATED)
        if not len(dated):
            return None
        first = np.full(train.n_items, np.iinfo(np.int64).max)
        np.minimum.at(first, dated.items, dated.times)
        days = (dated.times.max() - np.minimum(first, dated.times.max())) / DAY
        ages = np.searchsorted(AGE_EDGES, days, side="right")
        ages[np.bincount(train.items, minlength=train.n_items) == 0] = 0
        return ages


@dataclass(frozen=True, eq=False)
class Errors:
    """The explicit ratings of the test part (n,) and what the model said of them."""

    predicted: FloatArray
    std: FloatArray
    actual: FloatArray
    bucket: IntArray
    """By how much is known of the person."""

    @classmethod
    def of(cls, model: Model, split: Split) -> "Errors":
        given = ratings(split.test)
        users, items = given.users[given.explicit], given.items[given.explicit]
        activity = np.diff(seen(split.train).indptr)[users]
        return cls(*model.predict(users, items), given.values[given.explicit], buckets(activity.astype(np.int64)))

    def figures(self, counted: Mask) -> dict[str, float | None]:
        """Of the people in the buckets that are `counted` (n_buckets,)."""
        which = counted[self.bucket]
        predicted, std, actual = self.predicted[which], self.std[which], self.actual[which]
        inside = np.abs(predicted - actual) <= HALF_INTERVAL * std
        return {
            **_plain(
                rmse=metrics.rmse(predicted, actual),
                mae=metrics.mae(predicted, actual),
                interval_coverage=metrics.mean(inside[~np.isnan(std)].astype(float)),
            ),
            "ratings": len(actual),
            "predicted": int((~np.isnan(predicted)).sum()),
        }


def figures(lists: RowArray, task: Task, counted: Mask, seed: int) -> dict[str, Any]:
    """Of the lists (n_people, k or more) of the people in the buckets that are `counted` (n_buckets,)."""
    which = counted[buckets(task.activity.astype(np.int64))]
    people, mine, rng = task.people[which], lists[which, : task.k], np.random.default_rng(seed)
    hit, n_wanted = metrics.hits(mine, task.wanted[people]), np.diff(task.wanted.indptr)[people]
    gains = metrics.ndcg(hit, n_wanted)
    choosers = np.bincount(task.already.indices, minlength=task.already.shape[1])
    return {
        **_plain(
            **_accuracy(hit, n_wanted),
            coverage=metrics.coverage(mine, task.already.shape[1]),
            novelty=metrics.novelty(mine, choosers, task.already.shape[0]),
            gini=metrics.gini(mine, task.already.shape[1]),
            diversity=metrics.diversity(mine[rng.permutation(len(mine))[:SAMPLE]], task.already),
        ),
        "ndcg_interval": [None if math.isnan(end) else end for end in metrics.interval(gains, rng)],
        "users": len(mine),
        "served": int((mine != UNKNOWN).any(axis=1).sum()),
    }


def by_length(lists: RowArray, task: Task) -> dict[str, dict[str, float | None]]:
    """The accuracy of the heads of the lists (n_people, 20 or more), by their length."""
    hit, n_wanted = metrics.hits(lists, task.wanted[task.people]), np.diff(task.wanted.indptr)[task.people]
    return {str(length): _plain(**_accuracy(hit[:, :length], n_wanted)) for length in LENGTHS}


def by_item_age(lists: RowArray, task: Task) -> dict[str, dict[str, float | None]]:
    """How many of the wanted items of each of AGES the lists find, over all people; empty where nothing has a time."""
    ages = task.item_ages
    if ages is None:
        return {}
    wanted = task.wanted[task.people]
    found = lists[:, : task.k][metrics.hits(lists[:, : task.k], wanted)]
    asked, listed = (np.bincount(ages[items], minlength=len(AGES)) for items in (wanted.indices, found))
    places = np.bincount(ages[lists[:, : task.k][lists[:, : task.k] != UNKNOWN]], minlength=len(AGES))
    shares = places / max(places.sum(), 1)
    return {
        name: {"wanted": int(n), **_plain(recall=float(k / n) if n else math.nan, places=float(share))}
        for name, n, k, share in zip(AGES, asked, listed, shares, strict=True)
    }


def _accuracy(hit: Mask, n_wanted: NDArray[np.integer]) -> dict[str, float]:
    return {
        "ndcg": metrics.mean(metrics.ndcg(hit, n_wanted)),
        "recall": metrics.mean(metrics.recall(hit, n_wanted)),
        "precision": metrics.mean(metrics.precision(hit)),
        "map": metrics.mean(metrics.average_precision(hit, n_wanted)),
        "mrr": metrics.mean(metrics.reciprocal_rank(hit)),
        "hit_rate": metrics.mean(hit.any(axis=1).astype(float)),
    }


def _plain(**figures: float) -> dict[str, float | None]:
    """NaN, which JSON doesn't know, becomes None."""
    return {name: None if math.isnan(value) else value for name, value in figures.items()}
