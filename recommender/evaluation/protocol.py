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
from recommender.types import UNKNOWN, CannotFit, Dataset, Mask, Model, Progress, RowArray, silent

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
                figures: dict[str, Any] = _errors(create(name).fit(split.train, np.random.default_rng(seed)), split)
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
    return {
        **_errors(model, task.split),
        **_figures(lists, task, seed),
        "by_activity": _by_activity(lists, task),
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


def _errors(model: Model, split: Split) -> dict[str, float | None]:
    """Of the explicit ratings of the test part; an interval is the mean -+ 1.96 standard deviations."""
    given = ratings(split.test)
    actual = given.values[given.explicit]
    predicted, std = model.predict(given.users[given.explicit], given.items[given.explicit])
    inside = np.abs(predicted - actual) <= 1.96 * std
    return _plain(
        rmse=metrics.rmse(predicted, actual),
        mae=metrics.mae(predicted, actual),
        interval_coverage=metrics.mean(inside[~np.isnan(std)].astype(float)),
    )


def _figures(lists: RowArray, task: Task, seed: int) -> dict[str, Any]:
    hit, n_wanted = metrics.hits(lists, task.wanted[task.people]), np.diff(task.wanted.indptr)[task.people]
    choosers = np.bincount(task.already.indices, minlength=task.already.shape[1])
    sample = np.random.default_rng(seed).permutation(len(lists))[:SAMPLE]
    return {
        **_of_people(hit, n_wanted, lists),
        "ndcg_interval": metrics.interval(metrics.ndcg(hit, n_wanted), np.random.default_rng(seed)),
        **_plain(
            coverage=metrics.coverage(lists, task.already.shape[1]),
            novelty=metrics.novelty(lists, choosers, task.already.shape[0]),
            gini=metrics.gini(lists, task.already.shape[1]),
            diversity=metrics.diversity(lists[sample], task.already),
        ),
    }


def _of_people(hit: Mask, n_wanted: NDArray[np.integer], lists: RowArray) -> dict[str, Any]:
    return {
        **_plain(
            ndcg=metrics.mean(metrics.ndcg(hit, n_wanted)),
            recall=metrics.mean(metrics.recall(hit, n_wanted)),
            precision=metrics.mean(metrics.precision(hit)),
            map=metrics.mean(metrics.average_precision(hit, n_wanted)),
            mrr=metrics.mean(metrics.reciprocal_rank(hit)),
            hit_rate=metrics.mean(hit.any(axis=1).astype(float)),
        ),
        "users": len(lists),
        "served": int((lists != UNKNOWN).any(axis=1).sum()),
    }


def _by_activity(lists: RowArray, task: Task) -> dict[str, Any]:
    hit, n_wanted = metrics.hits(lists, task.wanted[task.people]), np.diff(task.wanted.indptr)[task.people]
    where = buckets(task.activity.astype(np.int64))
    return {
        name: _of_people(hit[where == number], n_wanted[where == number], lists[where == number])
        for number, name in enumerate(BUCKETS)
    }


def _plain(**figures: float) -> dict[str, float | None]:
    """NaN, which JSON doesn't know, becomes None."""
    return {name: None if math.isnan(value) else value for name, value in figures.items()}
