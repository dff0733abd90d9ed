"""The evaluation that anybody can repeat: full ranking, and the same people and items for every algorithm."""

import math
import resource
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from recommender.algorithms import create
from recommender.algorithms.hybrid import BUCKETS, buckets
from recommender.algorithms.popular import Popular
from recommender.evaluation import metrics
from recommender.evaluation.split import Split, folds, holdout, leave_one_out, random_part
from recommender.preferences import pairs, ratings, relevant, seen
from recommender.ranking import blend, score_blocks
from recommender.types import (
    HALF_INTERVAL,
    UNKNOWN,
    CannotFit,
    Dataset,
    FloatArray,
    IntArray,
    Mask,
    Model,
    Progress,
    RowArray,
    silent,
)

SPLITS = ("temporal", "random", "leave-one-out")
BESIDE = ("popular", "item_knn")
"""Always measured as well: a figure alone says nothing."""

SAMPLE = 2_000
"""Lists by which diversity is judged."""


@dataclass(frozen=True)
class Plan:
    """How to evaluate."""

    split: str = "temporal"
    test_fraction: float = 0.2
    k: int = 10
    seeds: tuple[int, ...] = (42,)


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


def divide(dataset: Dataset, plan: Plan, seed: int) -> Split:
    rng = np.random.default_rng(seed)
    if plan.split == "random":
        return random_part(dataset, rng, plan.test_fraction)
    if plan.split == "leave-one-out":
        return leave_one_out(dataset, rng, relevant(dataset))
    return holdout(dataset, rng, plan.test_fraction)


def evaluate_all(
    dataset: Dataset, names: Sequence[str], plan: Plan, progress: Progress = silent
) -> Iterable[dict[str, Any]]:
    """One row of figures for each seed and algorithm, those BESIDE included; a row of an algorithm that the data don't
    allow has its sentence under `refused`."""
    chosen = list(dict.fromkeys([*names, *BESIDE]))
    total = len(plan.seeds) * len(chosen)
    for round_, seed in enumerate(plan.seeds):
        task = Task.of(divide(dataset, plan, seed), plan.k)
        for number, name in enumerate(chosen):
            progress((round_ * len(chosen) + number) / total, f"{name}, seed {seed}")
            yield {"algorithm": name, "seed": seed, "protocol": task.split.protocol, **_measured(name, task, seed)}


def cross_validate(
    dataset: Dataset, names: Sequence[str], n: int, seed: int, progress: Progress = silent
) -> Iterable[dict[str, Any]]:
    """Rating error of each algorithm by fold; NaN of one that predicts no ratings."""
    parts = folds(dataset, np.random.default_rng(seed), n)
    for number, name in enumerate(names):
        for fold, split in enumerate(parts):
            progress((number * n + fold) / (n * len(names)), f"{name}, fold {fold + 1}")
            try:
                model = create(name).fit(split.train, np.random.default_rng(seed))
                errors = _Errors.of(model, split)
                figures: dict[str, Any] = {
                    **errors.figures(np.ones(len(BUCKETS), bool)),
                    "by_activity": {
                        bucket: {"fold": fold + 1, **errors.figures(counted)}
                        for bucket, counted in zip(BUCKETS, np.eye(len(BUCKETS), dtype=bool), strict=True)
                    },
                }
            except CannotFit as reason:
                figures = {"refused": str(reason)}
            yield {"algorithm": name, "seed": seed, "fold": fold + 1, **figures}


def _measured(name: str, task: Task, seed: int) -> dict[str, Any]:
    algorithm = create(name)
    try:
        started = time.perf_counter()
        model = algorithm.fit(task.split.train, np.random.default_rng(seed))
        fitted = time.perf_counter()
    except CannotFit as reason:
        return {"refused": str(reason)}
    lists = _lists(name, model, task)
    scored = time.perf_counter()
    errors = _Errors.of(model, task.split)
    everybody = np.ones(len(BUCKETS), bool)
    return {
        **errors.figures(everybody),
        **_figures(lists, task, everybody, seed),
        "by_activity": {
            name: {**errors.figures(bucket), **_figures(lists, task, bucket, seed)}
            for name, bucket in zip(BUCKETS, np.eye(len(BUCKETS), dtype=bool), strict=True)
        },
        "settings": asdict(cast(Any, algorithm)),
        "fit_seconds": fitted - started,
        "score_seconds": scored - fitted,
        "peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def _lists(name: str, model: Model, task: Task) -> RowArray:
    """The k best for each of the people. The hybrid is judged as it is served: popularity fills what it can't say."""
    blocks = [rows for _, rows, _ in score_blocks(model, task.people, task.k, task.already[task.people])]
    lists = np.concatenate(blocks) if blocks else np.empty((0, task.k), np.int32)
    short = np.flatnonzero((lists == UNKNOWN).any(axis=1))
    if name == "hybrid" and len(short):
        lists[short] = _filled(lists[short], task.people[short], task)
    return lists


def _filled(lists: RowArray, people: RowArray, task: Task) -> RowArray:
    popular = Popular().fit(task.split.train, np.random.default_rng(0))
    fill = [rows for _, rows, _ in score_blocks(popular, people, task.k, task.already[people])]
    unsaid = np.full(lists.shape, np.nan, np.float32)
    return blend(task.k, [(lists, unsaid), (np.concatenate(fill), unsaid)])[0]


@dataclass(frozen=True, eq=False)
class _Errors:
    """The explicit ratings of the test part (n,) and what the model said of them."""

    predicted: FloatArray
    std: FloatArray
    actual: FloatArray
    bucket: IntArray
    """By how much is known of the person."""

    @classmethod
    def of(cls, model: Model, split: Split) -> "_Errors":
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


def _figures(lists: RowArray, task: Task, counted: Mask, seed: int) -> dict[str, Any]:
    """Of the lists (n_people, k) of the people in the buckets that are `counted` (n_buckets,)."""
    which = counted[buckets(task.activity.astype(np.int64))]
    people, mine, rng = task.people[which], lists[which], np.random.default_rng(seed)
    hit, n_wanted = metrics.hits(mine, task.wanted[people]), np.diff(task.wanted.indptr)[people]
    gains = metrics.ndcg(hit, n_wanted)
    choosers = np.bincount(task.already.indices, minlength=task.already.shape[1])
    return {
        **_plain(
            ndcg=metrics.mean(gains),
            recall=metrics.mean(metrics.recall(hit, n_wanted)),
            precision=metrics.mean(metrics.precision(hit)),
            map=metrics.mean(metrics.average_precision(hit, n_wanted)),
            mrr=metrics.mean(metrics.reciprocal_rank(hit)),
            hit_rate=metrics.mean(hit.any(axis=1).astype(float)),
            coverage=metrics.coverage(mine, task.already.shape[1]),
            novelty=metrics.novelty(mine, choosers, task.already.shape[0]),
            gini=metrics.gini(mine, task.already.shape[1]),
            diversity=metrics.diversity(mine[rng.permutation(len(mine))[:SAMPLE]], task.already),
        ),
        "ndcg_interval": [None if math.isnan(end) else end for end in metrics.interval(gains, rng)],
        "users": len(mine),
        "served": int((mine != UNKNOWN).any(axis=1).sum()),
    }


def _plain(**figures: float) -> dict[str, float | None]:
    """NaN, which JSON doesn't know, becomes None."""
    return {name: None if math.isnan(value) else value for name, value in figures.items()}
