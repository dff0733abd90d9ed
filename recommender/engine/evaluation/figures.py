"""Compute the figures of an evaluation: rating errors and the quality of lists, of all users and of slices."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recommender.engine.evaluation import metrics
from recommender.engine.evaluation.split import Split
from recommender.engine.evaluation.task import AGES, Task
from recommender.engine.feedback import ratings, seen
from recommender.engine.forms.hybrid import BUCKETS, buckets
from recommender.engine.types import HALF_INTERVAL, UNKNOWN, FloatArray, IntArray, Mask, Model, RowArray

SAMPLE = 2_000
"""Lists by which diversity is judged."""

LENGTHS = (5, 10, 20)
"""The list lengths at which accuracy is given besides the one that was asked for."""

EVERYBODY = np.ones(len(BUCKETS), bool)
KNOWN = np.arange(len(BUCKETS)) > 0
"""Masks of buckets of activity: of all users, and of those with events in the training part."""


@dataclass(frozen=True, eq=False)
class Errors:
    """Hold the explicit ratings of the test part (n,) and what the model said of them."""

    users: RowArray
    predicted: FloatArray
    std: FloatArray
    actual: FloatArray
    bucket: IntArray
    """The number of the user's bucket of activity."""

    @classmethod
    def of(cls, model: Model, split: Split) -> "Errors":
        """Predict the test part's explicit ratings by a model that was fitted on the training part."""
        given = ratings(split.test)
        users, items = given.users[given.explicit], given.items[given.explicit]
        activity = np.diff(seen(split.train).indptr)[users].astype(np.int64)
        return cls(users, *model.predict(users, items), given.values[given.explicit], buckets(activity))

    @property
    def squared(self) -> NDArray[np.float64]:
        """Return the squared error of each rating (n,); NaN where nothing was predicted."""
        return (self.predicted.astype(np.float64) - self.actual) ** 2

    def figures(self, counted: Mask = EVERYBODY) -> dict[str, Any]:
        """Return the errors over the users in the buckets that are `counted` (n_buckets,)."""
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


def gains(lists: RowArray, task: Task) -> NDArray[np.float64]:
    """Return the nDCG of each user's list (n_users,)."""
    hit, n_wanted, _ = _counted(lists, task, EVERYBODY)
    return metrics.ndcg(hit, n_wanted)


def list_figures(lists: RowArray, task: Task, counted: Mask = EVERYBODY) -> dict[str, Any]:
    """Return the accuracy of the lists (n_users, k or more) of the users in the buckets that are `counted`."""
    hit, n_wanted, mine = _counted(lists, task, counted)
    return {
        **_plain(**_accuracy(hit, n_wanted), coverage=metrics.coverage(mine, task.already.shape[1])),
        "users": len(mine),
        "served": int((mine != UNKNOWN).any(axis=1).sum()),
    }


def beyond_accuracy(
    lists: RowArray, task: Task, seed: int, counted: Mask = EVERYBODY, sample: int = SAMPLE
) -> dict[str, Any]:
    """Return novelty, Gini index and diversity of the same lists, and the bootstrap interval of their nDCG.

    Diversity is that of a `sample` of them.
    """
    hit, n_wanted, mine = _counted(lists, task, counted)
    rng = np.random.default_rng(seed)
    n_users, n_items = task.already.shape
    choosers = np.bincount(task.already.indices, minlength=n_items)
    return {
        **_plain(
            novelty=metrics.novelty(mine, choosers, n_users),
            gini=metrics.gini(mine, n_items),
            diversity=metrics.diversity(mine[rng.permutation(len(mine))[:sample]], task.already),
        ),
        "ndcg_interval": [
            None if math.isnan(end) else end for end in metrics.interval(metrics.ndcg(hit, n_wanted), rng)
        ],
    }


def by_length(lists: RowArray, task: Task) -> dict[str, dict[str, float | None]]:
    """Return the accuracy of the heads of the lists (n_users, 20 or more), by their length."""
    hit, n_wanted = metrics.hits(lists, task.wanted[task.users]), np.diff(task.wanted.indptr)[task.users]
    return {str(length): _plain(**_accuracy(hit[:, :length], n_wanted)) for length in LENGTHS}


def by_item_age(lists: RowArray, task: Task) -> dict[str, dict[str, float | None]]:
    """Return how many wanted items of each of AGES the lists find, over all users; empty where nothing has a time."""
    ages = task.item_ages
    if ages is None:
        return {}
    wanted = task.wanted[task.users]
    found = lists[:, : task.k][metrics.hits(lists[:, : task.k], wanted)]
    asked, listed = (np.bincount(ages[items], minlength=len(AGES)) for items in (wanted.indices, found))
    places = np.bincount(ages[lists[:, : task.k][lists[:, : task.k] != UNKNOWN]], minlength=len(AGES))
    shares = places / max(places.sum(), 1)
    return {
        name: {"wanted": int(n), **_plain(recall=float(k / n) if n else math.nan, places=float(share))}
        for name, n, k, share in zip(AGES, asked, listed, shares, strict=True)
    }


def _counted(lists: RowArray, task: Task, counted: Mask) -> tuple[Mask, NDArray[np.integer], RowArray]:
    """Return the hits (m, k), the number of wanted items (m,) and the lists (m, k) of users in some buckets."""
    which = counted[buckets(task.activity.astype(np.int64))]
    users, mine = task.users[which], lists[which, : task.k]
    return metrics.hits(mine, task.wanted[users]), np.diff(task.wanted.indptr)[users], mine


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
    """Turn NaN, which JSON doesn't know, into None."""
    return {name: None if math.isnan(value) else value for name, value in figures.items()}
