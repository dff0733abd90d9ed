"""Compute all the figures that a version keeps, so that two versions can be compared without training either again.

They cost a small part of the training: lists are ranked once, intervals draw from users and not from events, and a
sample stands for all in diversity.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from recommender.engine.evaluation import metrics
from recommender.engine.evaluation.figures import (
    LENGTHS,
    Errors,
    beyond_accuracy,
    by_item_age,
    by_length,
    gains,
    list_figures,
)
from recommender.engine.evaluation.task import Task
from recommender.engine.forms.hybrid import BUCKETS, buckets
from recommender.engine.types import RowArray

LONGEST = max(LENGTHS)
SAMPLE = 500
"""Lists by which diversity is judged."""

DRAWS, FEWEST_DRAWS = 1_000, 200
MOST_DRAWN = 20_000_000
"""Users that all draws of an interval hold together: with more than 20,000 users there are fewer draws."""

PAIRED = 2_000
"""Users whose gain each is kept: enough for the spread of a difference between two versions, in some kilobytes."""

PAIRED_DIGITS = 4
Interval = list[float | None]


def full_figures(errors: Errors, lists: RowArray, task: Task, seed: int) -> dict[str, Any]:
    """Return the figures of lists (n_users, LONGEST) and of predicted ratings, with 95 % bootstrap intervals.

    By length of list (5, 10, 20), by how much is known of the user, and by the age of items.
    """
    rng = np.random.default_rng(seed)
    worth, activity = gains(lists, task), buckets(task.activity.astype(np.int64))
    return {
        **beyond_accuracy(lists[:, : task.k], task, seed, sample=SAMPLE),
        "ndcg_interval": interval_of(worth, rng),
        "ndcg_by_user": by_user(worth, seed),
        "rmse_interval": rmse_interval(errors, rng),
        "by_length": by_length(lists, task),
        "by_activity": {
            name: {
                **list_figures(lists, task, counted),
                "rmse": errors.figures(counted)["rmse"],
                "ndcg_interval": interval_of(worth[activity == number], rng),
            }
            for number, (name, counted) in enumerate(zip(BUCKETS, np.eye(len(BUCKETS), dtype=bool), strict=True))
        },
        "by_item_age": by_item_age(lists, task),
    }


def by_user(values: metrics.Shares, seed: int) -> dict[str, Any]:
    """Return the number of users (n,), and the values of PAIRED of them by their places in the split, drawn by chance.

    Versions that were judged by one split keep those of the same users, so that they can be compared user by user. No
    id is kept.
    """
    places = np.sort(np.random.default_rng(seed).permutation(len(values))[:PAIRED])
    return {"n": len(values), "values": np.round(values[places], PAIRED_DIGITS).tolist()}


def interval_of(values: metrics.Shares, rng: np.random.Generator) -> Interval:
    """Return the 95 % bootstrap interval of a mean over users (n,); None twice where there are none."""
    return _plain(metrics.interval(values, rng, _draws(len(values))))


def rmse_interval(errors: Errors, rng: np.random.Generator) -> Interval:
    """Return the 95 % bootstrap interval of the RMSE.

    Users are drawn with all their ratings (Efron and Tibshirani 1993, chapter 8): those of one user aren't independent.
    """
    said = ~np.isnan(errors.squared)
    if not said.any():
        return [None, None]
    users = np.unique(errors.users[said], return_inverse=True)[1]
    sums, counts = np.bincount(users, errors.squared[said]), np.bincount(users)
    found = np.empty(_draws(len(sums)))
    for number in range(len(found)):
        drawn = rng.integers(len(sums), size=len(sums))
        found[number] = np.sqrt(sums[drawn].sum() / counts[drawn].sum())
    return _plain(np.quantile(found, (0.025, 0.975)))


def _draws(n: int) -> int:
    return int(np.clip(MOST_DRAWN // max(n, 1), FEWEST_DRAWS, DRAWS))


def _plain(ends: NDArray[np.float64] | tuple[float, float]) -> Interval:
    return [None if np.isnan(end) else float(end) for end in ends]
