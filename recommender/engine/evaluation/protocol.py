"""Run the evaluation that anybody can repeat: full ranking, the same users and items for every algorithm."""

import resource
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, cast

import numpy as np

from recommender.engine.algorithms import create
from recommender.engine.evaluation.figures import (
    EVERYBODY,
    KNOWN,
    LENGTHS,
    Errors,
    beyond_accuracy,
    by_item_age,
    by_length,
    list_figures,
)
from recommender.engine.evaluation.prepare import prepare
from recommender.engine.evaluation.published import published_split
from recommender.engine.evaluation.split import (
    Split,
    folds,
    given_split,
    holdout,
    leave_one_out,
    random_part,
    split_at_moment,
)
from recommender.engine.evaluation.task import Task
from recommender.engine.feedback import relevant
from recommender.engine.forms.hybrid import BUCKETS
from recommender.engine.types import CannotFit, Dataset, Mask, Progress, RowArray, silent

SPLITS = ("moment", "temporal", "random", "leave-one-out")
BESIDE = ("popular", "item_knn")
"""Always measured as well: a figure alone says nothing."""


@dataclass(frozen=True)
class Plan:
    """Say how to evaluate."""

    split: str = "moment"
    test_fraction: float = 0.2
    k: int = 10
    seeds: tuple[int, ...] = (42,)
    is_test: Mask | None = None
    """The test events (n_events,) of a split that others made, of prepared events, in place of `split`."""
    published: str = ""
    """The protocol of PUBLISHED that splits, in place of `split`."""


def divide(dataset: Dataset, plan: Plan, seed: int) -> Split:
    """Split the dataset as the plan says, ties and draws by the seed."""
    if plan.is_test is not None:
        return given_split(dataset, plan.is_test)
    rng = np.random.default_rng(seed)
    if plan.published:
        return published_split(dataset, plan.published, rng)
    if plan.split == "random":
        return random_part(dataset, rng, plan.test_fraction)
    if plan.split == "leave-one-out":
        return leave_one_out(dataset, rng, relevant(dataset))
    if plan.split == "temporal":
        return holdout(dataset, rng, plan.test_fraction)
    return split_at_moment(dataset, rng, plan.test_fraction)


def evaluate_all(
    dataset: Dataset, names: Sequence[str], plan: Plan, progress: Progress = silent
) -> Iterable[dict[str, Any]]:
    """Yield a row of figures for each seed and algorithm, those BESIDE included.

    Of two ratings the last one counts. The row of an algorithm that the data don't allow has its sentence under
    `refused`.
    """
    events = dataset if plan.is_test is not None else prepare(dataset)
    chosen = list(dict.fromkeys([*names, *BESIDE]))
    total = len(plan.seeds) * len(chosen)
    for round_, seed in enumerate(plan.seeds):
        task = Task.of(divide(events, plan, seed), plan.k)
        for number, name in enumerate(chosen):
            progress((round_ * len(chosen) + number) / total, f"{name}, seed {seed}")
            yield {"algorithm": name, "seed": seed, "protocol": task.split.protocol, **_measured(name, task, seed)}


def cross_validate(
    dataset: Dataset, names: Sequence[str], n: int, seed: int, progress: Progress = silent
) -> Iterable[dict[str, Any]]:
    """Yield the rating errors of each algorithm by fold; None for one that predicts no ratings."""
    parts = folds(prepare(dataset), np.random.default_rng(seed), n)
    for number, name in enumerate(names):
        for fold, split in enumerate(parts):
            progress((number * n + fold) / (n * len(names)), f"{name}, fold {fold + 1}")
            try:
                model = create(name).fit(split.train, np.random.default_rng(seed))
                errors = Errors.of(model, split)
                measured: dict[str, Any] = {
                    **errors.figures(),
                    "by_activity": {
                        bucket: {"fold": fold + 1, **errors.figures(counted)}
                        for bucket, counted in zip(BUCKETS, np.eye(len(BUCKETS), dtype=bool), strict=True)
                    },
                }
            except CannotFit as reason:
                measured = {"refused": str(reason)}
            yield {"algorithm": name, "seed": seed, "fold": fold + 1, **measured}


def _measured(name: str, task: Task, seed: int) -> dict[str, Any]:
    algorithm = create(name)
    try:
        started = time.perf_counter()
        model = algorithm.fit(task.split.train, np.random.default_rng(seed))
        fitted = time.perf_counter()
    except CannotFit as reason:
        return {"refused": str(reason)}
    lists = task.rank(model, max(task.k, *LENGTHS))
    if name == "hybrid":
        # It is judged as it is served: what it can't say is filled by popularity.
        lists = task.fill(lists)
    scored = time.perf_counter()
    errors = Errors.of(model, task.split)
    return {
        **_figures(errors, lists, task, EVERYBODY, seed),
        "of_known": list_figures(lists, task, KNOWN),
        "by_activity": {
            bucket: _figures(errors, lists, task, counted, seed)
            for bucket, counted in zip(BUCKETS, np.eye(len(BUCKETS), dtype=bool), strict=True)
        },
        "by_length": by_length(lists, task),
        "by_item_age": by_item_age(lists, task),
        "settings": asdict(cast(Any, algorithm)),
        "fit_seconds": fitted - started,
        "score_seconds": scored - fitted,
        "peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def _figures(errors: Errors, lists: RowArray, task: Task, counted: Mask, seed: int) -> dict[str, Any]:
    return {
        **errors.figures(counted),
        **list_figures(lists, task, counted),
        **beyond_accuracy(lists, task, seed, counted),
    }
